"""The gate's test: false alarms, detection, and the numbers that it promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evals.stats.noninferiority import drop_test, smallest_n
from evals.stats.paired import paired_difference
from evals.stats.paired_method import power_of


def pairs(rng: np.random.Generator, n: int, drop: float, noise: float = 0.1, p: float = 0.8):
    """Right-or-wrong scores: `noise` of the samples flip at random both ways, `drop` of all become wrong."""
    before = rng.random(n) < p
    after = before.copy()
    flip = rng.random(n)
    after[(flip < noise / 2 / p) & before] = False
    after[(flip < noise / 2 / (1 - p)) & ~before] = True
    lost = (rng.random(n) < drop / max(after.mean(), 1e-9)) & after
    after[lost] = False
    return before.astype(float), after.astype(float)


def clustered_pairs(rng: np.random.Generator, n: int, drop: float, size: int = 8, lost_together: bool = True):
    """Passages of `size` questions that are hard or easy together, and lost together where asked for.

    Half of the passages' questions are read anew, all of one passage with one luck.
    """
    n_clusters = n // size
    p = np.repeat(rng.beta(4, 1, n_clusters), size)
    before = rng.random(n_clusters * size) < p
    shift = np.repeat(rng.normal(0, 0.1, n_clusters), size)
    after = np.where(rng.random(len(p)) < 0.15, rng.random(len(p)) < p + shift, before)
    together = np.repeat(rng.random(n_clusters) < 2 * drop / 0.8, size) & (rng.random(len(p)) < 0.5)
    lost = together if lost_together else rng.random(len(p)) < drop / 0.8
    return before.astype(float), (after & ~lost).astype(float), np.repeat(np.arange(n_clusters), size)


def rates(
    n: int, drop: float, runs: int, seed: int, clustered: bool = False, lost_together: bool = True, **options
) -> tuple[float, float]:
    """(share of runs that alarm, mean detectable drop)."""
    rng = np.random.default_rng(seed)
    alarms, detectable = 0, []
    for _ in range(runs):
        if clustered:
            before, after, clusters = clustered_pairs(rng, n, drop, lost_together=lost_together)
            result = drop_test(before, after, clusters=clusters, **options)
        else:
            result = drop_test(*pairs(rng, n, drop), **options)
        alarms += result.p_value <= options.get("alpha", 0.05)
        detectable.append(result.detectable_drop)
    return alarms / runs, float(np.mean(detectable))


def test_without_a_margin_it_agrees_with_the_score_test_of_mcnemar():
    """With max_drop 0 the score test of paired proportions is z = (losses - gains - 1) / sqrt(losses + gains)."""
    before = np.array([1.0] * 80 + [0.0] * 20)
    after = before.copy()
    after[:14] = 0
    after[95:] = 1
    expected = 2 * stats.norm.sf((14 - 5 - 1) / math.sqrt(14 + 5))
    assert drop_test(before, after, max_drop=0.0).p_value == pytest.approx(expected, rel=1e-6)


def test_with_a_margin_it_inverts_the_interval():
    rng = np.random.default_rng(1)
    before, after = pairs(rng, 800, 0.08)
    result = drop_test(before, after, max_drop=0.02)
    for times in (1.01, 0.99):
        interval = drop_test(before, after, max_drop=0.02, alpha=result.p_value * times).difference.interval
        assert (interval.high < -0.02) == (times > 1)
    assert result.drop == pytest.approx(float((before - after).mean()))
    assert 0 < result.p_value < 0.05


def test_no_drop_is_no_evidence():
    same = np.ones(50)
    result = drop_test(same, same)
    assert result.p_value == 1.0
    assert 0 < result.upper_drop < 0.1


def test_a_handful_of_equal_samples_is_no_certainty():
    result = drop_test(np.ones(5), np.ones(5))
    assert math.isnan(result.detectable_drop), "five samples show no drop, however large"
    assert result.n_needed is not None
    assert result.n_needed > 50


def test_too_few_samples_never_show_a_drop_and_the_least_number_can():
    for max_drop, alpha in ((0.0, 0.05), (0.02, 0.05), (0.05, 0.01), (0.02, 0.05 / 20)):
        n = smallest_n(max_drop, alpha)
        assert drop_test(np.ones(n), np.zeros(n), max_drop=max_drop, detect=0.5, alpha=alpha).p_value <= alpha
        assert drop_test(np.ones(n - 1), np.zeros(n - 1), max_drop=max_drop, detect=0.5).p_value > alpha


def test_a_single_lost_sample_is_no_regression():
    assert drop_test([1.0], [0.0]).p_value == 1.0


@pytest.mark.parametrize("n_pairs", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_drop_is_never_proven_where_the_comparison_proves_no_difference(n_pairs):
    rng = np.random.default_rng(9)
    for _ in range(n_pairs):
        n = int(rng.integers(2, 400))
        before, after = pairs(rng, n, rng.choice([0.0, 0.02, 0.1]), noise=rng.choice([0.02, 0.2]))
        found, shown = drop_test(before, after), paired_difference(after, before)
        assert found.difference == shown
        assert (found.p_value < 0.05) == (shown.interval.high < -0.02)
        assert found.p_value > 0.05 or shown.p_value <= 0.05


@pytest.mark.parametrize("n", [50, 164, 800])
@pytest.mark.parametrize("n_tests", [1, 20])
def test_the_promised_drop_is_found_with_the_promised_power_by_counting(n, n_tests):
    before, after = pairs(np.random.default_rng(n), n, 0.0)
    result = drop_test(before, after, n_tests=n_tests)
    noise = float(np.mean(before != after)) + 2 / (n + 4)
    drop = result.detectable_drop
    alpha = 0.025 / n_tests
    assert power_of(n, noise / 2 + drop, noise / 2, alpha=alpha, margin=0.02) == pytest.approx(0.8, abs=0.02)


def test_nothing_in_common_says_nothing():
    result = drop_test([], [])
    assert math.isnan(result.p_value)
    assert result.n_needed is None


def test_more_samples_detect_less():
    rng = np.random.default_rng(2)
    found = [drop_test(*pairs(rng, n, 0.0)).detectable_drop for n in (100, 400, 1600, 6400)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.05


@pytest.mark.parametrize(
    "bad", [{"max_drop": 0.05, "detect": 0.05}, {"alpha": 0.7}, {"power": 1.0}, {"max_drop": -0.1}]
)
def test_levels_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match="needs"):
        drop_test([1.0, 0.0], [1.0, 0.0], **bad)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "drop"), [(164, 0.0), (164, 0.02), (1319, 0.02)])
def test_false_alarms_stay_at_alpha_over_ten_thousand_healthy_changes(n, drop):
    """Healthy: a true drop of at most max_drop. Three standard errors of 10,000 draws are 0.65 points."""
    alarms, _ = rates(n, drop, 10_000, seed=n, max_drop=0.02)
    assert alarms <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 10_000)


@pytest.mark.slow
def test_false_alarms_stay_at_alpha_with_clusters():
    alarms, _ = rates(800, 0.02, 10_000, seed=3, clustered=True, max_drop=0.02)
    assert alarms <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 10_000)


@pytest.mark.slow
@pytest.mark.parametrize("n", [164, 1319])
def test_the_promised_drop_is_found_as_often_as_promised(n):
    _, promised = rates(n, 0.0, 300, seed=5, max_drop=0.02)
    found, _ = rates(n, promised, 10_000, seed=6, max_drop=0.02)
    assert found >= 0.8 - 3 * math.sqrt(0.8 * 0.2 / 10_000)


@pytest.mark.slow
def test_the_promised_drop_is_found_with_clusters():
    _, promised = rates(800, 0.0, 300, seed=7, clustered=True, max_drop=0.02)
    found, _ = rates(800, promised, 10_000, seed=8, clustered=True, lost_together=False, max_drop=0.02)
    assert found >= 0.8 - 3 * math.sqrt(0.8 * 0.2 / 10_000)
