"""The mean score on these very samples of a dataset, of which all or some were drawn, and asked once or more often."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_scores
from evals.stats.estimate import Estimate, Interval, undefined
from evals.stats.moments import UNSEEN, effective_wilson95
from evals.stats.standard_error import t_quantile

ONE_DRAW = "finite population"
"Method where each sample was evaluated once: its one score counts as fixed."
SEVERAL_DRAWS = "two-stage"
"Method where samples were evaluated several times: the model's draws vary, the samples do not."


def these_samples(
    means: ArrayLike, within: ArrayLike, repeats: ArrayLike, population: int, *, beyond_unit: bool = False
) -> Estimate:
    """The mean over all `population` samples of a dataset, from n of them that were chosen at random.

    means, within, repeats: shape (n,), of each sample the mean of its scores, their variance (ddof 1; NaN for one
    score), and how many there are. Cochran 1977, Sampling Techniques, equation 10.15, without limit to the draws:
    (1 - n/N) times the variance of the means over n, and n/N times the variance of draws over all scores. Where every
    sample was evaluated once, the second part cannot be told from the first, and is left out: the mean is then that of
    the scores that these very answers get. Clusters do not count: what varies is which samples were chosen, one by one.
    The interval, at 95 %, is Wilson's with the effective number of samples where all scores lie in [0, 1], else t's.
    beyond_unit: the metric is known to reach beyond [0, 1], also where these scores do not.
    Without interval: fewer than two samples, or all of them evaluated once, where nothing is left to estimate.

    Raises:
        ValueError: more samples than the population has.
    """
    values, spreads = as_scores(means), as_scores(within)
    counts, n = np.asarray(repeats, dtype=np.float64), len(values)
    if n > population:
        raise ValueError(f"{n} samples of a population of {population}")
    several, in_unit = bool(np.any(counts > 1)), not beyond_unit and _in_unit(values)
    value = float(values.mean()) if n else math.nan
    if n < 2 or (n == population and not several) or np.isnan(value):
        return undefined(n, n, 0.95, value)
    fraction = n / population
    between = (1 - fraction) * float(values.var(ddof=1)) / n
    drawn, draw_df = _variance_of_draws(values, spreads, counts, in_unit) if several else (0.0, 1.0)
    draws = fraction * drawn * float(np.sum(1 / counts)) / n**2
    variance = between + draws
    df = variance**2 / (between**2 / (n - 1) + draws**2 / draw_df) if variance > 0 else n - 1.0
    interval = _interval(values, variance, max(1.0, df), fraction if not several else 0.0, in_unit)
    method = SEVERAL_DRAWS if several else ONE_DRAW
    return Estimate(value, math.sqrt(variance), interval, n, n, method)


def _variance_of_draws(means: Array, within: Array, counts: Array, in_unit: bool) -> tuple[float, float]:
    """The pooled variance of a sample's scores, and its degrees of freedom.

    In [0, 1] two scores more of the overall mean stand for the misses that were not drawn, as in `moments.effective_n`.
    """
    freedom = np.where(counts > 1, counts - 1, 0.0)
    total, df = float(np.sum(freedom * np.nan_to_num(within))), float(freedom.sum())
    if not in_unit:
        return total / df, df
    likely = (float(means.sum()) + UNSEEN) / (len(means) + 2 * UNSEEN)
    return (total + UNSEEN * likely * (1 - likely)) / (df + UNSEEN), df + UNSEEN


def _interval(values: Array, variance: float, df: float, known: float, in_unit: bool) -> Interval:
    """known: share of the population whose scores are known; the ends leave them as they are."""
    mean, n = float(values.mean()), len(values)
    if not in_unit:
        half = t_quantile(0.975, df) * math.sqrt(variance)
        return Interval(mean - half, mean + half)
    likely = (mean * n + UNSEEN) / (n + 2 * UNSEEN)
    seen = mean * (1 - mean) / variance if variance > 0 else 0.0
    effective = seen or (n / (1 - known) if known else likely * (1 - likely) / variance if variance > 0 else n)
    low, high = effective_wilson95(mean, effective, df)
    return Interval(max(low, known * mean), min(high, known * mean + 1 - known))


def _in_unit(values: Array) -> bool:
    return bool(np.all((values >= 0) & (values <= 1)))
