"""The bootstrap against scipy, closed forms of its variance, and enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from evals.stats.bootstrap import bootstrap, bootstrap_statistic
from evals.stats.resampling import Resampler


def rng(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


SKEWED = rng(1).exponential(size=40)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_interval_of_a_skewed_mean_equals_scipy(method):
    ours = bootstrap(SKEWED, rng=rng(), method=method, n_draws=40_000).interval
    theirs = scipy_stats.bootstrap(
        (SKEWED,), np.mean, n_resamples=40_000, method=method, rng=rng(2)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_bca_of_a_correlation_equals_scipy():
    x = rng(3).normal(size=30)
    y = x + rng(4).normal(size=30)

    def weighted_correlation(weights):
        total = weights.sum(axis=1)
        mean_x, mean_y = weights @ x / total, weights @ y / total
        covariance = weights @ (x * y) / total - mean_x * mean_y
        variance_x, variance_y = weights @ x**2 / total - mean_x**2, weights @ y**2 / total - mean_y**2
        return covariance / np.sqrt(variance_x * variance_y)

    ours = bootstrap_statistic(weighted_correlation, 30, rng=rng(), n_draws=20_000)
    theirs = scipy_stats.bootstrap(
        (x, y),
        lambda a, b: scipy_stats.pearsonr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=5000,
        rng=rng(5),
    ).confidence_interval
    assert ours.value == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert (ours.interval.low, ours.interval.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_draws_of_three_rows_are_as_likely_as_counting_says():
    counted = {}
    for picks in itertools.product(range(3), repeat=3):
        key = tuple(np.bincount(picks, minlength=3))
        counted[key] = counted.get(key, 0) + 1 / 27
    drawn = Resampler.of(3).draw(60_000, rng())
    for weights, share in counted.items():
        assert np.mean((drawn == weights).all(axis=1)) == pytest.approx(share, abs=0.006)


def test_stderr_of_the_mean_is_its_closed_form():
    assert bootstrap(SKEWED, rng=rng(), n_draws=40_000).stderr == pytest.approx(SKEWED.std() / math.sqrt(40), rel=0.02)


def test_clusters_are_drawn_whole():
    clusters = np.repeat(np.arange(8), [1, 2, 3, 4, 5, 6, 7, 12])
    weights = Resampler.of(40, clusters=clusters).draw(50, rng())
    assert all(len(set(row[clusters == c])) == 1 for row in weights for c in range(8))
    assert all(row[np.unique(clusters, return_index=True)[1]].sum() == 8 for row in weights)


def test_stderr_of_equal_clusters_is_that_of_their_means():
    scores = SKEWED + np.repeat(rng(6).normal(size=10), 4)
    found = bootstrap(scores, clusters=np.repeat(np.arange(10), 4), rng=rng(), n_draws=40_000)
    assert found.stderr == pytest.approx(scores.reshape(10, 4).mean(axis=1).std() / math.sqrt(10), rel=0.02)
    assert found.n_units == 10


def test_strata_keep_their_sizes_and_their_difference_adds_no_error():
    strata = np.array(["hard"] * 10 + ["easy"] * 30)
    weights = Resampler.of(40, strata=strata).draw(100, rng())
    assert np.all(weights[:, :10].sum(axis=1) == 10)
    scores = SKEWED + np.where(strata == "hard", 0.0, 100.0)
    found = bootstrap(scores, strata=strata, rng=rng(), n_draws=40_000)
    expected = math.sqrt(10 * scores[:10].var() + 30 * scores[10:].var()) / 40
    assert found.stderr == pytest.approx(expected, rel=0.02)


def test_clusters_within_strata_are_drawn_within_them():
    strata, clusters = np.repeat([0, 1], 20), np.tile(np.repeat(np.arange(5), 4), 2)
    resampler = Resampler.of(40, strata=strata, clusters=clusters)
    assert resampler.n_units == 10
    assert np.all(resampler.draw(50, rng())[:, :20].sum(axis=1) == 20)


def test_nested_stderr_is_the_closed_form_of_two_stages():
    scores = rng(7).random((15, 4))
    found = bootstrap(scores.ravel(), nested=[np.repeat(np.arange(15), 4)], rng=rng(), n_draws=40_000)
    expected = math.sqrt((scores.mean(axis=1).var() + scores.var(axis=1).mean() / 4) / 15)
    assert found.stderr == pytest.approx(expected, rel=0.02)


def test_nested_levels_of_unequal_size_draw_every_row_once_on_average():
    clusters = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    items = np.array([0, 0, 1, 1, 1, 2, 2, 3])
    weights = Resampler.of(8, nested=[clusters, items]).draw(40_000, rng())
    assert weights.mean(axis=0) == pytest.approx(np.ones(8), abs=0.03)
    # Without cluster 0 there are two copies of cluster 1, four draws of its items of two rows and of one row.
    assert {int(row.sum()) for row in weights if not row[:5].any()} == {4, 5, 6, 7, 8}


@pytest.mark.slow
def test_many_units_are_left_out_in_groups_and_the_interval_stays():
    scores = rng(8).exponential(size=5000)
    grouped = bootstrap(scores, rng=rng(), n_draws=2000)
    theirs = scipy_stats.bootstrap((scores,), np.mean, n_resamples=2000, rng=rng(9)).confidence_interval
    assert (grouped.interval.low, grouped.interval.high) == pytest.approx((theirs.low, theirs.high), abs=0.005)


def test_same_seed_same_interval():
    assert bootstrap(SKEWED, rng=rng()) == bootstrap(SKEWED, rng=rng())


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_edges_are_defined(method):
    assert not bootstrap([], rng=rng(), method=method).interval.defined
    assert not bootstrap([1.0], rng=rng(), method=method).interval.defined
    assert not bootstrap([1.0, math.nan], rng=rng(), method=method).interval.defined
    assert not bootstrap([1.0, 0.0], clusters=["a", "a"], rng=rng(), method=method).interval.defined
    equal = bootstrap([0.5] * 9, rng=rng(), method=method)
    assert (equal.stderr, equal.interval.width) == (0, 0)
    assert bootstrap([0.0, 1.0, 1.0], strata=["a", "b", "b"], rng=rng(), method=method).interval.defined


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="first nested level"):
        bootstrap([0.0, 1.0], clusters=[1, 2], nested=[[1, 2]], rng=rng())
    with pytest.raises(ValueError, match="'percentile' or 'bca'"):
        bootstrap([0.0, 1.0], method="BCa", rng=rng())
    with pytest.raises(ValueError, match="two draws"):
        bootstrap([0.0, 1.0], n_draws=1, rng=rng())
