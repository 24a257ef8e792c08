"""Intervals and standard errors of a run's scores, in plain Python: the run path never waits for numpy."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction

Z95 = 1.959963984540054
"The 97.5 % quantile of the standard normal distribution."


class ExactSum:
    """A sum of floats without rounding until it is read, so that the order of addition never matters.

    Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic", as in `math.fsum`, one value at a time.
    """

    __slots__ = ("_partials",)

    def __init__(self) -> None:
        self._partials: list[float] = []

    def add(self, value: float) -> None:
        kept = 0
        for partial in self._partials:
            if abs(value) < abs(partial):
                value, partial = partial, value
            total = value + partial
            lost = partial - (total - value)
            if lost:
                self._partials[kept] = lost
                kept += 1
            value = total
        self._partials[kept:] = [value]

    def merge(self, other: ExactSum) -> None:
        """Add what another sum holds."""
        for partial in other._partials:
            self.add(partial)

    def copy(self) -> ExactSum:
        made = ExactSum()
        made._partials = self._partials.copy()
        return made

    @property
    def value(self) -> float:
        return math.fsum(self._partials)

    @property
    def exact(self) -> Fraction:
        return sum((Fraction(partial) for partial in self._partials), Fraction(0))


def mean_of(values: Sequence[float]) -> float:
    """The mean of finite values, shape (n,), in any order: their exact sum, rounded once, over n. NaN for no values.

    Means of thirds, and of other scores whose floats are not exact, come out as the fraction that they stand for:
    twelve times 1/3 in 40 are 0.1, where the exact mean of the floats is 0.09999999999999999. Equal values have just
    that mean: the sum of three times 0.1, divided by 3, would be another number.
    """
    if not len(values):
        return math.nan
    first = values[0]
    if len(values) == 1 or all(value == first for value in values):
        return float(first)
    try:
        return math.fsum(values) / len(values)
    except OverflowError:  # the sum is beyond the largest float, the mean is not
        return float(sum(map(Fraction, values), Fraction(0)) / len(values))


def wilson(successes: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Score interval of a proportion; (nan, nan) for n = 0.

    Wilson 1927, JASA 22:209. It stays inside [0, 1] and has a width when all or none succeed.
    """
    if n == 0:
        return math.nan, math.nan
    p, zz = successes / n, z * z
    middle = (p + zz / (2 * n)) / (1 + zz / n)
    half = z / (1 + zz / n) * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    return (0.0 if successes == 0 else max(0.0, middle - half)), (1.0 if successes == n else min(1.0, middle + half))


FEW = 3
"Hits, or misses, up to which `modified_wilson` is not Wilson's interval."


def modified_wilson(successes: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval of a proportion, with ends of the Poisson distribution beside few hits or few misses.

    Brown, Cai and DasGupta 2001, Statistical Science 16:101, section 4.1.1: for 1 to `FEW` hits the lower end is that
    rate at which so many or more have chance alpha, over n; for few misses likewise. Wilson's own 95 % interval holds
    a rate just above 0 in 79 to 84 % of runs (91 at 1,000 samples and above), this one no rate in fewer than 91.4 %,
    0.02, 0.5 and 0.95 in 93.3 % or more (by enumeration); it is at most a twentieth wider from 8 samples on.
    """
    low, high = wilson(successes, n, z)
    if is_few(successes):
        low = min(low, _poisson_rate(round(successes), z) / n)
    if is_few(n - successes):
        high = max(high, 1 - _poisson_rate(round(n - successes), z) / n)
    return low, high


def is_few(count: float) -> bool:
    """Whether `modified_wilson` changes an end for so many hits or misses."""
    return 1 <= count <= FEW


def wilson_name(successes: float, n: int) -> str:
    """What `modified_wilson` is for these counts: `wilson`, or `modified wilson`."""
    return "modified wilson" if is_few(successes) or is_few(n - successes) else "wilson"


@functools.lru_cache(maxsize=64)
def _poisson_rate(count: int, z: float) -> float:
    """The rate at which `count` or more events have the chance of both tails beyond z."""
    below, low, high = 1 - math.erfc(z / math.sqrt(2)), 0.0, float(count + 1)
    for _ in range(80):
        rate = (low + high) / 2
        chance = math.exp(-rate) * math.fsum(rate**k / math.factorial(k) for k in range(count))
        low, high = (rate, high) if chance > below else (low, rate)
    return (low + high) / 2


def t_interval(mean: float, stderr: float, n: int) -> tuple[float, float]:
    """95 % interval of a mean of n independent values by Student's t; (nan, nan) for n < 2."""
    if n < 2 or math.isnan(stderr):
        return math.nan, math.nan
    half = t975(n - 1) * stderr
    return mean - half, mean + half


def t975(df: float) -> float:
    """The 97.5 % quantile of Student's t with `df` degrees of freedom, whole or not, to about 1e-9. NaN for df < 1.

    Newton steps on the distribution function, which is an incomplete beta function (Abramowitz and Stegun 26.5.27);
    for df > 200 the Cornish-Fisher series (26.7.5).
    """
    if not df >= 1:
        return math.nan
    if df > 200:
        return _cornish_fisher(df)
    t = 12.7062 if df < 1.5 else _cornish_fisher(df)
    for _ in range(50):
        step = (0.025 - _t_tail(t, df)) / _t_density(t, df)
        t = max(t - step, t / 2)
        if abs(step) < 1e-12 * t:
            break
    return t


def _cornish_fisher(df: float) -> float:
    z = Z95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(df) ** (power + 1) for power, term in enumerate(terms))


def _t_density(t: float, df: float) -> float:
    log_scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(log_scale - (df + 1) / 2 * math.log1p(t * t / df))


def _t_tail(t: float, df: float) -> float:
    """The chance of more than t > 0: half of the incomplete beta function of df/2 and 1/2 at df / (df + t²)."""
    a, b, x = df / 2, 0.5, df / (df + t * t)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return (1 - front * _beta_fraction(b, a, 1 - x) / b) / 2
    return front * _beta_fraction(a, b, x) / a / 2


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), from its 200th term up."""
    value = 1.0
    for step in range(200, 0, -1):
        k = step // 2
        if step % 2:
            term = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
        else:
            term = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
        value = 1 + term / value
    return 1 / value
