"""The spread of rates beyond chance, against scipy and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evals.stats.spread_of_rates import noncentral_cdf, spread_interval


@pytest.mark.parametrize("df", [1, 3, 9])
@pytest.mark.parametrize("q", [0.01, 1.5, 12.0, 180.0])
@pytest.mark.parametrize("noncentrality", [0.0, 0.4, 9.0, 150.0])
def test_the_distribution_is_that_of_scipy(q, df, noncentrality):
    expected = stats.ncx2.cdf(q, df, noncentrality) if noncentrality else stats.chi2.cdf(q, df)
    assert noncentral_cdf(q, df, noncentrality) == pytest.approx(expected, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("rates", [[0.5] * 4, [0.7, 0.6, 0.5, 0.6], [0.9, 0.4, 0.5, 0.5], [0.25, 0.35]])
@pytest.mark.parametrize("n", [60, 400])
def test_the_interval_holds_the_true_spread(rates, n):
    rng, truth = np.random.default_rng(n), float(np.std(rates))
    held = 0
    for _ in range(400):
        low, high = spread_interval([int(rng.binomial(n, rate)) for rate in rates], [n] * len(rates))
        held += low - 1e-12 <= truth <= high
    assert held >= 400 * 0.93 - 2 * math.sqrt(400 * 0.95 * 0.05)


def test_both_forms_meet_where_they_change_over():
    below, above = ([round(1000 * (0.5 + d)) for d in (-x, x)] for x in (0.1579, 0.1583))
    assert spread_interval(below, [1000] * 2) == pytest.approx(spread_interval(above, [1000] * 2), abs=3e-3)


def test_where_all_are_hit_nothing_is_known():
    assert all(map(math.isnan, spread_interval([5, 5], [5, 5])))
