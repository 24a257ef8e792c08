"""Power and detectable differences against statsmodels, enumeration and the rule of 2.8 standard errors."""

from __future__ import annotations

import math

import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.power import NormalIndPower, TTestPower

from evals.stats.mcnemar import mcnemar, mcnemar_power
from evals.stats.power import (
    design_effect,
    detectable_before,
    detectable_difference,
    difference_sd,
    power,
    samples_needed,
)


@pytest.mark.parametrize("difference", [0.0, 0.1, 0.3, -0.3])
@pytest.mark.parametrize("sides", [1, 2])
def test_power_equals_statsmodels(difference, sides):
    side = "two-sided" if sides == 2 else "larger"
    normal = NormalIndPower(ddof=0).power(abs(difference), 50, 0.05, ratio=0, alternative=side)
    assert power(difference, 1 / math.sqrt(50), sides=sides) == pytest.approx(normal)
    student = TTestPower().power(abs(difference), 50, 0.05, alternative=side)
    assert power(difference, 1 / math.sqrt(50), sides=sides, df=49) == pytest.approx(student)


def test_detectable_difference_is_two_point_eight_standard_errors():
    assert detectable_difference(0.01).difference == pytest.approx(0.028, abs=2e-5)
    assert detectable_difference(0.01, sides=1).difference == pytest.approx(0.0249, abs=1e-4)


@pytest.mark.parametrize("df", [3, 30])
def test_detectable_difference_with_few_degrees_of_freedom_has_its_power(df):
    found = detectable_difference(0.02, df=df, power=0.9)
    assert power(found.difference, 0.02, df=df) == pytest.approx(0.9)
    effect = TTestPower().solve_power(nobs=df + 1, alpha=0.05, power=0.9)
    assert found.difference == pytest.approx(effect * 0.02 * math.sqrt(df + 1), rel=1e-4)


def test_spread_of_a_difference_equals_the_table_of_two_models():
    # Both right 0.6, only a 0.2, only b 0.1, neither 0.1.
    mean, square = 0.2 - 0.1, 0.2 + 0.1
    correlation = (0.6 - 0.8 * 0.7) / math.sqrt(0.8 * 0.2 * 0.7 * 0.3)
    assert difference_sd(0.8, correlation, 0.7) == pytest.approx(math.sqrt(square - mean**2))
    assert difference_sd(0.8, 1.0) == 0


def test_before_a_run_correlation_helps_and_clusters_hurt():
    plain = detectable_before(1000, 0.7, 0.0).difference
    assert plain == pytest.approx(2.8016 * math.sqrt(2 * 0.21 / 1000), rel=1e-4)
    assert detectable_before(1000, 0.7, 0.75).difference == pytest.approx(plain / 2)
    assert detectable_before(1000, 0.7, 0.0, cluster_size=4, icc=1).difference == pytest.approx(2 * plain)
    assert math.isnan(detectable_before(0, 0.7, 0.5).difference)


def test_needed_samples_are_the_fewest_that_suffice():
    sd = difference_sd(0.7, 0.5)
    n = samples_needed(0.02, sd)
    assert detectable_difference(sd / math.sqrt(n)).difference <= 0.02
    assert detectable_difference(sd / math.sqrt(n - 1)).difference > 0.02
    assert samples_needed(0.02, sd, deff=design_effect(5, 0.25)) == pytest.approx(2 * n, abs=1)
    assert samples_needed(0.5, 0.0) == 2


@pytest.mark.parametrize("mid_p", [False, True])
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_mcnemar_power_equals_the_sum_over_all_tables(mid_p, sides, alpha):
    n, a_only, b_only, expected = 25, 0.3, 0.1, 0.0
    table = scipy_stats.multinomial(n, [a_only, b_only, 1 - a_only - b_only])
    for wins in range(n + 1):
        for losses in range(n + 1 - wins):
            p_value = mcnemar(wins, losses, mid_p=mid_p)
            rejects = p_value <= alpha if sides == 2 else wins > losses and p_value / 2 <= alpha
            expected += rejects * table.pmf([wins, losses, n - wins - losses])
    assert mcnemar_power(n, a_only, b_only, alpha=alpha, sides=sides, mid_p=mid_p) == pytest.approx(expected)


def test_edges_of_power():
    assert power(1.0, 0.01, df=30) == pytest.approx(1)
    assert math.isnan(power(math.nan, 0.1))
    assert math.isnan(detectable_difference(math.nan).difference)
    assert power(0.0, 0.0) == 0.05
    assert power(0.1, 0.0) == 1
    assert mcnemar_power(0, 0.2, 0.1) == mcnemar_power(100, 0.0, 0.0) == 0


def test_impossible_designs_are_refused():
    with pytest.raises(ValueError, match="difference of 0"):
        samples_needed(0, 0.5)
    with pytest.raises(ValueError, match="accuracy"):
        difference_sd(70, 0.5)
    with pytest.raises(ValueError, match="alpha and power"):
        power(0.1, 0.1, alpha=5)
    with pytest.raises(ValueError, match="one side or two"):
        power(0.1, 0.1, sides=3)
    with pytest.raises(ValueError, match="together at most 1"):
        mcnemar_power(10, 0.7, 0.7)
