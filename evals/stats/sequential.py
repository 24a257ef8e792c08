"""Comparisons that may be looked at after every sample: confidence sequences of differences, and when to stop."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array
from evals.stats.estimate import Interval

LARGEST_SHARE = 0.5
"The most of its capital that a bet risks; Waudby-Smith and Ramdas suggest 1/2 or 3/4."

STEPS = 1000
"Candidate differences between 0 and 1: the ends of the sequence are known to 0.1 points."


class Decision(enum.Enum):
    """What a sequential comparison has settled."""

    A_BETTER = "A > B"
    B_BETTER = "B > A"
    EQUIVALENT = "|A - B| < delta"
    UNDECIDED = "undecided"


class BettingSequence:
    """Confidence sequence of the mean of differences in [-1, 1]: all its intervals hold the truth at once.

    Waudby-Smith and Ramdas 2023 (JRSS B 86:1, arXiv:2010.09686), hedged capital (theorem 3) with predictable plug-in
    bets: a gambler against each candidate mean, who multiplies his capital by 1/alpha with chance at most alpha if the
    candidate is true; candidates so rejected stay rejected. Valid at every sample, however often one looks and
    whatever makes one stop, if each difference has the same mean given those before: samples drawn in random order.
    Samples of a cluster are no such thing: give the mean difference of each cluster, in random order of clusters.
    The intervals are open and rounded outwards to 0.1 points: a candidate at an end is rejected.
    """

    def __init__(self, alpha: float = 0.05) -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"alpha lies between 0 and 1, got {alpha}")
        self.alpha = alpha
        self.n = 0
        self._candidates = np.arange(-STEPS, STEPS + 1) / STEPS
        self._up = np.zeros(2 * STEPS + 1)
        self._down = np.zeros(2 * STEPS + 1)
        self._low, self._high = -1, 2 * STEPS + 1
        self._bets = Bets(alpha)
        self._sum = 0.0

    def update(self, difference: float) -> None:
        """Takes the next sample's difference, a - b. Leave samples that failed out; NaN is refused."""
        if not -1 <= difference <= 1:
            raise ValueError(f"a difference of two scores in [0, 1] lies in [-1, 1], got {difference}")
        x = (difference + 1) / 2
        up, down = log_gains(x, (self._candidates + 1) / 2, self._bets.next_bet())
        self._bets.see(x)
        self._up += up
        self._down += down
        self._sum += difference
        self.n += 1
        bound = math.log(2 / self.alpha)
        self._low = max(self._low, int(np.sum(self._up >= bound)) - 1)
        self._high = min(self._high, len(self._down) - int(np.sum(self._down >= bound)))

    @property
    def mean(self) -> float:
        """Of the differences so far; where a rule stopped the run it leans towards what stopped it."""
        return self._sum / self.n if self.n else math.nan

    @property
    def interval(self) -> Interval:
        """[-1, 1] before the first sample. Ends cross, once in a while, where the order was not random."""
        low = float(self._candidates[self._low]) if self._low >= 0 else -1.0
        high = float(self._candidates[self._high]) if self._high < len(self._candidates) else 1.0
        return Interval(low, high, 1 - self.alpha)

    def decision(self, delta: float | None = None) -> Decision:
        """What is settled: which is better or, if `delta` is given, that neither is better by `delta`.

        The chance that any of these is ever wrong is at most alpha. Both may be settled at once (better, by less
        than delta): then the better one is named. delta is rounded down to 0.1 points.
        """
        zero = STEPS
        if self._low >= zero:
            return Decision.A_BETTER
        if self._high <= zero:
            return Decision.B_BETTER
        steps = -1 if delta is None else math.floor(delta * STEPS + 1e-9)
        if steps >= 0 and self._low >= zero - steps and self._high <= zero + steps:
            return Decision.EQUIVALENT
        return Decision.UNDECIDED


