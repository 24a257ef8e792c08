"""How far several rates lie apart beyond chance: the interval of their spread, in plain Python for the run path."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from evals.stats.intervals import Z95

_MAX_COUNTED = 200.0


def spread_interval(hits: Sequence[int], counts: Sequence[int]) -> tuple[float, float]:
    """95 % interval of the standard deviation of k true rates, from hits of so many trials each; k at least 2.

    The sum of squared distances from the overall rate, in units of chance, is noncentral chi-squared with k - 1 degrees
    of freedom; its noncentrality is the squared spread in those units. The ends are where the sum that was seen is just
    not too large or too small (as Venables 1975, Journal of the Royal Statistical Society B 37:406). An end of 0 says
    that chance alone may show so much. (nan, nan) where nothing or everything was hit: chance has no size then.
    """
    k, n = len(counts), sum(counts)
    overall = sum(hits) / n
    unit = overall * (1 - overall)
    if k < 2 or not unit > 0:
        return math.nan, math.nan
    q = math.fsum(count * (hit / count - overall) ** 2 for hit, count in zip(hits, counts, strict=True)) / unit
    size = k / math.fsum(1 / count for count in counts)
    low, high = (_noncentrality(q, k - 1, tail) for tail in (0.975, 0.025))
    return math.sqrt(low * unit / size / k), math.sqrt(high * unit / size / k)


def _noncentrality(q: float, df: int, below: float) -> float:
    """The noncentrality at which the chance of at most q is `below`; 0 where it is smaller even without any."""
    if q > _MAX_COUNTED:  # the square root is then normal, with a variance of nearly 1
        shift = Z95 if below < 0.5 else -Z95
        return max(0.0, math.sqrt(max(0.0, q - (df - 1) / 2)) + shift) ** 2
    if noncentral_cdf(q, df, 0.0) <= below:
        return 0.0
    return _bisected(lambda value: noncentral_cdf(q, df, value) - below, 0.0, 4 * q + 100)


def _bisected(falling: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return high


def noncentral_cdf(q: float, df: int, noncentrality: float) -> float:
    """The chance that noncentral chi-squared is at most q: a Poisson mixture (Johnson, Kotz 1970, section 28.3)."""
    if q <= 0:
        return 0.0
    a, x, half = df / 2, q / 2, noncentrality / 2
    term = math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    central, part, k = term, term, 0
    while part > 1e-17 * central:  # the series of the incomplete gamma function
        k += 1
        part *= x / (a + k)
        central += part
    total, weight, j = 0.0, math.exp(-half), 0
    while j <= half or weight > 1e-15:
        total += weight * central
        central -= term
        j += 1
        term *= x / (a + j)
        weight *= half / j
        if central <= 0:
            break
    return min(1.0, total)
