"""Means of groups and ratios over clusters, against statsmodels and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from evals.stats.means import estimate, mean_of_groups, ratio_of_totals
from evals.stats.moments import Moments
from evals.stats.moments import mean_of_groups as streamed_mean_of_groups


def clustered(rng, n_clusters: int, size: int, p: float):
    shares = rng.beta(p * 2, (1 - p) * 2, n_clusters)
    return (rng.random((n_clusters, size)) < shares[:, None]).astype(float).ravel()


def test_a_macro_mean_over_single_samples_is_that_of_strata():
    rng = np.random.default_rng(1)
    groups = [rng.random(size).round(2) for size in (30, 70, 12)]
    labels = np.repeat([0, 1, 2], [30, 70, 12])
    found = mean_of_groups(np.concatenate(groups), labels, range(112))
    stderr = math.sqrt(sum(np.var(g, ddof=1) / len(g) for g in groups)) / 3
    assert found.value == pytest.approx(np.mean([g.mean() for g in groups]))
    assert found.stderr == pytest.approx(stderr, rel=0.01)
    assert streamed_mean_of_groups([Moments(g.tolist()) for g in groups])[:2] == pytest.approx((found.value, stderr))


def test_a_macro_mean_widens_with_clusters_as_in_a_weighted_regression():
    """statsmodels: the weighted mean with weights 1/size, whose residuals are those of the groups, by clusters."""
    rng = np.random.default_rng(2)
    values = clustered(rng, 40, 10, 0.7)
    groups, clusters = np.repeat([0, 1], [150, 250]), np.repeat(np.arange(40), 10)
    dummies = np.stack([groups == 0, groups == 1], axis=1).astype(float)
    fit = sm.OLS(values, dummies).fit(cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False})
    expected = math.sqrt(float(np.array([0.5, 0.5]) @ fit.cov_params() @ np.array([0.5, 0.5])))
    found = mean_of_groups(values, groups, clusters)
    assert found.stderr == pytest.approx(expected, rel=0.05)
    assert found.stderr > 1.5 * mean_of_groups(values, groups, range(400)).stderr
    assert (found.n, found.n_clusters) == (400, 40)
    assert 0 <= found.interval.low < found.value < found.interval.high <= 1


def test_a_ratio_over_clusters_has_the_error_of_its_clusters_totals():
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(30), 8)
    bottoms = rng.integers(20, 80, 240).astype(float)
    tops = bottoms * (1 + np.repeat(rng.normal(0, 0.2, 30), 8)) + rng.normal(0, 3, 240)
    found = ratio_of_totals(tops, bottoms, clusters)
    totals = np.bincount(clusters, weights=tops - found.value * bottoms) / bottoms.sum()
    assert found.stderr == pytest.approx(math.sqrt(30 / 29 * float(totals @ totals)), rel=1e-9)
    assert found.stderr > 2 * ratio_of_totals(tops, bottoms, range(240)).stderr


@pytest.mark.parametrize("scores", [[0.0, 1.0, 1.0], [0.5, 0.25], [3.0, 4.0, 9.0], []])
def test_the_sums_of_a_running_eval_give_the_interval_of_the_arrays(scores):
    found, streamed = estimate(scores), Moments(scores)
    expected = (found.interval.low, found.interval.high)
    assert streamed.ci95 == pytest.approx(expected, nan_ok=True)
    assert streamed.method == found.method


def test_moments_hold_binary_scores_that_turn_into_fractions_and_any_order():
    values = [1.0, 0.0, 1.0, 1.0, 0.25, 0.125, 1.0]
    found, back = Moments(values), Moments(reversed(values))
    assert found.variance == pytest.approx(np.var(values, ddof=1))
    centred = np.array(values) - np.mean(values)
    assert found.kurtosis == pytest.approx(max(0.0, np.mean(centred**4) / np.mean(centred**2) ** 2 - 3))
    assert (found.ci95, found.mean) == (back.ci95, back.mean)


def test_a_group_of_one_leaves_the_error_unknown():
    assert math.isnan(mean_of_groups([1.0, 0.0, 1.0], [0, 0, 1], range(3)).stderr)
    assert math.isnan(streamed_mean_of_groups([Moments([1.0, 0.0]), Moments([1.0])])[1])


@pytest.mark.parametrize(
    "scores", [[0.2, 0.9, 0.5, 0.7], [0.0, 1.0, 1.0, 0.0, 1.0]], ids=["fractions", "zeros and ones"]
)
def test_a_metric_that_reaches_beyond_1_has_student_s_interval_whatever_its_scores(scores):
    t = stats.t.interval(0.95, len(scores) - 1, np.mean(scores), stats.sem(scores))
    found, running = estimate(scores, beyond_unit=True), Moments(scores, beyond_unit=True)
    assert (found.method, running.method) == ("student t", "student t")
    assert (found.interval.low, found.interval.high) == pytest.approx(t)
    assert running.ci95 == pytest.approx(t, rel=1e-6)
    assert running.with_values([0.5]).method == "student t"
    assert Moments([1.0], beyond_unit=True).method == "none"
    assert estimate(scores, [n // 2 for n in range(len(scores))], beyond_unit=True).method == "clustered t (CR2)"
