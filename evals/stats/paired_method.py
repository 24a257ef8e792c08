"""How a paired difference is judged: one method gives limits, p-values and decisions, so that they never disagree."""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from evals.stats.arrays import Array, Codes, as_pairs
from evals.stats.detectable import approximate_power, chances_of_drop
from evals.stats.estimate import Interval
from evals.stats.exact_paired import Outcome, chance_of, exact_power, score_z
from evals.stats.exact_paired import lower_limit as exact_lower_limit
from evals.stats.exact_paired import p_value_above as exact_p_value_above
from evals.stats.paired_proportions import score_lower_limit, score_z_above
from evals.stats.standard_error import ClusterSpread, t_quantile, z_quantile

MAX_EXACT = 50
"""Right-or-wrong samples up to which the exact test is used.

Beyond, the score test with continuity correction finds as much, and its size, by enumeration, is at most its level at
levels of 2.5 % and 5 %; at 0.1 %, as corrections for many evals ask for, it is at most 1.8 times that.
"""

MIN_CLUSTERS = 3
"Clusters, or single scores beyond [0, 1], below which nothing is said: the spread of two is one difference."

RIGHT_OR_WRONG = ("exact score", "score with continuity correction")
"The methods for independent scores of 0 and 1."


class OneSided(Protocol):
    """A one-sided test of "the difference is at most so much" and the limit that comes from it."""

    def lower_limit(self, alpha: float) -> float:
        """The largest difference that is rejected at level `alpha`."""

    def p_above(self, margin: float) -> float:
        """p-value of "the difference is at most `margin`": at most alpha where `lower_limit(alpha)` is above it."""


@dataclass(frozen=True)
class Exact:
    """The exact test of `evals.stats.exact_paired`, for scores of 0 and 1."""

    outcome: Outcome

    def lower_limit(self, alpha: float) -> float:
        return exact_lower_limit(self.outcome, alpha)

    def p_above(self, margin: float) -> float:
        return exact_p_value_above(self.outcome, margin)


@dataclass(frozen=True)
class Score:
    """Tango's score test (1998, Statistics in Medicine 17:891) from the shares of gain and loss."""

    gain: float
    "Mean of the positive parts of the differences: for 0 and 1 the share of samples that only a got right."
    loss: float
    n: float
    "Samples, or the number of independent ones that would have shown the standard error."
    df: float = math.inf
    "Degrees of freedom of Student's t in place of the normal distribution."
    shift: float = 0.0
    "Continuity correction of the difference."

    def lower_limit(self, alpha: float) -> float:
        quantile = z_quantile(1 - alpha) if math.isinf(self.df) else t_quantile(1 - alpha, self.df)
        return score_lower_limit(self.gain, self.loss, self.n, quantile, self.shift)

    def p_above(self, margin: float) -> float:
        z = score_z_above(self.gain, self.loss, self.n, margin, self.shift)
        return float(special.ndtr(-z) if math.isinf(self.df) or math.isinf(z) else special.stdtr(self.df, -z))


@dataclass(frozen=True)
class StudentT:
    """Student's t for differences beyond [-1, 1]."""

    value: float
    stderr: float
    df: float

    def lower_limit(self, alpha: float) -> float:
        return self.value - t_quantile(1 - alpha, self.df) * self.stderr

    def p_above(self, margin: float) -> float:
        if self.stderr == 0:
            return 0.0 if self.value > margin else 1.0
        return float(special.stdtr(self.df, (margin - self.value) / self.stderr))


