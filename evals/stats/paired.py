"""Differences of two models on the same samples: independent, clustered, or averaged over repeats."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_pairs, check_confidence
from evals.stats.estimate import Interval
from evals.stats.paired_method import judgement
from evals.stats.standard_error import stderr


@dataclass(frozen=True)
class PairedDifference:
    """How much better a is than b, on the samples that both have."""

    value: float
    "Mean of a - b."
    stderr: float
    "Of the differences; clustered where clusters were given."
    interval: Interval
    p_value: float
    "Two-sided, of no difference."
    n: int
    n_clusters: int
    mean_a: float
    mean_b: float
    correlation: float
    "Of the two scores over samples: what pairing gains; NaN where one of them never varies."
    a_better: int
    "Samples where a scored higher."
    b_better: int
    method: str
    "How interval and p-value were made."


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    clusters: Iterable[Hashable] | None = None,
    confidence: float = 0.95,
    *,
    beyond_unit: bool = False,
) -> PairedDifference:
    """Difference a - b of scores of the same samples in the same order; average repeats first (`item_means`).

    Interval and p-value are of one method, `paired_method.judgement`: p is below 1 - confidence exactly where the
    interval leaves out 0. docs/statistics.md shows the coverage of each method beside the usual t interval.
    beyond_unit: the metric is known to reach beyond [0, 1], also where these scores do not.
    NaN interval and p: n = 0, fewer than three clusters, one pair of fractions, NaN among the scores.
    No difference in any sample: p = 1, and an interval that still has a width for scores in [0, 1].
    """
    check_confidence(confidence)
    first, second = as_pairs(a, b)
    differences = first - second
    listed = None if clusters is None else list(clusters)
    found = judgement(first, second, listed, beyond_unit=beyond_unit)
    return PairedDifference(
        value=_mean(differences),
        stderr=stderr(differences, listed),
        interval=Interval(math.nan, math.nan, confidence) if found is None else found.interval(confidence),
        p_value=math.nan if found is None else found.p_value,
        n=len(differences),
        n_clusters=len(differences) if listed is None else len(set(listed)),
        mean_a=_mean(first),
        mean_b=_mean(second),
        correlation=correlation(first, second),
        a_better=int(np.sum(differences > 0)),
        b_better=int(np.sum(differences < 0)),
        method="none" if found is None else found.method,
    )


def correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's correlation of two scores over samples; NaN for fewer than two, or where one of them never varies."""
    first, second = as_pairs(a, b)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    x, y = first - first.mean(), second - second.mean()
    return float(x @ y / math.sqrt(float(x @ x) * float(y @ y)))


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else math.nan
