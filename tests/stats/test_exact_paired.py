"""Exact tests, limits and power of paired proportions, against enumeration of all outcomes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evals.stats.exact_paired import (
    Outcome,
    critical_region,
    exact_power,
    lower_limit,
    p_value_above,
)
from evals.stats.paired_method import Exact, Judgement

ALL = [(wins, losses) for wins in range(9) for losses in range(9 - wins)]


def chance_of(outcomes, n: int, a_only: float, b_only: float) -> float:
    shares = [a_only, b_only, max(0.0, 1 - a_only - b_only)]
    return float(sum(stats.multinomial.pmf([w, v, n - w - v], n, shares) for w, v in outcomes))


@pytest.mark.slow
@pytest.mark.parametrize("margin", [0.0, -0.1, 0.2])
def test_the_p_value_is_the_largest_chance_of_what_speaks_as_strongly(margin):
    """All outcomes of 8 samples, summed one by one over 300 discordances."""
    p = {outcome: p_value_above(Outcome(*outcome, 8), margin) for outcome in ALL}
    for wins, losses in [(8, 0), (5, 0), (4, 1), (3, 3), (1, 4)]:
        as_strong = [other for other in ALL if p[other] <= p[wins, losses] + 1e-12]
        grid = np.linspace(max(0.0, -margin), (1 - margin) / 2, 300)
        largest = max(chance_of(as_strong, 8, b_only + margin, b_only) for b_only in grid)
        assert p[wins, losses] == pytest.approx(largest, abs=2e-4)


def both_sides(outcome: Outcome) -> Judgement:
    return Judgement(Exact(outcome), Exact(outcome.swapped), "exact score")


@pytest.mark.parametrize(("n", "margin"), [(20, 0.0), (20, -0.02), (57, -0.02), (100, -0.02), (300, -0.02), (300, 0.0)])
def test_the_size_never_exceeds_the_level(n, margin):
    grid = np.linspace(max(0.0, -margin), (1 - margin) / 2, 400)
    sizes = [exact_power(n, b_only + margin, b_only, alpha=0.05, margin=margin) for b_only in grid]
    assert max(sizes) <= 0.05 + 1e-6
    assert max(sizes) > 0.035, "no more cautious than whole numbers force it to be"


def test_the_critical_region_is_where_the_p_value_is_at_most_alpha():
    region = critical_region(8, -0.05, 0.1)
    assert {outcome for outcome in ALL if outcome[1] <= region[outcome[0]]} == {
        outcome for outcome in ALL if p_value_above(Outcome(*outcome, 8), -0.05) <= 0.1
    }


@pytest.mark.parametrize("outcome", [Outcome(3, 12, 40), Outcome(0, 5, 5), Outcome(2, 2, 30), Outcome(30, 12, 150)])
def test_limit_and_p_value_are_one_method(outcome):
    limit = lower_limit(outcome, 0.05)
    if limit > -1:
        assert p_value_above(outcome, limit) == pytest.approx(0.05, abs=1e-4)
    judged, mirrored = both_sides(outcome), both_sides(outcome.swapped).interval(0.95)
    interval = judged.interval(0.95)
    assert (0 in interval) == (judged.p_value > 0.05)
    assert (mirrored.low, mirrored.high) == (-interval.high, -interval.low)


@pytest.mark.parametrize(("a_only", "b_only", "n"), [(0.05, 0.05, 20), (0.0, 0.1, 20), (0.02, 0.0, 12), (0.3, 0.2, 12)])
def test_intervals_hold_the_truth_as_often_as_they_say(a_only, b_only, n):
    outcomes = [(w, v) for w in range(n + 1) for v in range(n + 1 - w)]
    held = [o for o in outcomes if a_only - b_only in both_sides(Outcome(*o, n)).interval(0.95)]
    assert chance_of(held, n, a_only, b_only) >= 0.95


def test_no_samples_say_nothing():
    assert p_value_above(Outcome(0, 0, 0)) == 1
    assert lower_limit(Outcome(0, 0, 0), 0.05) == -1
    assert exact_power(0, 0.1, 0.0, alpha=0.05) == 0
    with pytest.raises(ValueError, match="at most n"):
        Outcome(3, 3, 5)
