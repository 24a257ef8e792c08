"""Differences of two models on the same samples: independent, clustered, or averaged over repeats."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evals.stats.arrays import Array, as_pairs, check_confidence
from evals.stats.estimate import Interval
from evals.stats.mcnemar import mcnemar
from evals.stats.paired_proportions import score_interval, tango_interval
from evals.stats.standard_error import ClusterSpread, stderr, t_quantile


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
    "How the interval was made."
    test: str
    "Where the p-value comes from."


def paired_difference(
    a: ArrayLike, b: ArrayLike, clusters: Iterable[Hashable] | None = None, confidence: float = 0.95
) -> PairedDifference:
    """Difference a - b of scores of the same samples in the same order; average repeats first (`item_means`).

    Scores of 0 and 1 without clusters: Tango's score interval, exact McNemar p. Other scores in [0, 1], or clusters:
    the score interval with the effective number of samples (`score_interval`). Scores beyond [0, 1]: t with CR2
    standard errors (`ClusterSpread`). docs/statistics.md shows the coverage of each beside the usual t interval.
    NaN interval and p: n = 0, fewer than two clusters, one pair of fractions, NaN among the scores.
    No difference in any sample: p = 1, and an interval that still has a width for scores in [0, 1].
    Interval and p come from different rules for 0 and 1, so near the edge one may exclude 0 and the other not reject.
    """
    check_confidence(confidence)
    first, second = as_pairs(a, b)
    differences = first - second
    listed = None if clusters is None else list(clusters)
    spread = ClusterSpread.of(differences, listed)
    if listed is None and _all_in(first, (0.0, 1.0)) and _all_in(second, (0.0, 1.0)):
        interval, p_value, method, test = _binary(differences, confidence)
    elif math.isnan(spread.stderr):
        interval, p_value, method, test = Interval(math.nan, math.nan, confidence), math.nan, "none", "none"
    elif _in_unit(first) and _in_unit(second):
        interval, p_value = score_interval(differences, spread, confidence)
        method = test = "score with effective n"
    else:
        interval, p_value = t_interval_of(differences, spread, confidence)
        method = test = "student t" if listed is None else "clustered t (CR2)"
    return PairedDifference(
        value=_mean(differences),
        stderr=spread.stderr if listed is None else stderr(differences, listed),
        interval=interval,
        p_value=p_value,
        n=len(differences),
        n_clusters=spread.n_clusters,
        mean_a=_mean(first),
        mean_b=_mean(second),
        correlation=correlation(first, second),
        a_better=int(np.sum(differences > 0)),
        b_better=int(np.sum(differences < 0)),
        method=method,
        test=test,
    )


def t_interval_of(differences: Array, spread: ClusterSpread, confidence: float) -> tuple[Interval, float]:
    """Student's interval of the mean difference, and the p-value of no difference; p = 1 if all differences are 0."""
    value = _mean(differences)
    half = t_quantile(0.5 + confidence / 2, spread.df) * spread.stderr
    if spread.stderr == 0:
        p_value = 1.0 if value == 0 else 0.0
    else:
        p_value = 2 * float(special.stdtr(spread.df, -abs(value) / spread.stderr))
    return Interval(value - half, value + half, confidence), p_value


def correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's correlation of two scores over samples; NaN for fewer than two, or where one of them never varies."""
    first, second = as_pairs(a, b)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    x, y = first - first.mean(), second - second.mean()
    return float(x @ y / math.sqrt(float(x @ x) * float(y @ y)))


def _binary(differences: Array, confidence: float) -> tuple[Interval, float, str, str]:
    wins, losses = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    interval = tango_interval(wins, losses, len(differences), confidence)
    return interval, mcnemar(wins, losses) if len(differences) else math.nan, "tango score", "exact McNemar"


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else math.nan


def _all_in(values: Array, allowed: tuple[float, ...]) -> bool:
    return bool(np.all(np.isin(values, allowed)))


def _in_unit(values: Array) -> bool:
    return bool(np.all((values >= 0) & (values <= 1)))
