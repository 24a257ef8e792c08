"""A ladder of models to be run: which rungs a forecast rests on, which come later, and where their records lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evals.comparison.ladder_records import LOSSES
from evals.errors import DataError, UsageError, did_you_mean
from evals.record.reader import read_record
from evals.registry.lookup import Registry

Kind = Literal["loss", "pass-rate", "trend"]


@dataclass(frozen=True)
class LadderPlan:
    """The models of a ladder by ascending compute, in the order in which they are run."""

    early: tuple[str, ...]
    "Those that the forecast is fitted to; they are run before it is sealed."
    late: tuple[str, ...]
    "The others, the target last."
    target: str
    target_compute_flops: float

    @property
    def models(self) -> tuple[str, ...]:
        return (*self.early, *self.late)


def plan_ladder(name: str, target: str | None, within: float | None, registry: Registry) -> LadderPlan:
    """The plan for a named list of models. target: one of them, by default the one of the largest compute.

    within: the share of the target's compute up to which models are fitted; by default all that are smaller.

    Raises:
        UsageError: the list has one model, nothing states the compute of one, or no model is left to fit.
    """
    members = registry.completion_fn_members(name)
    if len(members) < 2:
        raise UsageError(
            f"{name!r} is one model, and a ladder is a list of them",
            fix="name a list such as pocket/ladder, or write one: `members: [...]` under completion_fns/ in a registry",
        )
    compute = {model: _compute(model, registry) for model in members}
    ordered = sorted(members, key=lambda model: (compute[model], model))
    last = target or ordered[-1]
    if last not in compute:
        raise UsageError(f"{last!r} is not in {name}", notes=[did_you_mean(last, members)], fix=f"there are: {ordered}")
    if within is not None and not 0 < within <= 1:
        raise UsageError(f"--within {within:g}: a share of the target's compute, such as 0.01")
    limit = compute[last] * (1.0 if within is None else within) * (1 + 1e-9)
    early = [model for model in ordered if compute[model] <= limit and compute[model] < compute[last]]
    if not early:
        raise UsageError(f"no model of {name} is small enough to be fitted", fix="choose a larger --within or --target")
    late = [model for model in ordered if model not in early and model != last]
    return LadderPlan(tuple(early), (*late, last), last, compute[last])


def _compute(model: str, registry: Registry) -> float:
    flops = registry.model_info(model).training_flops
    if flops is None:
        raise UsageError(
            f"nothing states the training compute of {model}",
            fix="add `training_flops: NUMBER` to its entry under completion_fns/ in a registry",
        )
    return flops


def record_of(folder: Path, eval_key: str, model: str) -> Path:
    """Where the record of a model on an eval lies."""
    return folder / eval_key / f"{model.replace('/', '_')}.jsonl"


def kind_of_records(paths: Sequence[Path]) -> Kind:
    """What can be fitted to the first of these records: a loss, pass rates of several draws, or only a trend.

    Raises:
        DataError: it is no record, or its run did not end.
    """
    record = read_record(paths[0])
    if record.final_report is None:
        raise DataError("this run did not end", where=str(paths[0]), fix="run the same command again: it goes on")
    if any(name in record.final_report for name in LOSSES if name != "answer_loss"):
        return "loss"
    for sample in record.samples():
        drawn: list[Any] = [data.get("n_completions") for data in sample.objects("metrics")]
        if any(isinstance(n, int) and n > 1 for n in drawn):
            return "pass-rate"
    return "trend"