@dataclass(frozen=True)
class Judgement:
    """The one method by which a difference a - b is judged, in both directions."""

    above: OneSided
    "Of a - b."
    below: OneSided
    "Of b - a."
    method: str

    def interval(self, confidence: float) -> Interval:
        """It leaves out 0 exactly where `p_value` is below 1 - confidence."""
        tail = (1 - confidence) / 2
        return Interval(self.above.lower_limit(tail), -self.below.lower_limit(tail), confidence)

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference."""
        return min(1.0, 2 * min(self.above.p_above(0.0), self.below.p_above(0.0)))


def judgement(
    a: Array, b: Array, clusters: Sequence[Hashable] | None = None, *, beyond_unit: bool = False
) -> Judgement | None:
    """The method for scores of the same samples, shape (n,); None where nothing can be said.

    Scores of 0 and 1 without clusters: `exact score` up to `MAX_EXACT` samples, beyond `score with continuity
    correction`. Other scores in [0, 1], or clusters: `score with effective n`: n is that number of independent single
    samples which would have shown the standard error (design effect: Rao and Scott 1992, Biometrics 48:577), with
    Student's t; where no spread was seen, n is the number of clusters. Scores beyond [0, 1]: t with CR2 errors.
    beyond_unit: the metric is known to reach beyond [0, 1], also where these scores do not.
    None: n = 0, fewer than `MIN_CLUSTERS` clusters, one pair of fractions, fewer than three scores beyond [0, 1], NaN
    among the scores.
    """
    first, second = as_pairs(a, b)
    n, differences = len(first), first - second
    if n and clusters is None and not beyond_unit and _is_binary(first) and _is_binary(second):
        return of_counts(int(np.sum(differences > 0)), int(np.sum(differences < 0)), n)
    spread = ClusterSpread.of(differences, clusters)
    if math.isnan(spread.stderr) or (clusters is not None and spread.n_clusters < MIN_CLUSTERS):
        return None
    if beyond_unit or not (_in_unit(first) and _in_unit(second)):
        if n < MIN_CLUSTERS:
            return None
        value = float(differences.mean())
        method = "student t" if clusters is None else "clustered t (CR2)"
        above, below = (StudentT(sign * value, spread.stderr, spread.df) for sign in (1, -1))
        return Judgement(above, below, method)
    gain, loss = float(np.maximum(differences, 0).mean()), float(np.maximum(-differences, 0).mean())
    variance = gain + loss - (gain - loss) ** 2
    seen = spread.stderr > 0 and variance > 0
    n_effective = variance / spread.stderr**2 if seen else float(spread.n_clusters)
    sides = Score(gain, loss, n_effective, spread.df), Score(loss, gain, n_effective, spread.df)
    return Judgement(*sides, "score with effective n")


def of_counts(wins: int, losses: int, n: int) -> Judgement:
    """The judgement of n right-or-wrong samples, of which only a got `wins` right, and only b `losses`."""
    if n <= MAX_EXACT:
        outcome = Outcome(wins, losses, n)
        return Judgement(Exact(outcome), Exact(outcome.swapped), RIGHT_OR_WRONG[0])
    gain, loss = wins / n, losses / n
    sides = Score(gain, loss, n, shift=1 / n), Score(loss, gain, n, shift=1 / n)
    return Judgement(*sides, RIGHT_OR_WRONG[1])


def power_of(n: int, a_only: float, b_only: float, *, alpha: float, margin: float = 0.0) -> float:
    """Chance that the test of n right-or-wrong samples shows a difference above `margin`, by enumeration.

    a_only, b_only: chances that only a, and only b, gets a sample right. alpha: one-sided.
    """
    if n <= MAX_EXACT:
        return exact_power(n, a_only, b_only, alpha=alpha, margin=margin)
    return chance_of(_score_region(n, margin, alpha), n, a_only, b_only)


MAX_COUNTED = 3000
"Samples up to which power is counted over all outcomes; beyond, the normal approximation agrees to a thousandth."


def detectable_from(accuracy: float, n: int, correlation: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest true drop from `accuracy` that n right-or-wrong samples show with chance `power`.

    By the power of the very test that a comparison makes, two-sided at level alpha. correlation: as measured between
    two runs. NaN where not even a fall to 0 is found so often.
    """

    def found(drop: float) -> float:
        lost, won = chances_of_drop(accuracy, drop, correlation)
        if n <= MAX_COUNTED:
            return power_of(n, lost, won, alpha=alpha / 2)
        return approximate_power(n, lost, won, z_quantile(1 - alpha / 2))

    low, high = 0.0, accuracy
    if not accuracy > 0 or n < 1 or found(high) < power:
        return math.nan
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) >= power else (middle, high)
    return high


def power_of_drop(n: int, noise: float, drop: float, *, alpha: float, margin: float = 0.0) -> float:
    """Chance that n right-or-wrong samples show that a true drop is beyond `margin`.

    noise: share of samples that change, either way alike, beside those that are newly wrong. alpha: one-sided.
    """
    noise = min(noise, 1 - drop)
    if n <= MAX_COUNTED:
        return power_of(n, noise / 2 + drop, noise / 2, alpha=alpha, margin=margin)
    spread = math.sqrt(max(1e-12, noise + drop - drop * drop) / n)
    return float(special.ndtr((drop - margin) / spread - z_quantile(1 - alpha)))


@functools.lru_cache(maxsize=64)
def _score_region(n: int, margin: float, alpha: float) -> Codes:
    """For each number of wins the most losses with which the score test rejects; -1 where it never does."""
    quantile, wins = z_quantile(1 - alpha), np.arange(n + 1)
    low, high = np.full(n + 1, -1), n - wins
    while np.any(low < high):
        losses = (low + high + 1) // 2
        distance = (wins - losses) / n - margin
        z = score_z(wins.astype(np.float64), losses.astype(np.float64), n, margin)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = (distance > 1 / n) & (z * (distance - 1 / n) / distance >= quantile)
        low, high = np.where(inside, losses, low), np.where(inside, high, losses - 1)
    region: Codes = np.minimum(np.maximum.accumulate(low), n - wins)
    return region


def _is_binary(values: Array) -> bool:
    return bool(np.all((values == 0) | (values == 1)))


def _in_unit(values: Array) -> bool:
    return bool(np.all((values >= 0) & (values <= 1)))
