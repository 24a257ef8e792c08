"""Means over these very samples: by all choices of samples and all draws, by exact coverage, and where nothing is open."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from evals.stats.finite_population import ONE_DRAW, SEVERAL_DRAWS, these_samples


def once(scores: list[float], population: int):
    return these_samples(scores, [math.nan] * len(scores), [1] * len(scores), population)


def test_the_error_of_samples_evaluated_once_is_right_on_average_over_all_choices_of_samples():
    scores = [0.0, 3.0, 1.0, 7.0, 2.0, 2.0]
    chosen = [list(part) for part in itertools.combinations(scores, 3)]
    found = [once(part, 6) for part in chosen]
    assert np.mean([one.stderr**2 for one in found]) == pytest.approx(np.var([np.mean(part) for part in chosen]))
    assert {one.method for one in found} == {ONE_DRAW}


def test_the_error_of_several_draws_is_right_on_average_over_all_choices_and_all_draws():
    population = [(2.0, 6.0), (3.0, 5.0), (11.0, 11.0)]  # each score of a sample is one of two, equally likely
    means, squares = [], []
    for chosen in itertools.combinations(population, 2):
        for draws in itertools.product(*(itertools.product(both, repeat=2) for both in chosen)):
            table = np.array(draws)
            found = these_samples(table.mean(axis=1), table.var(axis=1, ddof=1), [2, 2], 3)
            means.append(found.value)
            squares.append(found.stderr**2)
    assert np.mean(squares) == pytest.approx(np.var(means))


@pytest.mark.parametrize(("n", "population"), [(20, 40), (50, 200), (150, 200), (30, 1000)])
def test_the_interval_holds_the_score_of_the_whole_dataset(n, population):
    ends = [once([1.0] * hits + [0.0] * (n - hits), population).interval for hits in range(n + 1)]
    low, high = np.array([end.low for end in ends]), np.array([end.high for end in ends])
    held = []
    for right in range(population + 1):
        chances = stats.hypergeom.pmf(np.arange(n + 1), population, right, n)
        held.append(float(chances @ ((low <= right / population + 1e-12) & (right / population <= high + 1e-12))))
    assert np.mean(held) > 0.945
    assert min(held[int(0.05 * population) : int(0.95 * population) + 1]) > 0.9


@pytest.mark.parametrize(
    ("n", "population", "repeats", "mean"), [(50, 50, 2, 0.9), (40, 40, 5, 0.5), (60, 150, 3, 0.8)]
)
def test_the_interval_holds_the_models_own_mean_over_the_dataset(n, population, repeats, mean):
    rng, held = np.random.default_rng(4), 0
    for _ in range(400):
        rates = rng.beta(2 * mean, 2 * (1 - mean), population)
        chosen = rng.permutation(population)[:n]
        drawn = (rng.random((n, repeats)) < rates[chosen][:, None]).astype(float)
        found = these_samples(drawn.mean(axis=1), drawn.var(axis=1, ddof=1), [repeats] * n, population)
        held += rates.mean() in found.interval
        assert found.method == SEVERAL_DRAWS
    assert held / 400 > 0.915  # 95 % less three standard errors of 400 runs


def test_the_score_of_all_samples_evaluated_once_is_known():
    found = once([1.0, 0.0, 1.0], 3)
    assert (found.value, found.interval.defined) == (pytest.approx(2 / 3), False)


def test_more_of_the_dataset_leaves_less_open():
    half, most = (once([1.0, 0.0] * 25, population).interval for population in (100, 60))
    assert most.width < half.width < once([1.0, 0.0] * 25, 10**6).interval.width


def test_a_part_is_not_larger_than_the_whole():
    with pytest.raises(ValueError, match="4 samples of a population of 3"):
        once([1.0] * 4, 3)


def test_a_metric_that_reaches_beyond_1_has_student_s_interval_whatever_its_scores():
    scores = [0.2, 0.9, 0.5, 0.7]
    found = these_samples(scores, [math.nan] * 4, [1] * 4, 16, beyond_unit=True)
    half = stats.t.ppf(0.975, 3) * math.sqrt((1 - 4 / 16) * np.var(scores, ddof=1) / 4)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.575 - half, 0.575 + half))
