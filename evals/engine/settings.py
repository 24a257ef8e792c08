"""How a run calls models: limits, retries, budgets; one immutable value."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import Any

from evals.errors import UsageError

START_CONCURRENCY = 32
MAX_CONCURRENCY = 512


@dataclass(frozen=True)
class EngineSettings:
    """Defaults suit a hosted API. Times in seconds, money in US dollars."""

    concurrency: int | None = None
    "Calls in flight at the start, and at most; None adapts from 32 up to `max_concurrency`."
    max_concurrency: int = MAX_CONCURRENCY
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    "Prompt and completion tokens; a prompt counts as bytes/4 until its usage is known."
    max_attempts: int = 10
    "Attempts a call, rate limits not counted: those go on until the deadline."
    attempt_timeout_s: float | None = None
    "None adapts: 600 s until 20 calls have succeeded, then 10 times the slowest, at least 30 s."
    call_deadline_s: float = 900.0
    "After this no further attempt of a call is started."
    first_backoff_s: float = 0.5
    max_backoff_s: float = 30.0
    breaker_failures: int = 20
    "Equal failures in a row, with no success between, that end the run (after the time below)."
    breaker_cold_s: float = 8.0
    "How long they must go on while no call has succeeded at all."
    breaker_warm_s: float = 120.0
    "The same once calls have succeeded: long enough for a server to restart."
    max_cost_usd: float | None = None
    max_tokens_total: int | None = None
    max_time_s: float | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    "Sampling arguments laid over those of the eval, for the evaluated model, never for a grader."

    @property
    def start_concurrency(self) -> int:
        return min(self.concurrency or START_CONCURRENCY, self.ceiling)

    @property
    def ceiling(self) -> int:
        return min(self.concurrency or self.max_concurrency, self.max_concurrency)


def environment_number(name: str) -> float | None:
    """The number in an environment variable; None when it is unset or empty."""
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (number > 0 and math.isfinite(number)):
        raise UsageError(f"{name} is {text!r}, which is no positive number", fix=f"unset {name} or set a number")
    return number


def settings_from_environment(**given: Any) -> EngineSettings:
    """Settings with `EVALS_THREADS` as the cap on calls in flight and `EVALS_THREAD_TIMEOUT` as the attempt's time-out.

    given: fields of EngineSettings; those that are None keep their defaults.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    threads = environment_number("EVALS_THREADS")
    if threads is not None:
        chosen["max_concurrency"] = max(1, int(threads))
    timeout_s = environment_number("EVALS_THREAD_TIMEOUT")
    if timeout_s is not None:
        chosen.setdefault("attempt_timeout_s", timeout_s)
    if os.environ.get("EVALS_SEQUENTIAL", "0").lower() in {"1", "true", "yes"}:
        chosen["concurrency"] = 1
    if "concurrency" in chosen and threads is None:
        chosen["max_concurrency"] = max(int(chosen["concurrency"]), 1)
    return EngineSettings(**chosen)
