"""Exact tests, limits and power for two paired proportions: one ordering of all outcomes, so they never disagree."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from evals.stats.arrays import Array, Codes
from evals.stats.roots import root

ORDER_LEVEL = 0.03
"""One-sided level of the approximate limit that puts outcomes in order; between the levels that are asked for most.

Any level gives valid answers. At 0.03 the limits are within a few thousandths of the best at 0.025 and at 0.05.
"""
_ORDER_Z = float(special.ndtri(1 - ORDER_LEVEL))
_N_NUISANCE = 25
"Discordances at which a tail is looked at before the largest is refined; the tail is smooth between them."
_WINDOW_SDS = 9.0
"Wins further from their mean than this have a chance below 1e-18 in all."
_TIE = 1e-9


@dataclass(frozen=True)
class Outcome:
    """What n samples showed: how many only the first model got right, and how many only the second."""

    a_only: int
    b_only: int
    n: int

    def __post_init__(self) -> None:
        if min(self.a_only, self.b_only) < 0 or self.a_only + self.b_only > self.n:
            raise ValueError(
                f"{self.a_only} and {self.b_only} disagreements of {self.n} samples: together they are at most n"
            )

    @property
    def swapped(self) -> Outcome:
        """The same samples with the models changed over."""
        return Outcome(self.b_only, self.a_only, self.n)


@functools.lru_cache(maxsize=4096)
def p_value_above(outcome: Outcome, margin: float = 0.0) -> float:
    """One-sided p-value of "a is better than b by at most `margin`", against "by more".

    The largest chance, over all discordances that fit a difference of `margin`, of an outcome that speaks as strongly
    for a. Exact: the test's size never exceeds its level, at any n. Outcomes are ordered by the approximate lower
    limit of the difference (the score limit of Tango 1998, Statistics in Medicine 17:891), which does not depend on
    `margin`, so that the test and `lower_limit` are one method (Buehler 1957, JASA 52:482; Lloyd and Kabaila 2003,
    Australian & New Zealand Journal of Statistics 45:205). 1 for n = 0.
    """
    if outcome.n == 0:
        return 1.0
    return _tail(_region_of(outcome), outcome.n, margin)


@functools.lru_cache(maxsize=4096)
def lower_limit(outcome: Outcome, alpha: float) -> float:
    """The largest difference a - b that `p_value_above` rejects at level `alpha`; -1 for n = 0."""
    if outcome.n == 0:
        return -1.0
    region = _region_of(outcome)

    def excess(difference: float) -> float:
        return _tail(region, outcome.n, difference) - alpha

    low, high = _bracket(excess, _approximate_limit(outcome))
    if low == high:
        return low
    return root(excess, low, high, 1e-7)


def exact_power(n: int, a_only: float, b_only: float, *, alpha: float, margin: float = 0.0) -> float:
    """Chance that `p_value_above` is at most `alpha`, from the chances that only a, and only b, gets a sample right."""
    return chance_of(critical_region(n, margin, alpha), n, a_only, b_only) if n else 0.0


def chance_of(region: Codes, n: int, a_only: float, b_only: float) -> float:
    """Chance that the outcome of n samples lies in a region as of `critical_region`; the others as in `exact_power`."""
    if min(a_only, b_only) < 0 or a_only + b_only > 1 + 1e-12:
        raise ValueError(f"chances of disagreement {a_only} and {b_only}: each at least 0, together at most 1")
    return float(_chances(region, n, np.array([a_only]), np.array([b_only]))[0])


@functools.lru_cache(maxsize=64)
def critical_region(n: int, margin: float, alpha: float) -> Codes:
    """For each number of wins of a alone, 0 to n, the most of b alone with which the test rejects; -1 where none do."""
    low, high = -1.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if _tail(_region(n, middle), n, margin) <= alpha:
            high = middle
        else:
            low = middle
    region = _region(n, high)
    region.setflags(write=False)
    return region


def score_z(a_only: Array, b_only: Array, n: int, difference: float) -> Array:
    """Tango's score statistic of a true difference, for arrays of counts; infinite where the fit leaves no variance."""
    gain, loss = a_only / n, b_only / n
    distance = gain - loss - difference
    middle = -gain - loss + (2 - gain + loss) * difference
    last = -loss * difference * (1 - difference)
    fitted = (np.sqrt(np.maximum(0, middle**2 - 8 * last)) - middle) / 4
    variance = np.maximum(0, 2 * fitted + difference * (1 - difference))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = distance * np.sqrt(n / variance)
    certain = np.where(np.abs(distance) < 1e-12, 0.0, np.copysign(np.inf, distance))
    return np.where(variance > 1e-15, z, certain)


