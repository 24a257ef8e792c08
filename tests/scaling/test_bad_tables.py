"""Tables of runs that hold no law, or not the one that is asked for: refused or handled, and the message says why."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.errors import EvalsError
from evals.scaling.forecast import forecast_loss, outside_band, prediction_band
from evals.scaling.loss_law import fit_loss_law
from evals.scaling.runs import BadTable, Runs
from evals.scaling.validation import leave_last_out, leave_one_family_out

COMPUTE = np.geomspace(1e18, 1e22, 9)
LOSS = 0.5 * (COMPUTE / COMPUTE[-1]) ** -0.2 + 1.2


@pytest.mark.parametrize(
    ("compute", "loss", "said"),
    [
        ([1e18] * 6, [3, 2.9, 3.1, 3, 3, 3.05], "all runs have the same compute, but the fit needs 4"),
        ([1e18, 1e19, 1e20], [3, 2, 1.5], "3 different amounts of compute, but the fit needs 4: *\n? *fix"),
        ([1e18, 1e19, 1e20, 1e21], [3, 2, math.nan, 1], "loss of run 2 is nan"),
        ([1e18, 1e19, math.inf, 1e21], [3, 2, 1.5, 1], "compute of run 2 is inf"),
        ([1e18, 0, 1e20, 1e21], [3, 2, 1.5, 1], "compute of run 1 is 0"),
        ([1e18, 1e19, 1e20, 1e21], [3, -2, 1.5, 1], "loss of run 1 is -2"),
        ([1e18, 1e19, 1e20, "many"], [3, 2, 1.5, 1], "compute: one number a run"),
        ([[1e18, 1e19]], [[3, 2]], "one number a run each"),
        ([], [], "0 different amounts"),
    ],
)  # fmt: skip
def test_a_table_without_a_law_is_refused(compute, loss, said):
    with pytest.raises(BadTable, match=said.split(": *")[0]) as caught:
        fit_loss_law(compute, loss)
    assert isinstance(caught.value, EvalsError)
    assert isinstance(caught.value, ValueError)


def test_a_loss_below_the_floor_is_refused_with_both_numbers():
    with pytest.raises(BadTable, match=r"the constant 1\.8 is not between 0 and the smallest loss 1\.7") as caught:
        fit_loss_law(COMPUTE, LOSS, c=1.8)
    assert "another floor, or another unit" in str(caught.value)


def test_a_known_constant_needs_three_amounts_of_compute_only():
    law = fit_loss_law(COMPUTE[:3], LOSS[:3], c=1.2)
    assert law.b == pytest.approx(-0.2)


def test_two_units_of_loss_are_refused_where_the_table_names_them():
    with pytest.raises(BadTable, match="more than one unit of loss in one fit: bits/byte, nats/token"):
        fit_loss_law(COMPUTE, LOSS, units=["nats/token"] * 8 + ["bits/byte"])


def test_two_ways_of_counting_flops_are_refused_where_the_table_names_them():
    with pytest.raises(BadTable, match="more than one FLOP convention in one fit: 6ND, with attention"):
        fit_loss_law(COMPUTE, LOSS, flop_conventions=["6ND", "with attention"] + ["6ND"] * 7)


def test_bits_among_nats_are_suspected_where_nothing_names_them():
    mixed = LOSS * np.exp(np.random.default_rng(0).normal(0, 0.003, 9))
    mixed[3] /= math.log(2)
    assert any("near ln 2" in said and f"{COMPUTE[3]:.3g}" in said for said in fit_loss_law(COMPUTE, mixed).warnings)
    assert not any("ln 2" in said for said in fit_loss_law(COMPUTE, LOSS).warnings)


def test_petaflop_days_among_flops_are_suspected():
    compute = COMPUTE.copy()
    compute[2] /= 8.64e19
    assert any("is it in FLOPs in all rows" in said for said in fit_loss_law(compute, LOSS).warnings)


def test_a_row_that_is_there_twice_counts_once_and_is_said():
    law = fit_loss_law(np.append(COMPUTE, COMPUTE[4]), np.append(LOSS, LOSS[4]))
    assert law.n == 9
    assert law.parameters == fit_loss_law(COMPUTE, LOSS).parameters
    assert any(said.startswith("1 row repeats another in compute and loss") for said in law.warnings)


def test_two_seeds_at_one_compute_are_two_runs():
    law = fit_loss_law(np.append(COMPUTE, COMPUTE[4]), np.append(LOSS, LOSS[4] * 1.003))
    assert law.n == 10
    assert not any("repeats" in said for said in law.warnings)


@pytest.mark.parametrize("weights", [[1] * 8 + [0], [1] * 8 + [-1], [1] * 8 + [math.nan], [1, 2]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(BadTable, match="weight"):
        fit_loss_law(COMPUTE, LOSS, weights=weights)


@pytest.mark.parametrize("target", [0, -1e20, math.inf, math.nan])
def test_a_target_that_is_no_compute_is_refused(target):
    with pytest.raises(BadTable, match="it is a positive number of FLOPs"):
        forecast_loss(COMPUTE, LOSS, target)


def test_losses_that_rise_hold_no_law_and_the_law_says_so():
    assert any("does not fall with compute" in said for said in fit_loss_law(COMPUTE, LOSS[::-1]).warnings)


def test_runs_of_nearly_one_compute_are_said_to_lie_close():
    close = np.geomspace(1e20, 5e20, 6)
    law = fit_loss_law(close, 0.5 * (close / close[-1]) ** -0.2 + 1.2)
    assert any("span 0.7 decades" in said for said in law.warnings)


def test_a_target_further_off_than_the_runs_are_wide_is_said():
    found = forecast_loss(COMPUTE, LOSS, 1e27, n_draws=20)
    assert "the target lies 5.0 decades beyond the largest run" in found.warnings
    assert "the law is stretched over 5.0 decades, and the runs span 4.0" in found.warnings


def test_the_profile_is_refused_for_the_huber_rho():
    with pytest.raises(BadTable, match="squared rho"):
        prediction_band(fit_loss_law(COMPUTE, LOSS, rho="huber"), [1e23], method="profile")


def test_holding_out_all_or_none_is_refused():
    for k in (0, 9):
        with pytest.raises(BadTable, match=f"{k} runs of 9 cannot be held out"):
            leave_last_out(COMPUTE, LOSS, k)


def test_a_family_needs_others_to_be_held_out_against():
    with pytest.raises(BadTable, match="one family only"):
        leave_one_family_out(COMPUTE, LOSS, ["a"] * 9)
    with pytest.raises(BadTable, match="2 families for 9 runs"):
        leave_one_family_out(COMPUTE, LOSS, ["a", "b"])


def test_a_run_outside_the_band_is_told_from_one_inside():
    noisy = LOSS * np.exp(np.random.default_rng(0).normal(0, 0.003, 9))
    law = fit_loss_law(COMPUTE, noisy)
    band = prediction_band(law, [1e23], confidence=0.9, method="profile")
    tried = [band.low[0] * 0.999, band.low[0] * 1.001, band.high[0] * 0.999, band.high[0] * 1.001]
    assert outside_band(law, [1e23] * 4, tried, 0.9).tolist() == [-1, 0, 0, 1]


def test_runs_keep_their_order_and_weights_average_to_one():
    runs = Runs.of([3e18, 1e18, 2e18], [1.0, 3.0, 2.0], [2.0, 4.0, 6.0])
    assert runs.loss.tolist() == [3.0, 2.0, 1.0]
    assert runs.weights.tolist() == [1.0, 1.5, 0.5]
