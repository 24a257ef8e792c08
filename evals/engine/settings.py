"""The settings of a run's calls: limits, retries and budgets, in one immutable value."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import Any

from evals.errors import UsageError
from evals.images.conditions import ImageOptions
from evals.project import current_project

START_CONCURRENCY = 32
MAX_CONCURRENCY = 512


@dataclass(frozen=True)
class EngineSettings:
    """Limits, retries and budgets of a run; the defaults suit a hosted API. Times in seconds, money in US dollars."""

    concurrency: int | None = None
    "Calls in flight, at the start and at most; None starts at 32 and adapts up to `max_concurrency`."
    max_concurrency: int = MAX_CONCURRENCY
    first_concurrency: int = START_CONCURRENCY
    "Calls in flight at the start, where `concurrency` does not say it."
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    "Prompt and completion tokens. A prompt counts as bytes/4 until the reply tells its usage."
    max_attempts: int = 10
    "Attempts at one call. Attempts that end in a rate limit do not count: they go on until the deadline."
    attempt_timeout_s: float | None = None
    "None adapts: 600 s until 20 calls have succeeded, then 10 times the slowest of the last 200, at least 30 s."
    call_deadline_s: float = 900.0
    "No attempt at a call starts later than this after the first one."
    first_backoff_s: float = 0.5
    max_backoff_s: float = 30.0
    breaker_failures: int = 20
    "The run ends after this many equal failures in a row, if they have lasted for the time below."
    breaker_cold_s: float = 8.0
    "How long they must last if no call has succeeded yet."
    breaker_warm_s: float = 120.0
    "How long they must last once a call has succeeded: long enough for a server to restart."
    max_cost_usd: float | None = None
    max_tokens_total: int | None = None
    max_time_s: float | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    "Sampling arguments that replace those of the eval. For the evaluated model only, never for a grader."

    images: ImageOptions = field(default_factory=ImageOptions)
    "How the evaluated model sees the images of prompts."
    local_only: bool = False
    "Ask only models of this process. Stored answers are scored again like this: nothing may be called for them."

    @property
    def start_concurrency(self) -> int:
        """Calls in flight when the run starts."""
        return min(self.concurrency or self.first_concurrency, self.ceiling)

    @property
    def ceiling(self) -> int:
        """The most calls in flight at any time."""
        return min(self.concurrency or self.max_concurrency, self.max_concurrency)


def environment_number(name: str) -> float | None:
    """The number in the environment variable `name`; None if it is unset or empty.

    Raises:
        UsageError: the value is not a positive, finite number.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (number > 0 and math.isfinite(number)):
        raise UsageError(f"{name} is {text!r}, which is not a positive number", fix=f"unset {name} or set a number")
    return number


def settings_from_environment(**given: Any) -> EngineSettings:
    """Settings from `given`, the fields of EngineSettings (None: the default), the environment and the project file.

    `EVALS_THREADS` caps the calls in flight. `EVALS_THREAD_TIMEOUT` is the time-out of an attempt unless
    `attempt_timeout_s` is given. `EVALS_SEQUENTIAL=1` makes one call at a time.

    Raises:
        UsageError: a variable is not a positive number.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    threads = environment_number("EVALS_THREADS") or current_project().get("threads")
    if threads is not None:
        chosen["max_concurrency"] = max(1, int(threads))
    timeout_s = environment_number("EVALS_THREAD_TIMEOUT") or current_project().get("timeout")
    if timeout_s is not None:
        chosen.setdefault("attempt_timeout_s", timeout_s)
    if os.environ.get("EVALS_SEQUENTIAL", "0").lower() in {"1", "true", "yes"}:
        chosen["concurrency"] = 1
    # An explicit --concurrency may exceed the default ceiling of 512; EVALS_THREADS still caps it.
    if "concurrency" in chosen and threads is None:
        chosen["max_concurrency"] = max(int(chosen["concurrency"]), 1)
    return EngineSettings(**chosen)
