"""Standard errors against scipy, statsmodels, plain matrices and known designs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import linalg
from scipy import stats as scipy_stats

from evals.stats.arrays import as_codes
from evals.stats.standard_error import (
    ClusterSpread,
    item_means,
    mean_estimate,
    stderr,
    variance_parts,
)

SEEDS = range(5)


def clustered_sample(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(9), rng.integers(1, 8, 9))
    return rng.normal(size=9)[clusters] + rng.normal(size=len(clusters)), rng.permutation(clusters)


@pytest.mark.parametrize("seed", SEEDS)
def test_stderr_of_independent_samples_equals_scipy(seed):
    scores = np.random.default_rng(seed).random(40)
    assert stderr(scores) == pytest.approx(scipy_stats.sem(scores))


@pytest.mark.parametrize("seed", SEEDS)
def test_clustered_stderr_equals_that_of_statsmodels(seed):
    scores, clusters = clustered_sample(seed)
    fit = sm.OLS(scores, np.ones(len(scores))).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    assert stderr(scores, clusters) == pytest.approx(fit.bse[0])


def test_clusters_of_one_give_the_independent_stderr():
    scores = np.random.default_rng(1).random(30)
    assert stderr(scores, range(30)) == pytest.approx(stderr(scores))


def test_doubling_every_sample_leaves_the_clustered_stderr():
    scores = np.random.default_rng(2).random(30)
    assert stderr(np.tile(scores, 2), [*range(30), *range(30)]) == pytest.approx(stderr(scores))


@pytest.mark.parametrize("scores", [[], [1.0], [0.0, math.nan]])
def test_no_stderr_without_spread_that_was_seen(scores):
    assert math.isnan(stderr(scores))
    assert math.isnan(stderr(scores, ["passage"] * len(scores)))
    assert not mean_estimate(scores).interval.defined


def test_one_cluster_has_no_stderr():
    assert math.isnan(stderr([0.0, 1.0, 1.0], ["a", "a", "a"]))
    assert not mean_estimate([0.0, 1.0, 1.0], ["a", "a", "a"]).interval.defined


def test_equal_scores_have_stderr_zero():
    assert stderr([0.5] * 4) == stderr([0.5] * 4, [1, 1, 2, 2]) == 0


def test_t_interval_equals_scipy():
    scores = np.random.default_rng(3).normal(size=12)
    low, high = scipy_stats.t.interval(0.9, 11, scores.mean(), scipy_stats.sem(scores))
    interval = mean_estimate(scores, confidence=0.9).interval
    assert (interval.low, interval.high) == pytest.approx((low, high))


def cr2_by_matrices(scores: np.ndarray, clusters: np.ndarray, icc: float) -> tuple[float, float]:
    """Bell and McCaffrey's variance and Imbens and Kolesár's degrees of freedom, as their papers write them."""
    n = len(scores)
    hat = np.full((n, n), 1 / n)
    residuals = (np.eye(n) - hat) @ scores
    same = clusters[:, None] == clusters[None, :]
    omega = np.where(same, icc, 0.0) + (1 - icc) * np.eye(n)
    columns, variance = [], 0.0
    for cluster in np.unique(clusters):
        inside = clusters == cluster
        adjust = np.linalg.inv(linalg.sqrtm(np.eye(inside.sum()) - hat[np.ix_(inside, inside)]).real)
        weights = adjust @ np.ones(inside.sum()) / n
        variance += (weights @ residuals[inside]) ** 2
        columns.append((np.eye(n) - hat)[:, inside] @ weights)
    g = np.array(columns).T
    middle = g.T @ omega @ g
    return math.sqrt(variance), np.trace(middle) ** 2 / np.sum(middle**2)


@pytest.mark.parametrize("seed", SEEDS)
def test_cluster_spread_equals_the_matrix_definition(seed):
    scores, clusters = clustered_sample(seed)
    spread = ClusterSpread.of(scores, clusters)
    assert (spread.stderr, spread.df) == pytest.approx(cr2_by_matrices(scores, clusters, spread.icc))


def test_equal_clusters_have_one_degree_of_freedom_less_than_clusters():
    scores, clusters = np.random.default_rng(4).normal(size=24), np.repeat(np.arange(6), 4)
    spread = ClusterSpread.of(scores, clusters)
    assert spread.df == pytest.approx(5)
    assert spread.stderr == pytest.approx(stderr(scores, clusters))


def test_heavy_tails_cost_degrees_of_freedom():
    light, heavy = np.tile([0.0, 1.0], 50), np.repeat([0.0, 1.0], [3, 97])
    assert ClusterSpread.of(light, None).tail_df == pytest.approx(99)
    spread = ClusterSpread.of(heavy, None)
    assert spread.kurtosis == pytest.approx(scipy_stats.kurtosis(heavy))
    assert spread.tail_df == pytest.approx(2 / (2 / 99 + spread.kurtosis / 100))


def test_variance_parts_of_equal_repeats_equal_miller():
    rng = np.random.default_rng(5)
    scores = rng.normal(size=(20, 1)) + rng.normal(size=(20, 4))
    parts = variance_parts(scores.ravel(), np.repeat(np.arange(20), 4))
    within = scores.var(axis=1, ddof=1).mean()
    assert parts.within == pytest.approx(within)
    assert parts.between == pytest.approx(scores.mean(axis=1).var(ddof=1) - within / 4)
    assert parts.stderr(20, 4) == pytest.approx(stderr(scores.mean(axis=1)))


def test_variance_parts_of_unequal_repeats_are_unbiased():
    rng = np.random.default_rng(6)
    items = np.repeat(np.arange(30), rng.integers(1, 6, 30))
    found = [variance_parts(2.0 * rng.normal(size=30)[items] + rng.normal(size=len(items)), items) for _ in range(2000)]
    assert np.mean([parts.between for parts in found]) == pytest.approx(4, rel=0.02)
    assert np.mean([parts.within for parts in found]) == pytest.approx(1, rel=0.01)


def test_single_samples_leave_the_within_part_undefined():
    parts = variance_parts([0.0, 1.0, 1.0], ["a", "b", "c"])
    assert math.isnan(parts.within)
    assert parts.between == pytest.approx(1 / 3)
    assert math.isnan(variance_parts([0.0, 1.0], ["a", "a"]).between)


def test_item_means_keep_the_order_of_first_appearance():
    means = item_means([1.0, 0.0, 0.0, 1.0], ["b", "a", "b", "b"])
    assert means.items == ("b", "a")
    assert means.means.tolist() == [pytest.approx(2 / 3), 0]
    assert means.n_repeats.tolist() == [3, 1]
    assert item_means([], []).items == ()


def test_ids_of_any_kind_become_codes():
    assert as_codes(["x", 1, "1", None, "x"], 5).tolist() == [0, 1, 2, 3, 0]
    assert as_codes(np.array([7, 3, 7, 5]), 4).tolist() == as_codes(["7", "3", "7", "5"], 4).tolist() == [0, 1, 0, 2]


def test_wrong_shapes_are_refused_with_the_fix():
    with pytest.raises(ValueError, match="average repeats"):
        stderr([[0.0, 1.0]])
    with pytest.raises(ValueError, match="one id for each value"):
        stderr([0.0, 1.0], ["a"])
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_estimate([0.0, 1.0], confidence=95)