def _bracket(excess: Callable[[float], float], guess: float) -> tuple[float, float]:
    """Two differences around the root, near the guess; -1 or 1 twice where there is none."""
    low, high, step = guess, guess, 0.02
    if excess(min(max(guess, -1 + 1e-12), 1 - 1e-12)) >= 0:
        while excess(low := max(low - step, -1 + 1e-12)) >= 0:
            if low == -1 + 1e-12:
                return -1.0, -1.0
            high, step = low, 2 * step
    else:
        while excess(high := min(high + step, 1 - 1e-12)) < 0:
            if high == 1 - 1e-12:
                return 1.0, 1.0
            low, step = high, 2 * step
    return max(low, -1 + 1e-12), min(high, 1 - 1e-12)


def _region_of(outcome: Outcome) -> Codes:
    """All outcomes that speak as strongly for a as this one, as in `critical_region`."""
    region = _region(outcome.n, _approximate_limit(outcome))
    # Its own boundary cell may fall just outside by rounding.
    region[outcome.a_only] = max(region[outcome.a_only], outcome.b_only)
    return _without_notches(region)


def _approximate_limit(outcome: Outcome) -> float:
    wins, losses = np.array(float(outcome.a_only)), np.array(float(outcome.b_only))
    seen = (outcome.a_only - outcome.b_only) / outcome.n

    def excess(difference: float) -> float:
        return min(1e6, float(score_z(wins, losses, outcome.n, difference))) - _ORDER_Z

    low = -1 + 1e-12
    return -1.0 if excess(low) <= 0 else root(excess, low, min(seen, 1 - 1e-12))


def _region(n: int, limit: float) -> Codes:
    """For each number of wins the most losses whose approximate lower limit is at least `limit`; -1 for none."""
    wins = np.arange(n + 1)
    low, high = np.full(n + 1, -1), n - wins
    while np.any(low < high):
        middle = (low + high + 1) // 2
        inside = score_z(wins.astype(np.float64), middle.astype(np.float64), n, limit) >= _ORDER_Z - _TIE
        low = np.where(inside, middle, low)
        high = np.where(inside, high, middle - 1)
    return _without_notches(low)


def _without_notches(region: Codes) -> Codes:
    """More wins never speak less for a; rounding at the boundary could say so."""
    most: Codes = np.minimum(np.maximum.accumulate(region), np.arange(len(region))[::-1])
    return most


def _tail(region: Codes, n: int, difference: float) -> float:
    """The largest chance of the region over all discordances with this true difference."""
    least, most = max(0.0, -difference), (1 - difference) / 2
    share = np.sin(np.linspace(0, np.pi / 2, _N_NUISANCE)) ** 2
    chances = _chances(region, n, *_pair(least + (most - least) * share, difference))
    best = int(np.argmax(chances))
    around = np.linspace(share[max(best - 1, 0)], share[min(best + 1, len(share) - 1)], 9)
    refined = _chances(region, n, *_pair(least + (most - least) * around, difference))
    return float(max(chances[best], refined.max()))


def _pair(b_only: Array, difference: float) -> tuple[Array, Array]:
    return np.clip(b_only + difference, 0.0, 1.0), b_only


def _chances(region: Codes, n: int, a_only: Array, b_only: Array) -> Array:
    """The chance of the region for each pair of chances of disagreement; shapes (k,)."""
    spread = _WINDOW_SDS * np.sqrt(n * a_only * (1 - a_only)) + 3
    first = np.clip(np.floor(n * a_only - spread), 0, n).astype(np.int64)
    last = np.clip(np.ceil(n * a_only + spread), 0, n).astype(np.int64)
    wins = first[:, None] + np.arange(int((last - first).max()) + 1)
    known = wins <= last[:, None]
    wins = np.minimum(wins, n)
    most = region[wins]
    chance = np.where(known & (most >= 0), special.xlogy(wins, a_only[:, None]), -np.inf)
    chance = np.exp(chance + special.xlog1py(n - wins, -a_only[:, None]) + _log_choose(n)[wins])
    rest = np.minimum(1.0, np.divide(b_only, 1 - a_only, out=np.zeros_like(b_only), where=a_only < 1))
    below = special.bdtr(np.maximum(most, 0).astype(np.float64), np.maximum(n - wins, 0), rest[:, None])
    total: Array = np.sum(chance * below, axis=1)
    return total


@functools.lru_cache(maxsize=16)
def _log_choose(n: int) -> Array:
    k = np.arange(n + 1.0)
    found: Array = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    found.setflags(write=False)
    return found
