"""Sums of powers of scores, without rounding and in any order, and the interval of their mean, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from evals.stats.intervals import ExactSum, modified_wilson, t975, t_interval, wilson_name

NO_INTERVAL = (math.nan, math.nan)


class Moments:
    """Number, sum, and sums of squares, cubes and fourth powers of scores, added one at a time.

    Scores of 0 and 1 have all their sums in one, so the others are kept only once another score comes.
    """

    __slots__ = ("_beyond_unit", "_sums", "is_binary", "least", "most", "n")

    def __init__(self, values: Iterable[float] = (), *, beyond_unit: bool = False) -> None:
        """beyond_unit: the metric is known to reach beyond [0, 1], also where these scores do not."""
        self.n = 0
        self._beyond_unit = beyond_unit
        self.least, self.most = math.inf, -math.inf
        self.is_binary = True
        self._sums = [ExactSum()]
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        self.n += 1
        if value < self.least:
            self.least = value
        if value > self.most:
            self.most = value
        if self.is_binary and value not in (0.0, 1.0):
            self.is_binary = False
            ones = self._sums[0].value
            for _ in range(3):
                self._sums.append(ExactSum())
                self._sums[-1].add(ones)
        power = value
        for total in self._sums:
            total.add(power)
            power *= value

    def merge(self, other: Moments) -> None:
        """Add the scores of `other`."""
        self.n += other.n
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        is_binary = self.is_binary and other.is_binary
        sums = [self._sums[0]] if is_binary else self._spread()
        for total, more in zip(sums, other._sums if is_binary else other._spread(), strict=True):
            total.merge(more)
        self._sums, self.is_binary = sums, is_binary

    def _spread(self) -> list[ExactSum]:
        """The four sums of powers, also where scores of 0 and 1 have them all in one."""
        return [self._sums[0], *(self._sums[0].copy() for _ in range(3))] if self.is_binary else self._sums

    def with_values(self, values: Iterable[float]) -> Moments:
        """These scores and `values`; this object stays as it is."""
        both = Moments(beyond_unit=self._beyond_unit)
        both.n, both.least, both.most, both.is_binary = self.n, self.least, self.most, self.is_binary
        both._sums = [total.copy() for total in self._sums]
        for value in values:
            both.add(value)
        return both

    def _powers(self) -> list[Fraction]:
        """The sums of the first to the fourth powers."""
        exact = [total.exact for total in self._sums]
        return exact * 4 if self.is_binary else exact

    @property
    def total(self) -> Fraction:
        return self._sums[0].exact

    @property
    def mean(self) -> float:
        """What `intervals.mean_of` gives for the same scores, to the last bit. NaN without any."""
        return self.least if self.least == self.most else float(self.total) / self.n if self.n else math.nan

    @property
    def variance(self) -> float:
        """Sample variance (ddof = 1); NaN for fewer than two scores."""
        if self.n < 2:
            return math.nan
        first, second, *_ = self._powers()
        return max(0.0, float((second - first * first / self.n) / (self.n - 1)))

    @property
    def stderr(self) -> float:
        """Standard error of the mean; NaN for fewer than two scores, which show no spread."""
        return math.sqrt(self.variance / self.n) if self.n > 1 else math.nan

    @property
    def kurtosis(self) -> float:
        """Excess kurtosis of the scores, at least 0; 0 where nothing varies."""
        if self.n < 2 or self.least == self.most:
            return 0.0
        m, m2, m3, m4 = (power / self.n for power in self._powers())
        second, fourth = m2 - m * m, m4 - 4 * m * m3 + 6 * m * m * m2 - 3 * m**4
        return max(0.0, float(fourth / second**2) - 3) if second > 0 else 0.0

    @property
    def method(self) -> str:
        """How `ci95` is made, in the words of `Estimate.method`."""
        is_proportion = self.is_binary and not self._beyond_unit
        if self.n == 0 or (self.n < 2 and not is_proportion):
            return "none"
        if is_proportion:
            return wilson_name(float(self.total), self.n)
        return "effective wilson" if self.in_unit else "student t"

    @property
    def in_unit(self) -> bool:
        return not self._beyond_unit and self.least >= 0 and self.most <= 1

    @property
    def ci95(self) -> tuple[float, float]:
        """95 % interval of the mean, by the rules of `proportions.proportion_estimate` and `mean_estimate`.

        Scores of 0 and 1: `modified_wilson`. Others in [0, 1]: Wilson with the effective number of samples, so that the
        ends stay in [0, 1]. Scores beyond: Student's t. (nan, nan) without scores, or for a single fraction.
        """
        if self.n and self.is_binary and not self._beyond_unit:
            return modified_wilson(float(self.total), self.n)
        if self.method == "effective wilson":
            df = max(1.0, 2 / (2 / (self.n - 1) + self.kurtosis / self.n))
            return effective_wilson95(self.mean, effective_n(self.mean, self.stderr, self.n), df)
        return t_interval(self.mean, self.stderr, self.n)


UNSEEN = 2
"Samples that count as right or wrong beside those that were seen, in the spread of fractions."


def effective_n(mean: float, stderr: float, n: int) -> float:
    """Single samples that would show the spread of n fractions, which may have hidden rare zeros or ones.

    The spread of n fractions near 1, such as pass@k or F1, is that of the misses that happen to be among them. As in
    Agresti and Coull 1998 (The American Statistician 52:119), two more samples of each kind stand for those that are
    not. Without it five to fifty problems with pass@5 of 0.99 cover 82 to 87 %, with it 98 (docs/statistics.md).
    """
    if stderr == 0:
        return float(n)
    likely = (mean * n + UNSEEN) / (n + 2 * UNSEEN)
    variance = ((n - 1) * stderr**2 * n + UNSEEN * likely * (1 - likely)) / (n - 1 + UNSEEN)
    seen = mean * (1 - mean) * n / variance
    return min(seen or n, likely * (1 - likely) * n / variance)


def effective_wilson95(mean: float, n_effective: float, df: float) -> tuple[float, float]:
    """`proportions.effective_wilson` at 95 %. df: those that allow for heavy tails."""
    t = t975(df)
    zz = t * t
    middle = (mean + zz / (2 * n_effective)) / (1 + zz / n_effective)
    half = t / (1 + zz / n_effective) * math.sqrt(mean * (1 - mean) / n_effective + zz / (4 * n_effective**2))
    # Rounding would leave 0 and 1 just outside where they are the mean.
    return (max(0.0, middle - half) if mean > 0 else 0.0), (min(1.0, middle + half) if mean < 1 else 1.0)


def mean_of_groups(groups: Sequence[Moments]) -> tuple[float, float, tuple[float, float]]:
    """The unweighted mean of the groups' means, its standard error, and its 95 % interval; scores lie in [0, 1].

    Groups are strata: the variance is the sum of the variances of their means, over the squared number of groups
    (Cochran 1977, Sampling Techniques, section 5.3), with Satterthwaite's degrees of freedom (section 5.4). The
    interval is `effective_wilson95`; where nothing varies, with the samples that equal groups would have. NaN error and
    interval where a group has fewer than two scores.
    """
    value = math.fsum(group.mean for group in groups) / len(groups)
    if min(group.n for group in groups) < 2:
        return value, math.nan, NO_INTERVAL
    variances = [group.variance / group.n for group in groups]
    stderr = math.sqrt(math.fsum(variances)) / len(groups)
    spread = math.fsum(v * v / (group.n - 1) for v, group in zip(variances, groups, strict=True))
    df = math.fsum(variances) ** 2 / spread if spread > 0 else sum(group.n - 1.0 for group in groups)
    n = len(groups) ** 2 / math.fsum(1 / group.n for group in groups)
    n_effective = (value * (1 - value) / stderr**2 if stderr > 0 else 0.0) or n
    return value, stderr, effective_wilson95(value, n_effective, max(1.0, df))
