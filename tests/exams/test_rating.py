"""Ratings from contests: against brute force over ratings, and against every outcome of small contests."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.exams.rating import TOP_RATING, Contest, expected_rank, rank_of, rate, rating_at_rank, simulate

FIELD = np.array([800.0, 1200, 1200, 1500, 1900, 2400])


def test_the_expected_rank_is_one_and_the_chances_to_be_beaten() -> None:
    # An equal wins half of the time, one who is 400 better 10 of 11 times, one who is 400 worse 1 of 11.
    assert expected_rank(1500, np.array([1500.0, 1900, 1100])) == pytest.approx(1 + 1 / 2 + 10 / 11 + 1 / 11)


@given(st.lists(st.integers(0, 3500), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_the_rating_at_a_rank_is_the_one_that_brute_force_finds(ratings: list[int], part: float) -> None:
    field = np.array(ratings, dtype=np.float64)
    rank = 1 + part * len(field)
    grid = np.arange(0, TOP_RATING + 1)
    ranks = 1 + np.sum(1 / (1 + 10 ** ((grid[:, None] - field) / 400)), axis=1)
    assert rating_at_rank(rank, field) == pytest.approx(grid[np.argmin(np.abs(ranks - rank))], abs=1)


def test_a_better_rank_never_has_a_lower_rating_and_the_ends_are_bounded() -> None:
    ratings = [rating_at_rank(rank, FIELD) for rank in np.linspace(1, 7, 25)]
    assert ratings == sorted(ratings, reverse=True)
    assert (ratings[0], ratings[-1]) == (TOP_RATING, 0)
    with pytest.raises(ValueError, match="lies between 1 and 7"):
        rating_at_rank(8, FIELD)


def test_a_shared_score_shares_the_places() -> None:
    scores = np.array([3.0, 2, 2, 2, 1])
    assert [rank_of(score, scores) for score in (4, 3, 2, 0)] == [1, 1.5, 3.5, 6]


def test_simulations_follow_the_chances_of_every_outcome() -> None:
    """Two problems, two attempts each: a problem with c of 2 passes is solved with chance 1 - ((2 - c) / 2)^2."""
    scores = np.array([0.0, 1, 1, 2, 3, 3])
    contest = Contest.of(FIELD, scores, [1, 2], [[True, False], [False, True]])
    found = simulate(contest, 20_000, np.random.default_rng(2))
    chances: dict[float, float] = {}
    for solved in itertools.product([True, False], repeat=2):
        chance = float(np.prod([0.75 if one else 0.25 for one in solved]))
        score = 1.0 * solved[0] + 2.0 * solved[1]
        rating = rating_at_rank(rank_of(score, scores), FIELD) if any(solved) else 0.0
        chances[rating] = chances.get(rating, 0) + chance
    assert set(found) <= set(chances)
    for rating, chance in chances.items():
        assert np.mean(found == rating) == pytest.approx(chance, abs=0.012)


def test_failed_attempts_before_the_first_pass_cost_the_penalty() -> None:
    contest = Contest.of([1000.0, 1000], [95.0, 85], [100], [[False, True]], penalty=10)
    found = simulate(contest, 4000, np.random.default_rng(4))
    # Both drawn attempts fail: 1/4. The first passes: 1/2, 100 points. The second one only: 1/4, 90 points.
    shares = [
        float(np.mean(found == rating)) for rating in (0, TOP_RATING, rating_at_rank(2, np.array([1000.0, 1000])))
    ]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.03)


def test_contests_without_a_solved_problem_count_as_zero_in_the_mean() -> None:
    lost = Contest.of(FIELD, np.arange(6.0), [1, 1], np.zeros((2, 10), dtype=bool))
    won = Contest.of(FIELD, np.arange(6.0), [1, 1], np.ones((2, 10), dtype=bool))
    rating = rate([lost, won], np.random.default_rng(0), n_simulations=50)
    assert rating.simulated.shape == (2, 50)
    assert rating.zero_share == 0.5
    assert rating.mean.value == pytest.approx(rating_at_rank(4.5, FIELD) / 2)
    assert rating.mean.n == 2


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one each a contestant"):
        Contest.of([1000.0], [1.0, 2.0], [1], [[True]])
    with pytest.raises(ValueError, match="passed: shape"):
        Contest.of([1000.0], [1.0], [1, 2], [[True]])
    with pytest.raises(ValueError, match="at least one contest"):
        rate([], np.random.default_rng(0))
