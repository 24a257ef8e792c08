"""The mean of a population whose samples were labelled in other proportions than they occur: weighted by strata."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_scores, check_confidence
from evals.stats.estimate import Estimate, Interval, undefined
from evals.stats.intervals import wilson
from evals.stats.standard_error import t_quantile

PSEUDO_LABELS = 1.0
"Labels by which the spread inside each stratum is smoothed, half of 0 and half of 1: few equal labels show no spread."


def stratified_mean(
    labels: ArrayLike, strata: Sequence[Hashable], sizes: Mapping[Hashable, int], confidence: float = 0.95
) -> Estimate:
    """The mean over a population, from labels drawn at random inside each stratum.

    labels: shape (n,), scores in [0, 1]. strata: the stratum of each. sizes: how many samples of the population lie in
    each stratum. sum_h W_h mean_h with variance sum_h W_h^2 s_h^2 / n_h (Cochran 1977, Sampling Techniques, section
    5.3), s_h smoothed by PSEUDO_LABELS; the interval is Wilson's with as many samples as would have this error, and
    Student's quantile with n - (number of strata) degrees of freedom, at least 1.
    NaN where a stratum of the population has no label: nothing is known of it.
    Raises ValueError for labels outside [0, 1], or a stratum without a size.
    """
    check_confidence(confidence)
    values = as_scores(labels)
    if np.any((values < 0) | (values > 1)):
        raise ValueError("stratified_mean needs scores in [0, 1]")
    strange = [stratum for stratum in strata if stratum not in sizes]
    if strange:
        raise ValueError(f"stratum {strange[0]!r} has no size")
    groups = {stratum: values[[one == stratum for one in strata]] for stratum, size in sizes.items() if size}
    n, total = len(values), sum(sizes.values())
    if not total or any(not len(group) for group in groups.values()):
        return undefined(n, n, confidence)
    weights = {stratum: sizes[stratum] / total for stratum in groups}
    value = math.fsum(weights[stratum] * float(group.mean()) for stratum, group in groups.items())
    variance = math.fsum(weights[s] ** 2 * _smoothed_variance(group) / len(group) for s, group in groups.items())
    alike = max(value * (1 - value), 0.25 / (n + 1)) / variance
    quantile = t_quantile(0.5 + confidence / 2, max(1, n - len(groups)))
    interval = Interval(*wilson(value * alike, alike, quantile), confidence)
    return Estimate(value, math.sqrt(variance), interval, n, n, "stratified wilson")


def _smoothed_variance(values: Array) -> float:
    half = PSEUDO_LABELS / 2
    mean = (float(values.sum()) + half) / (len(values) + PSEUDO_LABELS)
    squares = float(((values - mean) ** 2).sum()) + half * (mean**2 + (1 - mean) ** 2)
    return squares / len(values)
