"""The smallest drop that a run can show, against the counted power of the test that is made of two runs."""

from __future__ import annotations

import math

import pytest

from evals.stats.detectable import MAX_COUNTED, detectable_drop, power_of_drop
from evals.stats.paired_method import detectable_from, power_of


def chances(accuracy: float, drop: float, correlation: float) -> tuple[float, float]:
    """Chances that only the first, and only the second run gets a sample right."""
    fewer = accuracy - drop
    both = min(fewer, accuracy * fewer + correlation * math.sqrt(accuracy * (1 - accuracy) * fewer * (1 - fewer)))
    return accuracy - both, fewer - both


@pytest.mark.parametrize(("accuracy", "n", "correlation", "alpha"), [(0.85, 40, 0.5, 0.05), (0.6, 700, 0.2, 0.01)])
def test_with_two_runs_it_is_the_smallest_drop_of_the_very_test(accuracy, n, correlation, alpha):
    drop = detectable_from(accuracy, n, correlation, alpha=alpha)
    assert power_of(n, *chances(accuracy, drop, correlation), alpha=alpha / 2) >= 0.8
    assert power_of(n, *chances(accuracy, drop - 0.002, correlation), alpha=alpha / 2) < 0.8


@pytest.mark.parametrize("correlation", [0.3, 0.7])
@pytest.mark.parametrize(("accuracy", "n"), [(0.98, 200), (0.5, 100), (0.8, 164), (0.181, 238), (0.8, 500), (1.0, 80)])
def test_the_drop_is_found_as_often_as_is_said(accuracy, n, correlation):
    drop = detectable_drop(accuracy, n, correlation)
    assert power_of(n, *chances(accuracy, drop, correlation), alpha=0.025) == pytest.approx(0.8, abs=0.005)


@pytest.mark.parametrize(("accuracy", "n"), [(0.95, 20), (0.7, 30), (0.9, 50)])
def test_few_samples_find_it_at_least_as_often(accuracy, n):
    drop = detectable_drop(accuracy, n, 0.3)
    assert 0.8 <= power_of(n, *chances(accuracy, drop, 0.3), alpha=0.025) < 0.93


@pytest.mark.parametrize(("accuracy", "n"), [(0.9, 1319), (0.6, 2500)])
def test_the_approximation_for_many_samples_is_that_of_counting(accuracy, n):
    assert n > MAX_COUNTED
    drop = detectable_drop(accuracy, n, 0.7)
    assert power_of(n, *chances(accuracy, drop, 0.7), alpha=0.025) == pytest.approx(0.8, abs=0.02)


def test_what_cannot_drop_so_far_is_not_a_number():
    assert math.isnan(detectable_drop(0.0, 100, 0.3))
    assert math.isnan(detectable_drop(0.05, 40, 0.3))
    assert math.isnan(detectable_drop(1.0, 3, 0.3))
    assert power_of_drop(0.5, 0.0, 100, 1.0) == 0
