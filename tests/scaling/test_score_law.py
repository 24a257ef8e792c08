from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from evals.scaling.runs import BadTable
from evals.scaling.score_law import fit_score_law

COMPUTE = np.geomspace(1e20, 1e23, 6)


def made(level=0.5, slope=0.3, chance=0.25):
    return chance + (1 - chance) / (1 + np.exp(-(level + slope * np.log(COMPUTE / COMPUTE[-1]))))


def test_scores_made_by_a_law_give_the_law_back():
    law = fit_score_law(COMPUTE[::-1], made()[::-1], chance=0.25)
    assert (law.level, law.slope) == pytest.approx((0.5, 0.3))
    assert law.predict(COMPUTE) == pytest.approx(made())


def test_the_interval_is_the_prediction_interval_of_ordinary_least_squares():
    scores = made() + np.array([0.01, -0.02, 0.015, 0.0, -0.01, 0.005])
    law = fit_score_law(COMPUTE, scores, chance=0.25)
    share = (scores - 0.25) / 0.75
    x = np.log(COMPUTE / COMPUTE[-1])
    fitted = sm.OLS(np.log(share / (1 - share)), sm.add_constant(x)).fit()
    frame = fitted.get_prediction(np.array([[1.0, np.log(10.0)]])).summary_frame(alpha=0.1)
    low, high = (0.25 + 0.75 / (1 + np.exp(-frame[name].iloc[0])) for name in ("obs_ci_lower", "obs_ci_upper"))
    found = law.interval(COMPUTE[-1] * 10, 0.9)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_score_at_chance_has_no_log_odds_and_the_law_says_what_it_does():
    scores = made()
    scores[0] = 0.24
    law = fit_score_law(COMPUTE, scores, chance=0.25)
    assert any(said.startswith("1 scores are at chance or below") for said in law.warnings)


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
