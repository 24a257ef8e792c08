"""Intervals of the difference of two paired proportions that keep their coverage at small n and near 0 and 1."""

from __future__ import annotations

import math

from evals.stats.arrays import check_confidence
from evals.stats.estimate import Interval
from evals.stats.intervals import wilson
from evals.stats.roots import root
from evals.stats.standard_error import z_quantile


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
    gain, loss, z = a_only / n, b_only / n, z_quantile(0.5 + confidence / 2)
    return Interval(score_lower_limit(gain, loss, n, z), -score_lower_limit(loss, gain, n, z), confidence)


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


def score_lower_limit(gain: float, loss: float, n: float, quantile: float, shift: float = 0.0) -> float:
    """The largest difference that `score_z_above` rejects: where it is just `quantile`.

    gain, loss: shares of samples that only a, and only b, got right, or means of positive and negative parts of the
    differences. shift: continuity correction, 1/n as McNemar's is.
    """
    seen = gain - loss - shift
    if seen <= -1:
        return -1.0
    # At these two the fit has no variance where the difference is the one that was seen, which looks like a root.
    if shift == 0 and gain + loss == 0:
        return -(quantile**2) / (n + quantile**2)
    if seen >= 1:
        return (n - quantile**2) / (n + quantile**2)

    def excess(delta: float) -> float:
        return seen - delta - quantile * math.sqrt(_score_variance(delta, gain, loss) / n)

    return root(excess, -1.0, seen)


def score_z_above(gain: float, loss: float, n: float, margin: float, shift: float = 0.0) -> float:
    """Tango's statistic of a true difference of `margin`; infinite where the fit leaves no variance.

    The arguments are those of `score_lower_limit`.
    """
    distance = gain - loss - shift - margin
    variance = _score_variance(margin, gain, loss)
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else -math.inf
    return distance * math.sqrt(n / variance)


def _score_variance(delta: float, gain: float, loss: float) -> float:
    """Variance of one difference where the truth is `delta`, the rest fitted by maximum likelihood (Tango 1998)."""
    middle = -gain - loss + (2 - gain + loss) * delta
    last = -loss * delta * (1 - delta)
    fitted_loss = (math.sqrt(max(0.0, middle**2 - 8 * last)) - middle) / 4
    return max(0.0, 2 * fitted_loss + delta * (1 - delta))
