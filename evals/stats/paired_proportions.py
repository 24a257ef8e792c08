"""Intervals of the difference of two paired proportions that keep their coverage at small n and near 0 and 1."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special

from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval
from evals.stats.intervals import wilson
from evals.stats.standard_error import ClusterSpread, t_quantile, z_quantile


def tango_interval(a_only: float, b_only: float, n: int, confidence: float = 0.95) -> Interval:
    """Score interval of the difference, from the samples that only a, and only b, got right, of n.

    Tango 1998, Statistics in Medicine 17:891. It has a width when the models never disagree: ± z²/(n + z²).
    NaN ends for n = 0.
    """
    check_confidence(confidence)
    if min(a_only, b_only) < 0 or a_only + b_only > n:
        raise ValueError(f"{a_only} and {b_only} disagreements of {n} samples: together they are at most n")
    if n == 0:
        return Interval(math.nan, math.nan, confidence)
    low, high = _score_limits(a_only / n, b_only / n, n, z_quantile(0.5 + confidence / 2))
    return Interval(low, high, confidence)


def score_interval(differences: Array, spread: ClusterSpread, confidence: float = 0.95) -> tuple[Interval, float]:
    """Tango's interval for differences in [-1, 1] of clustered or averaged scores, and the p-value of no difference.

    Positive and negative parts of the differences take the place of the shares of disagreements; n is that number of
    independent single samples which would have shown this standard error (design effect: Rao and Scott 1992,
    Biometrics 48:577), and Student's t with the spread's degrees of freedom replaces the normal quantile.
    Where no spread was seen, n is the number of clusters. Our combination: docs/statistics.md shows its coverage.
    """
    gain, loss = float(np.maximum(differences, 0).mean()), float(np.maximum(-differences, 0).mean())
    variance = gain + loss - (gain - loss) ** 2
    seen = spread.stderr > 0 and variance > 0
    n_effective = variance / spread.stderr**2 if seen else float(spread.n_clusters)
    low, high = _score_limits(gain, loss, n_effective, t_quantile(0.5 + confidence / 2, spread.df))
    score = abs(gain - loss) * math.sqrt(n_effective / (gain + loss)) if gain + loss > 0 else 0.0
    return Interval(low, high, confidence), 2 * float(special.stdtr(spread.df, -score))


def newcombe_interval(both: int, a_only: int, b_only: int, neither: int, confidence: float = 0.95) -> Interval:
    """Interval of the difference from the two Wilson intervals and the correlation of the two scores.

    Newcombe 1998, Statistics in Medicine 17:2635, method 10. Often wider than Tango's. NaN ends for n = 0.
    """
    check_confidence(confidence)
    n = both + a_only + b_only + neither
    if n == 0:
        return Interval(math.nan, math.nan, confidence)
    z = z_quantile(0.5 + confidence / 2)
    rate_a, rate_b = (both + a_only) / n, (both + b_only) / n
    low_a, high_a = wilson(both + a_only, n, z)
    low_b, high_b = wilson(both + b_only, n, z)
    phi = _newcombe_phi(both, a_only, b_only, neither)
    below = _square_and_add(rate_a - low_a, high_b - rate_b, phi)
    above = _square_and_add(high_a - rate_a, rate_b - low_b, phi)
    return Interval(rate_a - rate_b - below, rate_a - rate_b + above, confidence)


def _square_and_add(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))


def _newcombe_phi(both: int, a_only: int, b_only: int, neither: int) -> float:
    """The correlation of the table, a positive one corrected for continuity; 0 where a margin is empty."""
    margins = (both + a_only) * (b_only + neither) * (both + b_only) * (a_only + neither)
    if margins == 0:
        return 0.0
    cross, n = both * neither - a_only * b_only, both + a_only + b_only + neither
    return (max(cross - n / 2, 0) if cross > 0 else cross) / math.sqrt(margins)


def _score_limits(gain: float, loss: float, n: float, quantile: float) -> tuple[float, float]:
    """The differences at which the score test is just not rejected, below and above gain - loss."""
    if gain + loss == 0:
        half = quantile**2 / (n + quantile**2)
        return -half, half
    return -_upper_limit(loss, gain, n, quantile), _upper_limit(gain, loss, n, quantile)


def _upper_limit(gain: float, loss: float, n: float, quantile: float) -> float:
    difference = gain - loss
    if difference >= 1:
        return 1.0

    if difference <= -1:  # the fit has no variance at -1, which looks like a root; the other one has this form
        return (quantile**2 - n) / (quantile**2 + n)

    def excess(delta: float) -> float:
        return delta - difference - quantile * math.sqrt(_score_variance(delta, gain, loss) / n)

    return float(optimize.brentq(excess, difference, 1.0, xtol=1e-12))


def _score_variance(delta: float, gain: float, loss: float) -> float:
    """Variance of one difference where the truth is `delta`, the rest fitted by maximum likelihood (Tango 1998)."""
    middle = -gain - loss + (2 - gain + loss) * delta
    last = -loss * delta * (1 - delta)
    fitted_loss = (math.sqrt(max(0.0, middle**2 - 8 * last)) - middle) / 4
    return max(0.0, 2 * fitted_loss + delta * (1 - delta))
