"""Intervals against scipy, closed forms and counting."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from scipy import stats

from evals.stats.intervals import Z95, ExactSum, mean_of, t975, t_interval, wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 10), (10, 10), (7, 10), (37, 149), (3660, 5214)])
def test_wilson_is_that_of_scipy(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_gives_the_published_interval_of_a_win_rate() -> None:
    low, high = wilson(0.702 * 5214, 5214)
    assert (round(low, 3), round(high, 3)) == (0.689, 0.714)


def test_wilson_stays_inside_and_has_a_width_at_the_ends() -> None:
    assert wilson(0, 20)[0] == 0.0
    assert wilson(20, 20)[1] == 1.0
    assert 0.0 < wilson(0, 20)[1] < wilson(1, 20)[1]


def test_wilson_of_nothing_is_undefined() -> None:
    assert all(map(math.isnan, wilson(0, 0)))


@pytest.mark.parametrize("df", [1, 2, 3, 4, 5, 7, 10, 29, 30, 99, 200, 201, 1000, 10**6])
def test_quantiles_of_t_are_those_of_scipy(df: int) -> None:
    assert t975(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-9)


def test_the_normal_quantile_is_that_of_scipy() -> None:
    assert pytest.approx(stats.norm.ppf(0.975), abs=1e-15) == Z95


def test_no_degrees_of_freedom_no_quantile() -> None:
    assert math.isnan(t975(0))


def test_t_interval_is_that_of_scipy() -> None:
    expected = stats.t.interval(0.95, df=11, loc=0.4, scale=0.05)
    assert t_interval(0.4, 0.05, 12) == pytest.approx(expected)


@pytest.mark.parametrize(("stderr", "n"), [(math.nan, 5), (0.1, 1), (0.1, 0)])
def test_t_interval_needs_two_values(stderr: float, n: int) -> None:
    assert all(map(math.isnan, t_interval(0.5, stderr, n)))


def test_an_exact_sum_loses_nothing_in_any_order() -> None:
    rng = random.Random(3)
    values = [rng.uniform(-1, 1) * 10.0 ** rng.randint(-30, 30) for _ in range(200)]
    exact = sum(map(Fraction, values), Fraction(0))
    for _ in range(5):
        rng.shuffle(values)
        total = ExactSum()
        for value in values:
            total.add(value)
        assert total.exact == exact
        assert total.value == math.fsum(values)


def test_the_sum_of_nothing_is_zero() -> None:
    assert ExactSum().value == 0.0
    assert ExactSum().exact == 0


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([1 / 3] * 12 + [0.0] * 28, 0.1),
        ([1 / 3, 2 / 3, 1.0, 0.0, 2 / 3, 1 / 3], 0.5),
        ([0.1] * 3, 0.1),
        ([1e16, 1.0, -1e16], 1 / 3),
        ([1.7e308, 1.5e308], 1.6e308),
        ([0.25], 0.25),
    ],
)
def test_means_of_fractions_are_the_fractions_that_they_stand_for(values, mean):
    assert mean_of(values) == mean_of(values[::-1]) == mean


def test_the_mean_of_thirds_is_the_rounded_mean_of_the_true_thirds():
    """Whatever the number of thirds: the sum of their floats rounds to the sum that they stand for."""
    rng = random.Random(3)
    for _ in range(2000):
        thirds = [rng.randrange(4) for _ in range(rng.randrange(2, 300))]
        thirds += [0] * (-sum(thirds) % 3) + [1] * (-sum(thirds) % 3)
        assert mean_of([k / 3 for k in thirds]) == float(Fraction(sum(thirds), 3 * len(thirds)))


def test_the_mean_of_nothing_is_not_defined():
    assert math.isnan(mean_of([]))
