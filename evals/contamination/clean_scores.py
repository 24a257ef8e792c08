"""Scores of a record on all, clean and contaminated samples, and how far the clean score lies below that on all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.contamination.contamination import Contamination
from evals.errors import UsageError, listed
from evals.record.score_arrays import ScoreArrays
from evals.stats.arrays import Array, Codes
from evals.stats.estimate import Estimate, Interval
from evals.stats.means import estimate, linear
from evals.stats.paired import PairedDifference, paired_difference
from evals.stats.two_groups import GroupDifference, group_difference

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CleanScores:
    """The scores of one run, split by contamination. A part without samples has n = 0 and a mean of NaN."""

    path: str
    metric: str
    all: Estimate
    "Of all scored samples that were looked for, those too short to judge as well."
    clean: Estimate
    contaminated: Estimate
    n_unjudged: int
    "Scored samples that are too short to judge; they are in `all` alone."
    n_unscored: int
    "Samples that were looked for and have no score in the record."
    degradation: float
    "(clean - all) / all, as Table 10 of the GPT-4 Technical Report has it; NaN where a part is empty or `all` is 0."
    degradation_interval: Interval
    difference: GroupDifference
    "Clean minus contaminated: different samples of one run."
    against: AgainstRun | None = None


@dataclass(frozen=True)
class AgainstRun:
    """The same question asked in pairs: how much more this run gains on another one where samples are contaminated.

    A contaminated sample may be easier by itself. The other run, of a model that has not seen the corpus, takes that
    out: each sample's score is compared with that of the same sample there.
    """

    path: str
    gain_clean: float
    "Mean of this run's score minus the other's, on clean samples that both scored."
    gain_clean_interval: Interval
    gain_contaminated: float
    gain_contaminated_interval: Interval
    difference: GroupDifference
    "Gain on clean minus gain on contaminated samples; below 0, contamination has helped this run."


def degradation(all_score: float, clean_score: float) -> float:
    """(clean - all) / all; NaN where one of them is undefined or `all_score` is 0."""
    return (clean_score - all_score) / all_score if all_score else math.nan


def clean_scores(
    scores: ScoreArrays, found: Contamination, by: str = "substring", other: ScoreArrays | None = None
) -> CleanScores:
    """The scores of a record by what was found of its samples. by: as for `Contamination.contaminated`.

    other: the scores of a model that has not seen the corpus, for `against`.

    Raises:
        UsageError: the record has none of the samples that were looked for.
    """
    names = np.array(scores.sample_ids)
    looked_for = _among(names, (item.sample_id for item in found.items))
    if not looked_for.any():
        raise UsageError(
            "the record has none of the samples that were looked for",
            where=scores.path,
            notes=[f"samples of the record: {listed(scores.sample_ids, 2)}", f"of the eval: {_some_ids(found)}"],
            fix="name a record of this eval",
        )
    is_bad = looked_for & _among(names, (item.sample_id for item in found.contaminated(by)))
    is_clean = looked_for & _among(names, (item.sample_id for item in found.judged(by))) & ~is_bad
    clusters = scores.cluster_codes()
    whole, clean = _estimate(scores, looked_for, clusters), _estimate(scores, is_clean, clusters)
    rate, bounds = _degradation(scores.scores, looked_for, is_clean, is_bad, clusters)
    return CleanScores(
        path=scores.path,
        metric=scores.metric,
        all=whole,
        clean=clean,
        contaminated=_estimate(scores, is_bad, clusters),
        n_unjudged=int(np.sum(looked_for & ~is_clean & ~is_bad)),
        n_unscored=len(found.items) - int(looked_for.sum()),
        degradation=rate,
        degradation_interval=bounds,
        difference=_difference(scores.scores, is_clean, is_bad, clusters),
        against=None if other is None else _against(scores, other, is_clean, is_bad),
    )


def _among(names: NDArray[np.str_], wanted: Iterable[str]) -> Mask:
    return np.isin(names, np.array(list(wanted), dtype=str))


def _some_ids(found: Contamination) -> str:
    return listed([item.sample_id for item in found.items[:3]], 2)


def _estimate(scores: ScoreArrays, chosen: Mask, clusters: Codes | None) -> Estimate:
    groups = None if clusters is None else clusters[chosen].tolist()
    return estimate(scores.scores[chosen], groups, beyond_unit=scores.beyond_unit)


def _difference(values: Array, is_clean: Mask, is_bad: Mask, clusters: Codes | None) -> GroupDifference:
    groups = None if clusters is None else (clusters[is_clean].tolist(), clusters[is_bad].tolist())
    return group_difference(values[is_clean], values[is_bad], groups)


def _degradation(
    values: Array, looked_for: Mask, is_clean: Mask, is_bad: Mask, clusters: Codes | None
) -> tuple[float, Interval]:
    """(clean - all) / all, with Student's t interval: from what each sample moves it, since clean ones are in `all`."""
    undefined = Interval(math.nan, math.nan)
    if not is_clean.any() or not is_bad.any():
        return math.nan, undefined
    mean_all, mean_clean = float(values[looked_for].mean()), float(values[is_clean].mean())
    value = degradation(mean_all, mean_clean)
    if math.isnan(value):
        return value, undefined
    n = int(looked_for.sum())
    of_clean = is_clean * (values - mean_clean) * n / is_clean.sum() / mean_all
    moved = (of_clean - (values - mean_all) * mean_clean / mean_all**2)[looked_for]
    ids: Sequence[int] = range(n) if clusters is None else clusters[looked_for].tolist()
    return value, linear(value, moved, ids, in_unit=False).interval


def _against(scores: ScoreArrays, other: ScoreArrays, is_clean: Mask, is_bad: Mask) -> AgainstRun:
    """The paired comparison.

    Raises:
        UsageError: the two records share no sample.
    """
    places = {sample_id: row for row, sample_id in enumerate(other.sample_ids)}
    partner = np.array([places.get(sample_id, -1) for sample_id in scores.sample_ids])
    both = partner >= 0
    if not both.any():
        raise UsageError("the two records have no sample in common", where=other.path, fix="name a run of this eval")
    gains, clusters = np.where(both, scores.scores - other.scores[partner], 0.0), scores.cluster_codes()
    clean, bad = is_clean & both, is_bad & both

    def gain(part: Mask) -> PairedDifference:
        groups = None if clusters is None else clusters[part].tolist()
        beyond = scores.beyond_unit or other.beyond_unit
        return paired_difference(scores.scores[part], other.scores[partner[part]], groups, beyond_unit=beyond)

    on_clean, on_bad = gain(clean), gain(bad)
    return AgainstRun(
        path=other.path,
        gain_clean=on_clean.value,
        gain_clean_interval=on_clean.interval,
        gain_contaminated=on_bad.value,
        gain_contaminated_interval=on_bad.interval,
        difference=_difference(gains, clean, bad, clusters),
    )


def weighted_share(shares: Sequence[float], weights: Sequence[float]) -> float:
    """The contaminated share of an exam: that of its sections, by their weight in the score.

    So Table 9 of the GPT-4 Technical Report follows from the shares of sections in its Table 10.
    """
    return sum(share * weight for share, weight in zip(shares, weights, strict=True)) / sum(weights)
