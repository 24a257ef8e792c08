from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import curve_fit

from evals.scaling.runs import BadTable
from evals.scaling.score_law import fit_score_law

COMPUTE = np.geomspace(1e20, 1e23, 6)


def made(level=0.5, slope=0.3, chance=0.25):
    return chance + (1 - chance) / (1 + np.exp(-(level + slope * np.log(COMPUTE / COMPUTE[-1]))))


def test_scores_made_by_a_law_give_the_law_back():
    law = fit_score_law(COMPUTE[::-1], made()[::-1], chance=0.25)
    assert (law.level, law.slope) == pytest.approx((0.5, 0.3), rel=1e-4)
    assert law.predict(COMPUTE) == pytest.approx(made())


def test_the_curve_is_the_one_that_scipy_finds():
    scores = made() + np.array([0.01, -0.02, 0.015, 0.0, -0.01, 0.005])
    x = np.log(COMPUTE / COMPUTE[-1])
    theirs, _ = curve_fit(
        lambda x, level, slope: 0.25 + 0.75 / (1 + np.exp(-level - slope * x)), x, scores, p0=(0, 0.1)
    )
    law = fit_score_law(COMPUTE, scores, chance=0.25)
    assert (law.level, law.slope) == pytest.approx(tuple(theirs), rel=1e-4)


def test_the_interval_is_students_where_the_curve_is_nearly_straight():
    x = np.log(COMPUTE / COMPUTE[-1])
    scores = 0.5 + 0.005 * x + np.array([2, -3, 1, 2, -1, -1]) / 200
    found = fit_score_law(COMPUTE, scores).interval(1e23 * 10, 0.9)
    fitted = sm.OLS(scores, sm.add_constant(x)).fit()
    frame = fitted.get_prediction(np.array([[1.0, np.log(10.0)]])).summary_frame(alpha=0.1)
    assert (found.low, found.high) == pytest.approx(
        (frame["obs_ci_lower"].iloc[0], frame["obs_ci_upper"].iloc[0]), abs=0.005
    )


def test_models_at_chance_do_not_say_where_the_score_will_rise():
    law = fit_score_law(COMPUTE, [0.251, 0.249, 0.25, 0.252, 0.248, 0.25], chance=0.25)
    assert any("no model has left guessing" in said for said in law.warnings)
    assert law.interval(1e25, 0.9).high > 0.95


def test_the_sampling_error_of_the_questions_is_the_least_noise():
    assert fit_score_law(COMPUTE, made(), chance=0.25).noise < 1e-6
    law = fit_score_law(COMPUTE, made(), chance=0.25, n_items=100)
    assert law.noise == pytest.approx(np.sqrt((made() * (1 - made())).mean() / 100))
    assert law.interval(1e24, 0.9).width > 0.1


def test_scores_that_fall_with_compute_are_said_to():
    assert "the score does not rise with compute" in fit_score_law(COMPUTE, made()[::-1], chance=0.25).warnings


@pytest.mark.parametrize(
    ("compute", "scores", "chance", "said"),
    [
        ([1, 2, 3], [50.0, 60.0, 70.0], 0.0, "a score is 50"),
        ([1, 1, 2], [0.1, 0.2, 0.3], 0.0, "2 different amounts"),
        ([1, 2, 3], [0.1, np.nan, 0.3], 0.0, "a score is nan"),
        ([1, 2, 0], [0.1, 0.2, 0.3], 0.0, "compute of model 2 is 0"),
        ([1, 2, 3], [0.1, 0.2, 0.3], 1.0, "chance < ceiling"),
    ],
)
def test_tables_that_hold_no_score_law_are_refused(compute, scores, chance, said):
    with pytest.raises(BadTable, match=said):
        fit_score_law(compute, scores, chance=chance)
