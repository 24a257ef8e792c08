from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import curve_fit

from evals.scaling.batched_laws import Laws, drawn_counts, drawn_laws, fit_many, fit_near
from evals.scaling.forecast import forecast_loss, prediction_band
from evals.scaling.loss_law import fit_loss_law, fit_runs
from evals.scaling.runs import Runs
from evals.scaling.validation import leave_one_family_out

COMPUTE = np.geomspace(1e18, 1e22, 9)
X = np.log(COMPUTE / COMPUTE[-1])
NOISE = np.array([3, -2, 1, 4, -3, -1, 2, -4, 1]) / 1000


def test_a_thousand_draws_at_once_are_fitted_as_scipy_fits_each():
    rng = np.random.default_rng(0)
    losses = (0.5 * np.exp(-0.2 * X) + 1.2) * np.exp(rng.normal(0, 0.003, (1000, 9)))
    found = fit_many(X, losses)
    for row in range(0, 1000, 100):
        theirs, _ = curve_fit(
            lambda x, u, z, c: np.log(np.exp(u - np.exp(z) * x) + c),
            X,
            np.log(losses[row]),
            p0=[np.log(0.5), np.log(0.2), 1.2],
        )
        assert (found.u[row], found.z[row], found.c[row]) == pytest.approx(tuple(theirs), rel=1e-4)


def test_weights_count_as_copies_of_a_run_do():
    losses = (0.5 * np.exp(-0.2 * X) + 1.2) * np.exp(NOISE)
    counts = np.array([1, 2, 1, 3, 1, 1, 2, 1, 1])
    weighed = fit_many(X, losses[None, :], counts[None, :].astype(float))
    copied = fit_many(np.repeat(X, counts), np.repeat(losses, counts)[None, :])
    assert (weighed.u[0], weighed.z[0], weighed.c[0]) == pytest.approx(
        (copied.u[0], copied.z[0], copied.c[0]), rel=1e-6
    )


def test_the_profile_of_a_law_without_constant_is_students_prediction_interval():
    losses = 2.0 * np.exp(-0.05 * X) * np.exp(NOISE)
    band = prediction_band(fit_loss_law(COMPUTE, losses, c=0.0), [1e20, 1e25], confidence=0.9, method="profile")
    fitted = sm.OLS(np.log(losses), sm.add_constant(X)).fit()
    at = sm.add_constant(np.log(np.array([1e20, 1e25]) / 1e22))
    frame = fitted.get_prediction(at).summary_frame(alpha=0.1)
    assert np.log(band.low) == pytest.approx(frame["obs_ci_lower"].to_numpy(), abs=1e-5)
    assert np.log(band.high) == pytest.approx(frame["obs_ci_upper"].to_numpy(), abs=1e-5)


@pytest.mark.parametrize("method", ["bootstrap", "profile"])
def test_a_forecast_says_where_it_stands_and_can_be_written_as_json(method):
    losses = (0.5 * np.exp(-0.2 * X) + 1.2) * np.exp(NOISE)
    found = forecast_loss(COMPUTE, losses, 1e25, method=method, confidence=0.9)
    assert found.decades == pytest.approx(3)
    assert found.loss in found.interval
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["loss"] == found.loss
    assert plain["method"] == method
    assert plain["law"]["parameters"] == found.law.parameters


def test_both_intervals_agree_on_a_usual_ladder():
    law = fit_loss_law(COMPUTE, (0.5 * np.exp(-0.2 * X) + 1.2) * np.exp(NOISE))
    drawn = prediction_band(law, [1e24], confidence=0.9, n_draws=4000)
    profiled = prediction_band(law, [1e24], confidence=0.9, method="profile")
    widths = [np.log(band.high / band.low)[0] for band in (drawn, profiled)]
    assert widths[0] == pytest.approx(widths[1], rel=0.3)


def test_many_runs_are_drawn_whole_and_spread_as_new_runs_would():
    compute = np.repeat([1e18, 1e19, 1e20, 1e21, 1e22], 5)
    truth = 0.5 * (compute / 1e22) ** -0.2 + 1.2
    new = truth * np.exp(np.random.default_rng(2).normal(0, 0.003, (1000, 25)))
    law = fit_runs(Runs.of(compute, new[0]))
    laws, _ = drawn_laws(law.runs, law.loss(law.runs.compute), 1000, np.random.default_rng(1))
    assert laws.c.std() == pytest.approx(fit_many(law.runs.relative, new).c.std(), rel=0.4)


def test_every_draw_of_whole_runs_has_four_amounts_of_compute():
    runs = Runs.of(np.append(np.full(18, 1e18), [1e19, 1e20, 1e21]), np.linspace(3, 2, 21))
    counts = drawn_counts(runs, 200, np.random.default_rng(0))
    assert (counts.sum(axis=1) == 21).all()
    assert (counts[:, -3:] > 0).all()


def test_each_family_is_forecast_by_the_law_of_the_others():
    families = ["a", "b", "c"] * 3
    losses = np.exp(-0.2 * X) * 0.5 + 1.2
    losses[1::3] *= 1.1
    found = leave_one_family_out(COMPUTE, losses, families)
    assert [one.family for one in found] == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    assert [one.n_fitted for one in found] == [6] * 9
    assert all(-0.12 < one.relative_error < -0.06 for one in found if one.family == "b")
    seen = fit_loss_law(np.delete(COMPUTE, [1, 4, 7]), np.delete(losses, [1, 4, 7]))
    assert [one.forecast for one in found[3:6]] == pytest.approx(seen.loss(COMPUTE[1::3]).tolist())


@pytest.mark.parametrize("n_runs", [4, 5, 8])
def test_one_more_run_is_fitted_as_well_near_the_law_as_from_a_grid(n_runs):
    """Also far below the constant of the law, where the runs that are there say little of it."""
    losses = (0.055 * np.exp(-0.28 * X[:n_runs]) + 0.46) * np.exp(NOISE[:n_runs])
    law = fit_loss_law(COMPUTE[:n_runs], losses)
    start = Laws(*(np.array([value]) for value in (np.log(law.a), np.log(-law.b), law.c, 0.0)))
    further = float(law.loss(1e24)) * np.exp(np.linspace(-0.3, 0.2, 26))
    rows = np.column_stack([np.tile(losses, (26, 1)), further])
    relative = np.append(law.runs.relative, np.log(1e24 / law.compute_unit))
    near = fit_near(np.tile(relative, (26, 1)), rows, np.ones(n_runs + 1), start, c_held=False)
    assert (near.objective <= fit_many(relative, rows).objective * 1.001).all()
