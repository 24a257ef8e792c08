"""The one way from scores to a printed mean: which estimator, by the range of the scores and their dependence."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_codes, as_scores
from evals.stats.estimate import Estimate, Interval, undefined
from evals.stats.proportions import effective_wilson, proportion_estimate
from evals.stats.standard_error import ClusterSpread, mean_estimate, t_quantile


def estimate(
    scores: ArrayLike,
    clusters: Iterable[Hashable] | None = None,
    confidence: float = 0.95,
    *,
    beyond_unit: bool = False,
) -> Estimate:
    """Mean of scores, shape (n,), with its interval; `Estimate.method` names how it was made.

    Scores in [0, 1]: `proportion_estimate`, whose ends stay there. Others: `mean_estimate`. Repeats of a sample are
    averaged before. `evals.stats.moments` has the same numbers without clusters, in plain Python, while a run goes on.
    clusters: shape (n,), equal ids for samples that depend on one another. beyond_unit: the metric is known to reach
    beyond [0, 1], also where these scores do not.
    """
    values = as_scores(scores)
    if not beyond_unit and np.all((values >= 0) & (values <= 1)):
        return proportion_estimate(values, clusters, confidence)
    return mean_estimate(values, clusters, confidence)


def mean_of_groups(scores: ArrayLike, groups: Iterable[Hashable], clusters: Iterable[Hashable]) -> Estimate:
    """The unweighted mean of the groups' means of scores in [0, 1], groups being strata, samples in clusters.

    A cluster may reach into several groups. `linear`, from what each sample moves the mean: its distance from the mean
    of its group, over the group's size. Interval NaN where a group has a single sample, or for fewer than two clusters.
    """
    values = as_scores(scores)
    codes = as_codes(groups, len(values), "groups")
    sizes = np.bincount(codes).astype(np.float64)
    means = np.bincount(codes, weights=values) / sizes
    if not len(values) or sizes.min() < 2:
        return undefined(len(values), len(values), 0.95, float(means.mean()) if len(values) else np.nan)
    # The distance from an own mean is too small by (1 - 1/size), as variance with ddof 0 is.
    moved = (values - means[codes]) * np.sqrt(sizes / (sizes - 1))[codes] * len(values) / (len(sizes) * sizes[codes])
    return linear(float(means.mean()), moved, clusters, in_unit=True)


def ratio_of_totals(tops: ArrayLike, bottoms: ArrayLike, clusters: Iterable[Hashable]) -> Estimate:
    """The ratio of two totals over samples in clusters, by linearisation (Cochran 1977, Sampling Techniques, 6.3)."""
    top, bottom = as_scores(tops, "tops"), as_scores(bottoms, "bottoms")
    value = float(top.sum() / bottom.sum()) if bottom.sum() else np.nan
    return linear(value, (top - value * bottom) / bottom.mean() if len(bottom) else bottom, clusters, in_unit=False)


def linear(value: float, moved: Array, clusters: Iterable[Hashable], *, in_unit: bool, level: float = 0.95) -> Estimate:
    """An estimate from what each of n samples moves it, times n, shape (n,), which add up to 0.

    in_unit: the interval is Wilson's with the effective number of samples, else Student's t, with CR2 errors both.
    """
    spread = ClusterSpread.of(moved, clusters)
    if np.isnan(spread.stderr) or np.isnan(value):
        return undefined(len(moved), spread.n_clusters, level, value)
    if in_unit:
        interval, method = effective_wilson(value, spread, level), "effective wilson"
    else:
        half = t_quantile(0.5 + level / 2, spread.df) * spread.stderr
        interval, method = Interval(value - half, value + half, level), "clustered t (CR2)"
    return Estimate(value, spread.stderr, interval, len(moved), spread.n_clusters, method)
