"""Scores of forecasts: errors, intervals, what is no forecast, and the calibration of many."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from made_forecasts import forecast
from scipy.stats import binomtest

from evals.forecasts.document import Forecast, Outcome
from evals.forecasts.scoring import Score, calibration, p_of_count, score

AFTER = "2026-04-01T00:00:00.000000Z"


def outcome(value: float = 2.05, **more: object) -> Outcome:
    given = {"observed_at": AFTER, "compute_flops": 1e22, "model": "large", **more}
    return Outcome("seal", value, AFTER, **given)  # type: ignore[arg-type]


def scored(value: float = 2.05, made: Forecast | None = None, **more: object) -> Score:
    return score(made or forecast(), outcome(value, **more))


def test_errors_are_forecast_minus_outcome():
    found = scored(2.5)
    assert found.error == pytest.approx(-0.5)
    assert found.relative_error == pytest.approx(-0.2)
    assert (found.is_inside, scored(2.1).is_inside, found.counts) == (False, True, True)


def test_a_miss_costs_twice_its_distance_over_what_the_interval_leaves_out():
    assert scored(2.0).interval_score == pytest.approx(0.2)
    assert scored(2.2).interval_score == pytest.approx(0.2 + 2 / 0.1 * 0.1)
    assert scored(1.8).interval_score == pytest.approx(0.2 + 2 / 0.1 * 0.1)


def test_the_interval_score_is_least_for_the_quantiles_of_the_outcomes():
    """It is a proper score: for normal outcomes no other interval does better than -1.645 to 1.645 at 90 %."""
    values = np.random.default_rng(0).normal(2, 0.1, 4000)

    def mean_cost(half: float) -> float:
        made = forecast(low=2 - half, high=2 + half)
        return float(np.mean([score(made, outcome(float(value))).interval_score for value in values]))

    best = mean_cost(0.1645)
    assert best < min(mean_cost(0.12), mean_cost(0.22))


def test_an_outcome_that_is_older_than_the_seal_is_no_forecast():
    found = scored(observed_at="2026-03-01T00:00:00.000000Z")
    assert not found.counts
    assert "before the forecast was sealed" in found.objections[0]


@pytest.mark.parametrize(
    ("made", "more"),
    [
        (forecast(target_model="middle"), {}),
        (forecast(target_compute_flops=1e20), {"value": 2.2, "compute_flops": 1e20}),
    ],
)
def test_a_target_among_the_fitted_points_is_no_forecast(made, more):
    found = scored(made=made, **more)
    assert any("among the fitted points" in said for said in found.objections)


def test_an_outcome_of_another_size_is_none_of_this_forecast():
    assert "1e+21 FLOPs, the forecast for 1e+22" in scored(compute_flops=1e21).objections[0]


@pytest.mark.parametrize(("value", "counts"), [(1.0, False), (2.0, False), (2.2, True)])
def test_a_lower_bound_counts_only_above_the_interval(value, counts):
    assert scored(value, n_never_passed=2).counts is counts


def test_what_cannot_be_told_is_said_and_counts_all_the_same():
    found = scored(observed_at=None, stderr=0.01, model="other")
    assert found.counts
    assert len(found.remarks) == 3


def test_calibration_counts_in_the_order_of_scoring_and_leaves_out_what_was_no_forecast():
    made = [
        score(forecast("b"), Outcome("s", 2.05, "2026-05-02", observed_at=AFTER)),
        score(forecast("a"), Outcome("s", 3.0, "2026-05-01", observed_at=AFTER)),
        score(forecast("old"), Outcome("s", 2.0, "2026-05-03", observed_at="2026-01-01")),
    ]
    found = calibration(made)
    assert (found.n, found.n_inside, found.n_left_out, found.coverage) == (2, 1, 1, 0.5)
    assert found.running == (("a", "2026-05-01", 1, 0), ("b", "2026-05-02", 2, 1))
    assert found.expected == pytest.approx(0.9)
    assert found.mean_relative_error == pytest.approx((2 / 2.05 - 1 + 2 / 3 - 1) / 2)
    assert found.mean_absolute_relative_error == pytest.approx((1 - 2 / 2.05 + 1 - 2 / 3) / 2)


def test_without_outcomes_nothing_is_defined():
    found = calibration([])
    assert math.isnan(found.coverage)
    assert math.isnan(found.p)


@pytest.mark.parametrize("count", range(9))
def test_with_one_level_the_p_value_is_that_of_the_exact_binomial_test(count):
    assert p_of_count(count, [0.9] * 8) == pytest.approx(binomtest(count, 8, 0.9).pvalue)


@pytest.mark.parametrize("count", range(5))
def test_with_several_levels_the_p_value_is_that_of_all_outcomes_counted_out(count):
    chances = [0.5, 0.9, 0.95, 0.8]
    by_count = [0.0] * 5
    for outcomes in itertools.product([0, 1], repeat=4):
        by_count[sum(outcomes)] += math.prod(p if one else 1 - p for one, p in zip(outcomes, chances, strict=True))
    assert p_of_count(count, chances) == pytest.approx(sum(one for one in by_count if one <= by_count[count] + 1e-12))
