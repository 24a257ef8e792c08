"""Accuracies of the models of a family on one eval, from records, and their trend over compute."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.comparison.ladder_records import scale_of
from evals.errors import DataError
from evals.record.reader import Record, read_record
from evals.record.scores import score_of
from evals.registry.lookup import Registry
from evals.sample import CLUSTER_KEY
from evals.scaling.trend import Trend, classify_trend
from evals.stats.estimate import Interval
from evals.stats.intervals import mean_of
from evals.stats.means import estimate
from evals.stats.standard_error import mean_estimate


@dataclass(frozen=True)
class ModelScore:
    """What one model scored on one eval."""

    model: str
    family: str
    compute_flops: float
    n: int
    "Samples with a score; failed ones are not among them."
    n_right: float
    interval: Interval
    "Of the accuracy, as the run prints it: `evals.stats.means.estimate`, with the clusters of the samples."
    loss: float
    "Mean loss on the right option, nats; NaN where the eval does not record it."
    loss_stderr: float
    chance: float
    "Accuracy of a guess, by the number of options; NaN where it is not known."
    n_failed: int
    where: str

    @property
    def accuracy(self) -> float:
        return self.n_right / self.n


@dataclass(frozen=True)
class FamilyTrend:
    """One family on one eval, smallest compute first."""

    eval_name: str
    family: str
    models: tuple[ModelScore, ...]
    trend: Trend | None
    "None with fewer than two amounts of compute."

    @property
    def chance(self) -> float:
        known = [one.chance for one in self.models if not math.isnan(one.chance)]
        return known[0] if known else math.nan


def read_trends(
    paths: Sequence[str], registry: Registry | None = None, *, confidence: float = 0.95
) -> list[FamilyTrend]:
    """The trend of each eval and family of these records, in the order in which the evals come.

    Raises:
        DataError: a record cannot be used, its model's compute is not known, or two are of one model and eval.
    """
    registry = registry or Registry()
    groups: dict[tuple[str, str], list[tuple[ModelScore, str]]] = {}
    for path in paths:
        record = read_record(path)
        score, data = _score(record, path, registry, confidence)
        groups.setdefault((str(record.spec.get("eval_name")), score.family), []).append((score, data))
    return [_family_trend(name, family, found, confidence) for (name, family), found in groups.items()]


def _family_trend(name: str, family: str, found: Sequence[tuple[ModelScore, str]], confidence: float) -> FamilyTrend:
    models = sorted((score for score, _ in found), key=lambda one: (one.compute_flops, one.model))
    seen: dict[str, str] = {}
    for one in models:
        if one.model in seen:
            raise DataError(
                f"{one.model} is there twice on {name}", where=one.where, notes=[f"see {seen[one.model]}"],
                fix="give one record a model",
            )  # fmt: skip
        seen[one.model] = one.where
    if len({data for _, data in found}) > 1:
        raise DataError(f"the records of {name} are of different samples", where=models[-1].where,
                        fix="give records with the same data and --max_samples")  # fmt: skip
    trend = None
    if len({one.compute_flops for one in models}) > 1:
        columns = zip(*((one.compute_flops, one.n_right, one.n) for one in models), strict=True)
        compute, n_right, n = columns
        trend = classify_trend(compute, n_right, n, confidence=confidence)
    return FamilyTrend(name, family, tuple(models), trend)


def _score(record: Record, path: str, registry: Registry, confidence: float) -> tuple[ModelScore, str]:
    scale = scale_of(record, registry, path)
    scores: dict[str, list[float]] = {}
    losses: dict[str, list[float]] = {}
    clusters: dict[str, Any] = {}
    chances: list[float] = []
    n_failed = 0
    for sample in record.samples():
        score = None if sample.error is not None else score_of(sample.events)
        if score is None:
            n_failed += 1
            continue
        if not 0 <= score <= 1:
            raise DataError(f"sample {sample.sample_id} scored {score:g}, and a trend needs right or wrong", where=path)
        scores.setdefault(sample.sample_id, []).append(score)
        if (cluster := sample.labels.get(CLUSTER_KEY, sample.raw_sample.get(CLUSTER_KEY))) is not None:
            clusters[sample.sample_id] = str(cluster)
        choices = list(sample.data("choice"))
        losses.setdefault(sample.sample_id, []).extend(_losses(choices))
        chances += [1 / len(one["logprobs"]) for one in choices if one.get("logprobs")]
    if not scores:
        raise DataError("no sample of this record has a score", where=path)
    means = [mean_of(values) for values in scores.values()]
    # Samples without a label are clusters of their own, which no label can be equal to.
    codes = [clusters.get(name, (name,)) for name in scores] if clusters else None
    of_samples = {name: mean_of(values) for name, values in losses.items() if values}
    loss = mean_estimate(list(of_samples.values()), [clusters.get(name, (name,)) for name in of_samples])
    made = ModelScore(
        model=scale["model"],
        family=scale["family"],
        compute_flops=scale["compute_flops"],
        n=len(scores),
        n_right=math.fsum(means),
        interval=estimate(means, codes, confidence).interval,
        loss=loss.value,
        loss_stderr=loss.stderr,
        chance=math.fsum(chances) / len(chances) if chances else math.nan,
        n_failed=n_failed,
        where=path,
    )
    return made, str(scale["data"])


def _losses(choices: Sequence[Mapping[str, Any]]) -> list[float]:
    return [one["answer_loss"] for one in choices if isinstance(one.get("answer_loss"), int | float)]
