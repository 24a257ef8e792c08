"""Intervals of proportions against statsmodels, scipy and limits that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from evals.stats.proportions import clopper_pearson, modified_wilson_interval, proportion_estimate, wilson_interval

COUNTS = [(0, 10), (1, 1), (3, 10), (50, 50), (719, 1000)]


@pytest.mark.parametrize(("successes", "n"), COUNTS)
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_clopper_pearson_equals_statsmodels_and_scipy(successes, n, confidence):
    ours = clopper_pearson(successes, n, confidence)
    theirs = scipy_stats.binomtest(successes, n).proportion_ci(confidence, method="exact")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    low, high = proportion_confint(successes, n, 1 - confidence, method="beta")
    assert (ours.low, ours.high) == pytest.approx((float(low), float(high)), abs=1e-9)


@pytest.mark.parametrize(("successes", "n"), COUNTS)
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_wilson_equals_statsmodels(successes, n, confidence):
    ours = wilson_interval(successes, n, confidence)
    assert (ours.low, ours.high) == pytest.approx(
        proportion_confint(successes, n, 1 - confidence, method="wilson"), abs=1e-9
    )


def test_none_of_n_has_an_upper_limit_near_three_over_n():
    assert clopper_pearson(0, 1000, 0.9).high == pytest.approx(3 / 1000, rel=0.01)


def test_no_samples_have_no_interval():
    assert not clopper_pearson(0, 0).defined
    assert not wilson_interval(0, 0).defined
    assert not proportion_estimate([]).interval.defined
    assert proportion_estimate([]).n == 0


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="between 0 and n"):
        clopper_pearson(successes, n)


def test_independent_zeros_and_ones_get_the_modified_wilson_interval():
    few, many = proportion_estimate([True, True, False, True]), proportion_estimate([0, 0, 0, 0, 1, 1, 1, 1])
    assert (few.method, few.interval) == ("modified wilson", modified_wilson_interval(3, 4))
    assert (many.method, many.interval) == ("wilson", wilson_interval(4, 8))


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("hits", [1, 2, 3])
def test_few_hits_have_the_lower_end_of_a_poisson_rate(hits, confidence):
    """Brown, Cai and DasGupta 2001: half of the chi-squared quantile with twice as many degrees of freedom, over n."""
    rate = scipy_stats.chi2.ppf(1 - confidence, 2 * hits) / 2
    few, mirrored = modified_wilson_interval(hits, 40, confidence), modified_wilson_interval(40 - hits, 40, confidence)
    assert few.low == pytest.approx(min(rate / 40, wilson_interval(hits, 40, confidence).low), abs=1e-12)
    assert few.high == wilson_interval(hits, 40, confidence).high
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - few.high, 1 - few.low), abs=1e-12)


def coverage(n: int, rates: np.ndarray, interval_of: object) -> np.ndarray:
    """The chance of each rate that its number of hits has an interval that holds it, summed over all numbers."""
    hits = np.arange(n + 1)
    ends = [interval_of(int(k), n) for k in hits]  # type: ignore[operator]
    low, high = np.array([end.low for end in ends]), np.array([end.high for end in ends])
    held = (low <= rates[:, None]) & (rates[:, None] <= high)
    return (scipy_stats.binom.pmf(hits, n, rates[:, None]) * held).sum(axis=1)


@pytest.mark.parametrize("n", [5, 20, 50, 200, 1000])
def test_the_default_interval_holds_the_rates_of_evals_in_93_of_100_runs_at_any_size(n):
    rates = np.array([0, 0.02, 0.5, 0.8, 0.95, 1])
    assert coverage(n, rates, modified_wilson_interval).min() > 0.93


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 15, 30, 100, 400])
def test_the_default_interval_holds_no_rate_as_seldom_as_wilsons(n):
    rates = np.concatenate([np.linspace(0, 0.5, 1501), np.geomspace(1e-3 / n, 0.5, 1500)])
    assert coverage(n, rates, modified_wilson_interval).min() > 0.913
    assert coverage(n, rates, wilson_interval).min() < 0.841


def test_one_sample_has_a_wilson_interval_but_no_standard_error():
    estimate = proportion_estimate([1.0])
    assert math.isnan(estimate.stderr)
    assert estimate.interval.low < 0.25
    assert estimate.interval.high == 1


def test_repeating_every_sample_in_its_cluster_adds_no_certainty():
    scores = np.random.default_rng(0).random(200) < 0.7
    once = proportion_estimate(scores).interval
    thrice = proportion_estimate(np.repeat(scores, 3), np.repeat(np.arange(200), 3)).interval
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high), abs=1e-3)


def test_equal_scores_in_clusters_count_each_cluster_once():
    interval = proportion_estimate([1.0] * 40, np.repeat(np.arange(10), 4)).interval
    assert interval.low < wilson_interval(10, 10).low + 1e-9
    assert interval.high == 1
    assert proportion_estimate([0.5] * 10).interval.width > 0.4


@pytest.mark.parametrize("n", [4, 6, 10, 14, 22, 39])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_interval_of_clusters_that_are_all_alike_holds_their_mean(value, n):
    assert value in proportion_estimate([value] * 2 * n, np.repeat(np.arange(n), 2)).interval


def test_nan_and_single_clusters_leave_the_interval_undefined():
    assert not proportion_estimate([0.0, math.nan, 1.0]).interval.defined
    assert not proportion_estimate([0.0, 1.0], ["a", "a"]).interval.defined


def test_scores_beyond_zero_and_one_are_sent_to_the_mean():
    with pytest.raises(ValueError, match="mean_estimate"):
        proportion_estimate([0.0, 3.0])


@pytest.mark.parametrize(("hits", "rare"), [((40, 40, 40, 40, 38), 0.05), ((20, 24, 20, 22, 20), 2.35)])
def test_clusters_that_seem_alike_near_one_count_as_correlated(hits, rare):
    """Kish's design effect of 40 samples a cluster at a correlation of 0.15, less where several would differ."""
    scores = np.concatenate([np.repeat([1.0, 0.0], [k, 40 - k]) for k in hits])
    mean, clusters = scores.mean(), np.repeat(np.arange(5), 40)
    assert 5 * min(mean, 1 - mean) == pytest.approx(rare)
    found = proportion_estimate(scores, clusters)
    sums = np.array(hits) - 40 * mean
    spread = math.sqrt(np.sum(sums**2) / (5 * 4)) / 40
    hidden = scores.std(ddof=1) / math.sqrt(200) * math.sqrt(1 + 39 * 0.15 / (1 + (rare / 2) ** 4))
    df = 1 / (1 / 4 + max(0.0, np.mean(sums**4) / np.mean(sums**2) ** 2 - 3) / 10)
    t = scipy_stats.t.ppf(0.975, df)
    n = mean * (1 - mean) / max(spread, hidden) ** 2
    assert spread < hidden
    ends = (mean + t**2 / 2 / n + np.array([-1, 1]) * t * math.sqrt(mean * (1 - mean) / n + (t / 2 / n) ** 2)) / (1 + t**2 / n)  # fmt: skip
    assert (found.interval.low, found.interval.high) == pytest.approx((ends[0], min(1, ends[1])))
    assert found.stderr == pytest.approx(spread)
