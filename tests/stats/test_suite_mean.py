"""The mean of several evals: its error by the strata formula, its interval by simulation, and where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.stats.means import estimate
from evals.stats.suite_mean import mean_of_evals


def test_the_error_is_that_of_independent_evals_added_up():
    rng = np.random.default_rng(0)
    parts = [rng.random(n) * 3 for n in (20, 50, 400)]
    found = mean_of_evals([estimate(part) for part in parts])
    assert found.value == pytest.approx(np.mean([part.mean() for part in parts]))
    assert found.stderr == pytest.approx(math.sqrt(sum(part.var(ddof=1) / len(part) for part in parts)) / 3)
    assert (found.n, found.method) == (470, "student t")


def test_one_eval_is_its_own_mean():
    one = estimate([0.0, 2.0, 5.0, 1.0])
    found = mean_of_evals([one])
    assert (found.value, found.stderr) == pytest.approx((one.value, one.stderr))
    assert (found.interval.low, found.interval.high) == pytest.approx((one.interval.low, one.interval.high))


@pytest.mark.parametrize("rates", [(0.5, 0.8), (0.95, 0.99, 0.9), (0.3, 0.6, 0.8, 0.97, 1.0), (1.0, 1.0)])
@pytest.mark.parametrize("n", [10, 60])
def test_the_interval_holds_the_mean_of_the_evals_rates(rates, n):
    rng, held = np.random.default_rng(n), 0
    for _ in range(400):
        scores = [(rng.random(n + 7 * i) < rate).astype(float) for i, rate in enumerate(rates)]
        held += float(np.mean(rates)) in mean_of_evals([estimate(one) for one in scores]).interval
    assert held / 400 > 0.915  # 95 % less three standard errors of 400 runs


def test_perfect_evals_prove_no_perfection():
    found = mean_of_evals([estimate([1.0] * 20), estimate([1.0] * 30)])
    assert found.value == 1
    assert 0.85 < found.interval.low < 0.97


def test_nothing_can_be_said_of_no_evals_or_of_one_sample():
    assert math.isnan(mean_of_evals([]).value)
    assert not mean_of_evals([estimate([1.0]), estimate([1.0, 0.0])]).interval.defined
