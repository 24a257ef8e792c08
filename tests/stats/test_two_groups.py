"""Differences of two groups of samples, against published examples and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evals.stats.two_groups import group_difference


def binary(right: int, n: int) -> list[int]:
    return [1] * right + [0] * (n - right)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombes_published_examples(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17:873, Table II, method 10."""
    found = group_difference(binary(*first), binary(*second))
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=6e-5)
    assert (found.n_first, found.n_second) == (first[1], second[1])


def test_fractions_get_welchs_interval() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.beta(5, 2, 30), rng.beta(2, 2, 12)
    found = group_difference(a, b)
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))
    assert found.value == pytest.approx(a.mean() - b.mean())
    assert found.stderr == pytest.approx(math.sqrt(a.var(ddof=1) / 30 + b.var(ddof=1) / 12))


@pytest.mark.parametrize(("first", "second"), [([], [1.0]), ([0.5], []), ([0.5], [0.2, 0.1]), ([0.5, 0.5], [0.2, 0.2])])
def test_no_interval_where_there_is_none(first: list[float], second: list[float]) -> None:
    found = group_difference(first, second)
    assert not found.interval.defined
    assert math.isnan(found.value) == (not first or not second)


def test_a_cluster_that_reaches_into_both_groups_is_no_independent_evidence() -> None:
    """Passages that are hard or easy as a whole cancel out where each has one question in each group."""
    rng = np.random.default_rng(2)
    ease = rng.normal(0.5, 0.2, 40)
    first, second = ease + rng.normal(0, 0.02, 40), ease + rng.normal(0, 0.02, 40)
    passages = [f"passage {number}" for number in range(40)]
    apart = group_difference(first, second)
    together = group_difference(first, second, (passages, passages))
    paired = stats.ttest_1samp(first - second, 0).confidence_interval(0.95)
    assert together.interval.width == pytest.approx(paired.high - paired.low, rel=0.1)
    assert together.interval.width < apart.interval.width / 4


def test_the_interval_covers_the_truth_for_few_samples_near_the_end() -> None:
    rng = np.random.default_rng(3)
    covered = [0.9 - 0.6 in group_difference(rng.random(60) < 0.9, rng.random(10) < 0.6).interval for _ in range(2000)]
    assert 0.93 <= np.mean(covered) <= 0.98
