"""The difference of the means of two groups of samples of one run, which share no sample."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_scores, check_confidence
from evals.stats.estimate import Interval
from evals.stats.means import linear
from evals.stats.proportions import wilson_interval
from evals.stats.standard_error import t_quantile


@dataclass(frozen=True)
class GroupDifference:
    """How much higher the mean of the first group is."""

    value: float
    "Mean of the first group minus that of the second; NaN where one is empty."
    stderr: float
    interval: Interval
    n_first: int
    n_second: int
    method: str
    "How the interval was made."


def group_difference(
    first: ArrayLike,
    second: ArrayLike,
    clusters: tuple[Sequence[Hashable], Sequence[Hashable]] | None = None,
    confidence: float = 0.95,
) -> GroupDifference:
    """The difference of two groups' means, shapes (n_first,) and (n_second,).

    Scores of 0 and 1: Newcombe's hybrid score interval (Newcombe 1998, Statistics in Medicine 17:873, method 10), which
    stays in [-1, 1] and has a width where all scores of a group are equal. Other scores: Welch's t, which needs two in
    each group. clusters: equal ids for samples that depend on one another, also across the groups; the interval is then
    Student's t with CR2 errors.
    NaN interval: a group is empty or too small for the method, or no score of fractions varies.
    """
    check_confidence(confidence)
    a, b = as_scores(first), as_scores(second)
    value = float(a.mean() - b.mean()) if len(a) and len(b) else math.nan
    if math.isnan(value):
        return _undefined(value, len(a), len(b), confidence)
    if clusters is not None:
        return _clustered(a, b, [*clusters[0], *clusters[1]], confidence)
    stderr = math.sqrt(_variance_of_mean(a) + _variance_of_mean(b)) if min(len(a), len(b)) > 1 else math.nan
    if _is_binary(a) and _is_binary(b):
        return GroupDifference(value, stderr, newcombe(a, b, confidence), len(a), len(b), "newcombe hybrid score")
    if not stderr > 0:
        return _undefined(value, len(a), len(b), confidence)
    half = t_quantile(0.5 + confidence / 2, _welch_df(a, b)) * stderr
    return GroupDifference(value, stderr, Interval(value - half, value + half, confidence), len(a), len(b), "welch t")


def newcombe(a: Array, b: Array, confidence: float) -> Interval:
    """Newcombe's method 10: the two Wilson intervals, squared and added."""
    p, q = float(a.mean()), float(b.mean())
    of_p = wilson_interval(float(a.sum()), len(a), confidence)
    of_q = wilson_interval(float(b.sum()), len(b), confidence)
    return Interval(
        p - q - math.hypot(p - of_p.low, of_q.high - q), p - q + math.hypot(of_p.high - p, q - of_q.low), confidence
    )


def _clustered(a: Array, b: Array, clusters: Sequence[Hashable], confidence: float) -> GroupDifference:
    """By what each sample moves the difference, so that a cluster which reaches into both groups counts once."""
    n = len(a) + len(b)
    moved = np.concatenate([(a - a.mean()) * n / len(a), -(b - b.mean()) * n / len(b)])
    value = float(a.mean() - b.mean())
    found = linear(value, moved, clusters, in_unit=False, level=confidence)
    return GroupDifference(value, found.stderr, found.interval, len(a), len(b), found.method)


def _undefined(value: float, n_first: int, n_second: int, confidence: float) -> GroupDifference:
    return GroupDifference(value, math.nan, Interval(math.nan, math.nan, confidence), n_first, n_second, "none")


def _variance_of_mean(values: Array) -> float:
    return float(values.var(ddof=1)) / len(values)


def _welch_df(a: Array, b: Array) -> float:
    u, v = _variance_of_mean(a), _variance_of_mean(b)
    return (u + v) ** 2 / (u**2 / (len(a) - 1) + v**2 / (len(b) - 1))


def _is_binary(values: Array) -> bool:
    return bool(np.all((values == 0) | (values == 1)))
