"""A rating from programming contests: the rating whose expected rank in the real field is the rank that was won.

GPT-4 Technical Report, appendix A.6 (arXiv:2303.08774): about ten contests, ten attempts a problem, each contest played
100 times by drawing attempts anew; a contest without a solved problem counts as 0; the rating is the mean over all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evals.stats.arrays import Array
from evals.stats.estimate import Estimate
from evals.stats.standard_error import mean_estimate

TOP_RATING = 5000.0
"Where the search ends: no finite rating expects to beat everybody."
SCALE = 400.0
N_SIMULATIONS = 100
_STEPS = 60


@dataclass(frozen=True)
class Contest:
    """One contest: its real field, and what the model's attempts came to."""

    ratings: Array
    "Shape (n_field,): the contestants' ratings before it."
    scores: Array
    "Shape (n_field,): what they scored in it."
    points: Array
    "Shape (n_problems,): what each problem is worth."
    passed: NDArray[np.bool_]
    "Shape (n_problems, n_attempts): which of the model's attempts passed."
    penalty: float = 0.0
    "Points that each failed attempt before the first that passed costs, on problems that are solved."

    @classmethod
    def of(
        cls, ratings: ArrayLike, scores: ArrayLike, points: ArrayLike, passed: ArrayLike, penalty: float = 0.0
    ) -> Contest:
        """Checked. Raises ValueError for shapes that do not fit, an empty field, or no problems or attempts."""
        field, won, worth = (np.asarray(one, dtype=np.float64) for one in (ratings, scores, points))
        attempts = np.asarray(passed, dtype=bool)
        if field.ndim != 1 or field.shape != won.shape or len(field) == 0:
            raise ValueError(f"ratings and scores: one each a contestant, got shapes {field.shape} and {won.shape}")
        if attempts.ndim != 2 or worth.shape != attempts.shape[:1] or attempts.size == 0:
            raise ValueError(f"passed: shape (problems, attempts) for {worth.shape} points, got {attempts.shape}")
        if not np.isfinite(field).all() or not np.isfinite(won).all():
            raise ValueError("ratings and scores are finite numbers")
        return cls(field, won, worth, attempts, penalty)


@dataclass(frozen=True)
class Rating:
    """The rating of a model over several contests."""

    mean: Estimate
    "Over all simulations; contests are the units of its interval, as simulations of one share its attempts."
    median: float
    "Of all simulations."
    zero_share: float
    "Simulations without a solved problem, a rate in [0, 1]: often half of them, so show it beside the mean."
    simulated: Array
    "Shape (n_contests, n_simulations)."


def expected_rank(rating: float, field: Array) -> float:
    """1 plus the chances of all contestants to beat the rating: 1 / (1 + 10^((rating - theirs) / 400)) each."""
    return float(1 + np.sum(1 / (1 + 10 ** ((rating - field) / SCALE))))


def rating_at_rank(rank: float, field: Array) -> float:
    """The rating whose expected rank in a field is `rank`, within 0 and TOP_RATING.

    field: shape (n,), ratings. Ranks run from 1, the best, to n + 1; a place shared with others may be a fraction.

    Raises:
        ValueError: a rank outside 1 and n + 1.
    """
    if not 1 <= rank <= len(field) + 1:
        raise ValueError(f"a rank among {len(field)} lies between 1 and {len(field) + 1}, got {rank}")
    low, high = 0.0, TOP_RATING
    if rank >= expected_rank(low, field):
        return low
    if rank <= expected_rank(high, field):
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if expected_rank(middle, field) > rank else (low, middle)
    return (low + high) / 2


def rank_of(score: float, scores: Array) -> float:
    """The rank that a score wins in a field: 1 plus those above it, and half of those with the same score."""
    return 1 + float(np.sum(scores > score)) + float(np.sum(scores == score)) / 2


def simulate(contest: Contest, n_simulations: int, rng: np.random.Generator) -> Array:
    """Ratings of a contest played `n_simulations` times, shape (n_simulations,); 0 where no problem was solved.

    Each time, every problem gets as many attempts as the model made, drawn from these with replacement, one after
    another until one passes.
    """
    n_problems, n_attempts = contest.passed.shape
    drawn = rng.integers(0, n_attempts, (n_simulations, n_problems, n_attempts))
    passes = np.take_along_axis(contest.passed[None], drawn, axis=2)
    solved, failed_before = passes.any(axis=2), passes.argmax(axis=2)
    scores = np.sum(solved * (contest.points - contest.penalty * failed_before), axis=1)
    rating_of = {float(score): rating_at_rank(rank_of(score, contest.scores), contest.ratings) for score in set(scores)}
    ratings = np.array([rating_of[float(score)] for score in scores])
    return np.where(np.sum(solved, axis=1) > 0, ratings, 0.0)


def rate(contests: Sequence[Contest], rng: np.random.Generator, n_simulations: int = N_SIMULATIONS) -> Rating:
    """The rating over contests. Raises ValueError without any."""
    if not contests:
        raise ValueError("a rating needs at least one contest")
    simulated = np.array([simulate(contest, n_simulations, rng) for contest in contests])
    return Rating(
        mean_estimate(simulated.mean(axis=1)),
        float(np.median(simulated)),
        float(np.mean(simulated == 0)),
        simulated,
    )
