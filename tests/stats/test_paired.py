"""Paired differences against scipy, statsmodels and numerical likelihoods."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from evals.stats.exact_paired import Outcome, lower_limit, p_value_above
from evals.stats.mcnemar import mcnemar
from evals.stats.paired import correlation, paired_difference
from evals.stats.paired_method import of_counts, power_of
from evals.stats.paired_proportions import newcombe_interval, tango_interval

TABLES = [(0, 0, 20), (1, 0, 44), (12, 2, 50), (5, 5, 30), (30, 1, 31), (40, 22, 1000)]


def ends(interval):
    return interval.low, interval.high


@pytest.mark.parametrize(("a_only", "b_only"), [(0, 0), (1, 0), (3, 3), (12, 2), (0, 9), (140, 100)])
def test_mcnemar_equals_statsmodels(a_only, b_only):
    expected = statsmodels_mcnemar([[5, a_only], [b_only, 5]], exact=True).pvalue if a_only + b_only else 1.0
    assert mcnemar(a_only, b_only) == pytest.approx(expected)
    assert mcnemar(b_only, a_only) == mcnemar(a_only, b_only)


def test_mid_p_counts_half_of_the_table_seen():
    binomial = scipy_stats.binom(14, 0.5)
    assert mcnemar(12, 2, mid_p=True) == pytest.approx(2 * (binomial.cdf(1) + binomial.pmf(2) / 2))
    assert mcnemar(0, 3, mid_p=True) == pytest.approx(1 / 8)
    assert mcnemar(4, 4, mid_p=True) == 1


def score_z(delta: float, a_only: int, b_only: int, n: int) -> float:
    """Tango's statistic with the table fitted by a numerical search over the likelihood."""

    def loglik(q: float) -> float:
        cells = [(a_only, q + delta), (b_only, q), (n - a_only - b_only, 1 - 2 * q - delta)]
        return -sum(count * math.log(max(share, 1e-300)) for count, share in cells if count)

    bounds = (max(0.0, -delta), (1 - delta) / 2)
    q = optimize.minimize_scalar(loglik, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    return (a_only - b_only - n * delta) / math.sqrt(n * (2 * q + delta * (1 - delta)))


@pytest.mark.parametrize(("a_only", "b_only", "n"), TABLES)
def test_tango_ends_are_where_the_likelihood_score_is_just_not_rejected(a_only, b_only, n):
    low, high = ends(tango_interval(a_only, b_only, n))
    assert score_z(low, a_only, b_only, n) == pytest.approx(1.959964, abs=1e-3)
    assert score_z(high, a_only, b_only, n) == pytest.approx(-1.959964, abs=1e-3)


def test_tango_reaches_the_ends_and_swaps_with_the_models():
    assert tango_interval(7, 0, 7).high == 1
    assert ends(tango_interval(3, 9, 40)) == pytest.approx(tuple(-x for x in reversed(ends(tango_interval(9, 3, 40)))))
    assert not tango_interval(0, 0, 0).defined
    with pytest.raises(ValueError, match="at most n"):
        tango_interval(3, 3, 5)


@pytest.mark.parametrize("n", [1, 2, 5, 20, 1000])
def test_a_model_that_loses_every_sample_is_not_known_to_lose_all_others(n):
    interval = tango_interval(0, n, n)
    assert interval.low == -1
    assert score_z(interval.high, 0, n, n) == pytest.approx(-1.959964, abs=1e-3)
    assert ends(tango_interval(n, 0, n)) == pytest.approx((-interval.high, 1))


@pytest.mark.parametrize("n", [1, 3, 20, 400])
def test_models_that_never_disagree_may_still_differ(n):
    low, high = ends(tango_interval(0, 0, n))
    assert score_z(high, 0, 0, n) == pytest.approx(-1.959964, abs=1e-3)
    assert low == -high


def test_newcombe_equals_his_formula_by_hand():
    # e, f, g, h = 36, 12, 2, 0: Wilson limits of 48/50 and 38/50 from scipy, phi from an empty corner is negative.
    wilson = [scipy_stats.binomtest(k, 50).proportion_ci(method="wilson") for k in (48, 38)]
    phi = (36 * 0 - 12 * 2) / math.sqrt(48 * 2 * 38 * 12)
    down, up = 0.96 - wilson[0].low, wilson[1].high - 0.76
    low = 0.2 - math.sqrt(down**2 - 2 * phi * down * up + up**2)
    assert newcombe_interval(36, 12, 2, 0).low == pytest.approx(low)
    assert not newcombe_interval(0, 0, 0, 0).defined


def test_newcombe_without_correlation_is_square_and_add():
    # cross product 9 - 8 < n / 2: the corrected correlation is 0.
    low, high = ends(newcombe_interval(3, 2, 4, 3))
    wilson = [scipy_stats.binomtest(k, 12).proportion_ci(method="wilson") for k in (5, 7)]
    assert low == pytest.approx(-2 / 12 - math.hypot(5 / 12 - wilson[0].low, wilson[1].high - 7 / 12))
    assert high == pytest.approx(-2 / 12 + math.hypot(wilson[0].high - 5 / 12, 7 / 12 - wilson[1].low))


def test_few_zeros_and_ones_are_judged_by_the_exact_test():
    a, b = [1, 1, 1, 0, 1, 0, 1, 1], [0, 1, 0, 0, 1, 1, 0, 1]
    found = paired_difference(a, b)
    assert found.method == "exact score"
    assert found.interval.low == pytest.approx(lower_limit(Outcome(3, 1, 8), 0.025))
    assert found.interval.high == pytest.approx(-lower_limit(Outcome(1, 3, 8), 0.025))
    assert found.p_value == min(1, 2 * p_value_above(Outcome(3, 1, 8)))
    assert (found.value, found.a_better, found.b_better) == (0.25, 3, 1)


def scores_of(wins: int, losses: int, n: int):
    a, b = np.zeros(n), np.zeros(n)
    a[:wins], b[wins : wins + losses] = 1, 1
    return a, b


@pytest.mark.parametrize(("wins", "losses", "n"), [(30, 15, 400), (9, 0, 1000), (700, 640, 2500), (6, 0, 100_000)])
def test_many_zeros_and_ones_have_mcnemars_corrected_statistic(wins, losses, n):
    """McNemar 1947 with Edwards' correction: (|b - c| - 1)^2 / (b + c), which is Tango's statistic at 0 with 1/n."""
    found = paired_difference(*scores_of(wins, losses, n))
    expected = statsmodels_mcnemar([[5, wins], [losses, 5]], exact=False, correction=True).pvalue
    assert found.method == "score with continuity correction"
    assert found.p_value == pytest.approx(expected, rel=1e-6)
    low, high = ends(found.interval)
    assert score_z(low, wins, losses, n) == pytest.approx(1.959964 + 1 / _fitted_sd(low, wins, losses, n), abs=2e-3)
    assert score_z(high, wins, losses, n) == pytest.approx(-1.959964 - 1 / _fitted_sd(high, wins, losses, n), abs=2e-3)


def _fitted_sd(delta: float, wins: int, losses: int, n: int) -> float:
    """Standard deviation of wins - losses under the table that is fitted to a difference of delta."""
    return (wins - losses - n * delta) / score_z(delta, wins, losses, n)


@pytest.mark.parametrize("n", [3, 20, 60, 300, 5000])
def test_interval_and_p_value_never_contradict_each_other(n):
    rng = np.random.default_rng(n)
    for _ in range(60):
        wins, losses = rng.multinomial(n, rng.dirichlet([1, 1, 3]))[:2]
        for level in (0.05, 0.01, 0.05 / 7):
            found = paired_difference(*scores_of(wins, losses, n), confidence=1 - level)
            assert (0 in found.interval) == (found.p_value > level), (wins, losses, level)


@pytest.mark.parametrize("margin", [0.0, 0.01, 0.02, 0.05, 0.1])
@pytest.mark.parametrize("alpha", [0.025, 0.05])
def test_the_size_is_at_most_the_level_by_counting_all_outcomes(margin, alpha):
    """At every tenth n up to 200 and some up to 2,000; 60 discordances from 0.001 % to all, the boundary of the margin."""
    shares = np.concatenate([[0.0], np.geomspace(1e-5, 1, 59)]) * (1 - margin) / 2
    for n in (*range(20, 201, 10), 201, 257, 300, 350, 499, 750, 1000, 1319, 2000):
        size = max(power_of(n, b_only + margin, b_only, alpha=alpha, margin=margin) for b_only in shares)
        assert size <= alpha * 1.01, n


def test_the_counted_power_is_the_share_of_simulated_runs_that_reject():
    rng = np.random.default_rng(5)
    for n in (40, 300):
        drawn = rng.multinomial(n, [0.15, 0.05, 0.8], 2000)
        tables, runs = np.unique(drawn[:, :2], axis=0, return_counts=True)
        rejected = [of_counts(int(w), int(v), n).above.p_above(0.02) <= 0.025 for w, v in tables]
        expected = power_of(n, 0.15, 0.05, alpha=0.025, margin=0.02)
        assert float(runs @ np.array(rejected)) / 2000 == pytest.approx(expected, abs=0.035)


def test_numbers_beyond_one_use_students_t():
    rng = np.random.default_rng(0)
    a, b = rng.normal(3, 1, 25), rng.normal(3.4, 1, 25)
    found, theirs = paired_difference(a, b), scipy_stats.ttest_rel(a, b)
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert ends(found.interval) == pytest.approx(ends(theirs.confidence_interval()))
    assert found.correlation == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_clustered_stderr_of_differences_equals_statsmodels():
    rng = np.random.default_rng(1)
    clusters = rng.integers(0, 12, 60)
    a, b = rng.random(60) < 0.7, rng.random(60) < 0.6
    found = paired_difference(a, b, clusters)
    fit = sm.OLS(1.0 * a - 1.0 * b, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    assert found.stderr == pytest.approx(fit.bse[0])
    assert (found.n, found.n_clusters, found.method) == (60, 12, "score with effective n")


def test_effective_score_interval_of_single_samples_is_nearly_tango():
    rng = np.random.default_rng(2)
    a, b = rng.random(2000) < 0.8, rng.random(2000) < 0.75
    clustered, wins, losses = paired_difference(a, b, range(2000)), int(np.sum(a & ~b)), int(np.sum(b & ~a))
    assert ends(clustered.interval) == pytest.approx(ends(tango_interval(wins, losses, 2000)), abs=1e-4)


def test_interval_and_p_of_the_score_method_agree_on_zero():
    rng = np.random.default_rng(3)
    for _ in range(50):
        a, b = rng.random(40).round(1), rng.random(40).round(1) * 0.8
        found = paired_difference(a, b)
        assert (0 in found.interval) == (found.p_value > 0.05)


def test_same_answers_everywhere_still_leave_doubt():
    for clusters in (None, np.repeat(np.arange(5), 4)):
        found = paired_difference([1.0] * 20, [1.0] * 20, clusters)
        assert found.p_value == 1
        assert found.interval.low < -0.1
        assert found.interval.high > 0.1
        assert math.isnan(found.correlation)


def test_equal_differences_beyond_one_have_no_width():
    found = paired_difference([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
    assert (found.stderr, found.p_value) == (0, 0)
    assert paired_difference([3.0, 4.0, 7.0], [3.0, 4.0, 7.0]).p_value == 1


@pytest.mark.parametrize(
    ("a", "b", "clusters"),
    [([], [], None), ([0.5], [0.2], None), ([1.0, math.nan], [0.0, 1.0], None), ([1.0, 0.0], [0.0, 0.0], [1, 1]),
     ([1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1, 1, 2]), ([3.0, 4.0], [1.0, 3.0], None)],
)  # fmt: skip
def test_what_cannot_be_known_is_nan(a, b, clusters):
    found = paired_difference(a, b, clusters)
    assert not found.interval.defined
    assert math.isnan(found.p_value)


def test_unpaired_lengths_are_refused():
    with pytest.raises(ValueError, match="pair them by sample id"):
        paired_difference([1.0], [1.0, 0.0])
    assert math.isnan(correlation([1.0], [1.0]))


@pytest.mark.parametrize(
    "a", [[0.2, 0.9, 0.5, 0.7, 0.1], [0.0, 1.0, 1.0, 0.0, 1.0]], ids=["fractions", "zeros and ones"]
)
def test_a_metric_that_reaches_beyond_1_is_compared_by_student_s_t_whatever_its_scores(a):
    b = [0.0, 1.0, 0.0, 0.0, 0.0]
    found = paired_difference(a, b, beyond_unit=True)
    assert found.method == "student t"
    assert found.p_value == pytest.approx(scipy_stats.ttest_rel(a, b).pvalue)
