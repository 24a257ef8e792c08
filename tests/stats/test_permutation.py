"""The permutation test against enumeration, scipy and McNemar."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from evals.stats.mcnemar import mcnemar
from evals.stats.permutation import permutation_test


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_small_samples_are_counted_over_every_sign_pattern():
    a, b = rng().random(9), rng().random(9)[::-1]
    seen = abs((a - b).mean())
    means = [abs((np.array(signs) * (a - b)).mean()) for signs in itertools.product([-1, 1], repeat=9)]
    found = permutation_test(a, b, rng=rng())
    assert found.exact
    assert found.p_value == pytest.approx(np.mean([mean >= seen - 1e-12 for mean in means]))


def test_small_samples_equal_scipy():
    a, b = rng().random(10), rng().random(10)[::-1]
    theirs = scipy_stats.permutation_test((a, b), lambda x, y: np.mean(x - y), permutation_type="samples")
    assert permutation_test(a, b, rng=rng()).p_value == pytest.approx(theirs.pvalue)


def test_zeros_and_ones_equal_mcnemar_and_ties_count_as_equal():
    a, b = np.array([1] * 9 + [0] * 3 + [1] * 50), np.array([0] * 9 + [1] * 3 + [1] * 50)
    assert permutation_test(a * 0.1, b * 0.1, rng=rng()).p_value == pytest.approx(mcnemar(9, 3))


def test_drawn_patterns_come_near_the_exact_value_and_never_reach_zero():
    a, b = np.repeat([1, 0, 1], [40, 22, 30]), np.repeat([0, 1, 1], [40, 22, 30])
    found = permutation_test(a, b, rng=rng(), n_permutations=50_000)
    assert not found.exact
    assert found.p_value == pytest.approx(mcnemar(40, 22), abs=0.003)
    assert permutation_test(np.ones(60), np.zeros(60), rng=rng(), n_permutations=99).p_value == pytest.approx(0.01)


def test_samples_of_a_cluster_change_sign_together():
    a, b, clusters = np.array([1.0] * 8), np.zeros(8), [1, 1, 1, 1, 2, 2, 3, 3]
    found = permutation_test(a, b, clusters, rng=rng())
    assert (found.p_value, found.n_permutations) == (2 / 8, 8)


def test_nothing_that_differs_has_p_one_and_nothing_at_all_none():
    assert permutation_test([1.0, 0.0], [1.0, 0.0], rng=rng()).p_value == 1
    assert math.isnan(permutation_test([], [], rng=rng()).p_value)
    assert math.isnan(permutation_test([math.nan], [1.0], rng=rng()).p_value)