class Bets:
    """How much to bet on the next value in [0, 1], from those before: the predictable plug-in of the paper."""

    def __init__(self, alpha: float) -> None:
        self._twice_log = 2 * math.log(2 / alpha)
        self._n, self._sum, self._squares = 0, 0.5, 0.25

    def next_bet(self) -> float:
        t = self._n + 1
        return math.sqrt(self._twice_log / (self._squares * math.log(1 + t)))

    def see(self, x: float) -> None:
        self._n += 1
        self._sum += x
        self._squares += (x - self._sum / (self._n + 1)) ** 2


def log_gains(x: float | Array, candidate: float | Array, bet: float | Array) -> tuple[Array, Array]:
    """Log factors by which the capital betting above, and below, the candidate mean of values in [0, 1] grows."""
    with np.errstate(divide="ignore"):
        above = np.minimum(bet, LARGEST_SHARE / np.asarray(candidate))
        below = np.minimum(bet, LARGEST_SHARE / (1 - np.asarray(candidate)))
    return np.log1p(above * (x - candidate)), np.log1p(-below * (x - candidate))


@dataclass(frozen=True)
class ConfidenceSequence:
    """Lower and upper ends after each sample, shape (..., n); each the tightest so far."""

    low: Array
    high: Array


def empirical_bernstein_sequence(differences: ArrayLike, alpha: float = 0.05) -> ConfidenceSequence:
    """Confidence sequences of the means of differences in [-1, 1], shape (..., n), in closed form.

    Waudby-Smith and Ramdas 2023, theorem 2, predictable plug-in empirical Bernstein; valid as `BettingSequence` is,
    wider for small n, and made for many runs at once. NaN from a NaN on.
    """
    x = (np.asarray(differences, dtype=np.float64) + 1) / 2
    if np.any((x < 0) | (x > 1)):
        raise ValueError("differences of two scores in [0, 1] lie in [-1, 1]")
    means, bets = _plug_in(x, alpha)
    bets = np.minimum(bets, LARGEST_SHARE)
    before = np.concatenate([np.full((*x.shape[:-1], 1), 0.5), means[..., :-1]], axis=-1)[..., : x.shape[-1]]
    cost = 4 * (x - before) ** 2 * (-np.log1p(-bets) - bets) / 4
    total = np.cumsum(bets, axis=-1)
    centre = np.cumsum(bets * x, axis=-1) / total
    half = (math.log(2 / alpha) + np.cumsum(cost, axis=-1)) / total
    low = np.maximum.accumulate(np.maximum(2 * (centre - half) - 1, -1), axis=-1)
    high = np.minimum.accumulate(np.minimum(2 * (centre + half) - 1, 1), axis=-1)
    return ConfidenceSequence(low, high)


def betting_excludes(differences: ArrayLike, difference: float = 0.0, alpha: float = 0.05) -> Array:
    """Whether `BettingSequence` has rejected `difference` after each sample: 1 above it, -1 below it, 0 not yet.

    differences: shape (..., n), many runs at once. The same capital, for one candidate, without the grid.
    """
    x = (np.asarray(differences, dtype=np.float64) + 1) / 2
    up, down = log_gains(x, (difference + 1) / 2, _plug_in(x, alpha)[1])
    bound = math.log(2 / alpha)
    above = np.maximum.accumulate(np.cumsum(up, axis=-1) >= bound, axis=-1)
    below = np.maximum.accumulate(np.cumsum(down, axis=-1) >= bound, axis=-1)
    return above.astype(np.float64) - below


def _plug_in(x: Array, alpha: float) -> tuple[Array, Array]:
    """Means after each value, shrunk to 1/2, and the bet before each value, as in `Bets`."""
    t = np.arange(1, x.shape[-1] + 1)
    means = (0.5 + np.cumsum(x, axis=-1)) / (t + 1)
    squares = 0.25 + np.cumsum((x - means) ** 2, axis=-1)
    before = np.concatenate([np.full((*x.shape[:-1], 1), 0.25), squares[..., :-1]], axis=-1)[..., : x.shape[-1]]
    return means, np.sqrt(2 * math.log(2 / alpha) / (before * np.log(1 + t)))
