"""Empirical Bayes estimates of groups: the published batting averages, and coverage over the groups by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.stats.shrinkage import shrunk, variances_of_means

BATTING = [0.400, 0.378, 0.356, 0.333, 0.311, 0.311, 0.289, 0.267, 0.244, 0.244]
BATTING += [0.222, 0.222, 0.222, 0.222, 0.222, 0.200, 0.178, 0.156]
"Of 18 players after 45 turns at bat: Efron and Morris 1977, Scientific American 236:119."


def test_equal_variances_give_the_james_stein_estimates_of_the_batting_averages():
    """Roberto Clemente's 0.400 becomes 0.294, and Max Alvis's 0.156 becomes 0.242, as published."""
    variance = 0.265 * 0.735 / 45
    found = shrunk(BATTING, [variance] * 18)
    y = np.array(BATTING)
    factor = 1 - 15 * variance / np.sum((y - y.mean()) ** 2)
    assert found.values == pytest.approx(y.mean() + factor * (y - y.mean()), abs=1e-9)
    assert (round(found.values[0], 3), round(found.values[-1], 3)) == (0.294, 0.242)


def test_small_groups_move_further_than_large_ones():
    found = shrunk([0.9, 0.9, 0.5, 0.4, 0.6], [0.03, 0.001, 0.01, 0.01, 0.01])
    assert found.weights[0] > found.weights[1]
    assert abs(found.values[0] - found.mean) < abs(found.values[1] - found.mean)


def test_groups_that_differ_by_chance_alone_share_nearly_one_value():
    found = shrunk([0.5, 0.51, 0.49, 0.5, 0.5, 0.5], [0.01] * 6)
    assert found.spread == 0
    assert np.ptp(found.values) < np.ptp([0.51, 0.49])


@pytest.mark.parametrize("values", [[], [0.1, 0.2, 0.3], [0.1, 0.2, math.nan, 0.3]])
def test_too_few_groups_are_left_alone(values):
    assert shrunk(values, [0.1] * len(values)) is None


def test_groups_without_any_spread_are_left_alone():
    assert shrunk([1.0] * 5, variances_of_means([0.0] * 5, [4] * 5)) is None


def test_one_spread_is_taken_for_all_groups():
    errors = [math.sqrt(0.2 / 10), 0.0, math.nan]
    assert variances_of_means(errors, [10, 10, 1]) == pytest.approx([0.01, 0.01, 0.1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("k", "mean", "alike"), [(5, 0.8, 30), (8, 0.5, 4), (12, 0.95, 30), (57, 0.8, 30), (57, 0.95, 4)]
)
def test_over_the_groups_the_intervals_hold_93_of_100_values(k, mean, alike):
    rng, held, total = np.random.default_rng(k), 0, 0
    for _ in range(3000 // k):
        rates, sizes = rng.beta(mean * alike, (1 - mean) * alike, k), rng.integers(5, 46, k)
        seen = rng.binomial(sizes, rates) / sizes
        found = shrunk(seen, variances_of_means(np.sqrt(seen * (1 - seen) / (sizes - 1)), sizes))
        if found is not None:
            held += sum(rates[group] in found.interval(group) for group in range(k))
            total += k
    assert held / total > 0.92
