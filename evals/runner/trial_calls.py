"""Makes a few real calls of a run to measure lengths and latency; their record is thrown away."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evals.engine.stand_in import texts_of
from evals.engine.traits import traits_of
from evals.record.reader import read_record
from evals.runner.planned_calls import Plan
from evals.runner.request import RunRequest
from evals.runner.run import run_eval


@dataclass
class MeasuredCalls:
    """What real calls to one model used, one entry a call."""

    prompt_tokens_a_byte: list[float] = field(default_factory=list)
    completion_tokens: list[int] = field(default_factory=list)


@dataclass
class Measured:
    """What real calls used, by the name that the server gives its model."""

    models: dict[str, MeasuredCalls] = field(default_factory=dict)
    latencies_s: list[float] = field(default_factory=list)
    n_calls: int = 0

    def of(self, fn: Any) -> MeasuredCalls | None:
        """The calls to the model of `fn`: of its name, with a date or not, or of the only model that was called."""
        name = traits_of(fn).model
        if name is None or len(self.models) == 1:
            return next(iter(self.models.values()), None) if len(self.models) == 1 else None
        fitting = [found for said, found in self.models.items() if said.startswith(name) or name.startswith(said)]
        return fitting[0] if fitting else None


def measure(request: RunRequest, plan: Plan, n_calls: int) -> Measured:
    """Run the first samples until about `n_calls` calls were made. They are paid, and not part of the later run.

    Raises:
        EvalsError: the run could not begin, or no call succeeded.
    """
    a_sample = sum(calls.n_calls for calls in plan.calls) / max(1, plan.n_evaluations)
    n_samples = max(1, min(plan.n_samples, math.ceil(n_calls / max(1.0, a_sample))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.jsonl"
        few = replace(
            request, max_samples=n_samples, repeats=1, record_path=str(path), resume=False, resume_from=None,
            dry_run=False, http_url=None, cache=False, estimand="like-these",
        )  # fmt: skip
        result = run_eval(few)
        found = _measured(path)
    if not found.n_calls and result.problem is not None:
        raise result.problem
    return found


def _measured(path: Path) -> Measured:
    found = Measured()
    for event in read_record(path).events("sampling"):
        data = event.data
        if isinstance(data, dict):
            found.n_calls += 1
            _add(found, data)
    return found


def _add(found: Measured, data: Mapping[str, Any]) -> None:
    model = found.models.setdefault(str(data.get("model") or ""), MeasuredCalls())
    usage = data.get("usage") or {}
    n_bytes = sum(len(text.encode("utf-8", "replace")) for text in texts_of(data.get("prompt")))
    given = usage.get("prompt_tokens", usage.get("input_tokens"))
    written = usage.get("completion_tokens", usage.get("output_tokens"))
    if isinstance(given, int) and n_bytes:
        model.prompt_tokens_a_byte.append(given / n_bytes)
    if isinstance(written, int):
        model.completion_tokens.append(written)
    if isinstance(data.get("latency_s"), int | float):
        found.latencies_s.append(float(data["latency_s"]))
