from __future__ import annotations

import json
import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

from evals.scaling.buckets import fit_buckets
from evals.scaling.pass_rate_forecast import forecast_pass_rate
from evals.scaling.pass_rate_law import fit_mean_log_law, fit_pass_rate_law
from evals.scaling.pass_rates import PassCounts
from evals.scaling.runs import BadTable

COMPUTE = np.geomspace(1e18, 1e21, 6)
ALPHAS = np.exp(np.random.default_rng(0).normal(-1.0, 0.8, 150))
RATES = np.exp(-ALPHAS * (COMPUTE[:, None] / COMPUTE[-1]) ** -0.25)


def drawn(n_draws: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).binomial(n_draws, RATES)


def test_logs_made_by_a_law_give_the_law_back():
    law = fit_mean_log_law(COMPUTE[::-1], -np.log(RATES)[::-1], n_draws=20)
    assert (law.alpha, law.k) == pytest.approx((ALPHAS.mean(), 0.25))
    assert law.pass_rate(1e23) == pytest.approx(math.exp(-ALPHAS.mean() * 100**-0.25))
    assert law.warnings == ()


def test_the_line_and_its_interval_are_those_of_weighted_least_squares():
    """Without spread over problems the bootstrap adds nothing, and Student's interval is left."""
    y = ALPHAS.mean() * (COMPUTE / COMPUTE[-1]) ** -0.25 * np.exp([0.02, -0.03, 0.01, 0.02, -0.01, -0.01])
    law = fit_mean_log_law(COMPUTE, np.repeat(y[:, None], 3, axis=1), weighting="equal", n_draws=20)
    fitted = sm.OLS(np.log(y), sm.add_constant(np.log(COMPUTE / COMPUTE[-1]))).fit()
    assert (math.log(law.alpha), -law.k) == pytest.approx(tuple(fitted.params))
    frame = fitted.get_prediction(np.array([[1.0, np.log(100)]])).summary_frame(alpha=0.1)
    found = forecast_pass_rate(law, 1e23, confidence=0.9)
    assert np.log([found.interval.low, found.interval.high]) == pytest.approx(
        [frame["obs_ci_lower"].iloc[0], frame["obs_ci_upper"].iloc[0]]
    )
    assert found.decades == pytest.approx(2)


def test_the_weight_of_a_model_is_its_squared_y_over_its_variance():
    logs = -np.log(RATES)
    law = fit_mean_log_law(COMPUTE, logs, n_draws=20)
    weights = logs.mean(axis=1) ** 2 / logs.var(axis=1, ddof=1)
    assert law.weights == pytest.approx(weights / weights.mean())


def test_counts_of_many_draws_give_the_law_and_few_problems_are_dropped():
    law = fit_pass_rate_law(COMPUTE, drawn(2000), 2000, n_draws=100)
    kept = [p for p in range(150) if not any(one.problem == str(p) for one in law.dropped)]
    assert law.k == pytest.approx(0.25, abs=0.01)
    assert law.alpha == pytest.approx(ALPHAS[kept].mean(), rel=0.02)
    assert ALPHAS[kept].mean() in law.intervals["alpha"]


def test_dropping_says_how_many_and_which_model_caused_it():
    law = fit_pass_rate_law(COMPUTE, drawn(20), 20, models=list("abcdef"), n_draws=20)
    never = (drawn(20) == 0).any(axis=0)
    assert len(law.dropped) == never.sum() > 10
    assert law.n_problems == 150 - never.sum()
    said = law.warnings[0]
    assert said.startswith(f"{never.sum()} of 150 problems are left out for all models")
    assert f"a {(drawn(20)[0] == 0).sum()}" in said


def test_zeros_can_be_refused_with_the_cells_that_need_more_draws():
    with pytest.raises(BadTable, match="no draw passed: small on q") as caught:
        fit_pass_rate_law(
            [1e9, 2e9], [[3, 0], [5, 2]], 10, models=["small", "large"], problems=["p", "q"], zeros="refuse"
        )
    assert "draw more completions" in str(caught.value)


def test_the_likelihood_keeps_zeros_and_finds_the_law_where_dropping_is_biased():
    passes = drawn(20)
    censored = fit_pass_rate_law(COMPUTE, passes, 20, zeros="censored", n_draws=300)
    dropped = fit_pass_rate_law(COMPUTE, passes, 20, zeros="drop", n_draws=100)
    assert censored.k == pytest.approx(0.25, abs=0.01)
    assert 0.25 in censored.intervals["k"]
    assert ALPHAS.mean() in censored.intervals["alpha"]
    assert dropped.alpha < 0.9 * ALPHAS.mean()


def test_the_likelihood_is_the_one_that_scipy_maximises():
    passes, x = drawn(10)[:, :6], np.log(COMPUTE / COMPUTE[-1])

    def minus_likelihood(at: np.ndarray) -> float:
        steps = np.exp(at[:-1]) * np.exp(-np.exp(at[-1]) * x)[:, None]
        return float(-((10 - passes) * np.log(-np.expm1(-steps)) - passes * steps).sum())

    theirs = minimize(minus_likelihood, np.append(np.log(ALPHAS[:6]), math.log(0.25)), method="BFGS")
    law = fit_pass_rate_law(COMPUTE, passes, 10, zeros="censored", n_draws=5)
    assert law.k == pytest.approx(math.exp(theirs.x[-1]), rel=2e-3)
    assert law.alpha == pytest.approx(np.exp(theirs.x[:-1]).mean(), rel=2e-3)


def test_a_floor_that_the_law_lacks_is_flagged_as_a_misfit():
    logs = -np.log(RATES) + 0.4
    law = fit_mean_log_law(COMPUTE, logs, n_draws=200)
    assert any(said.startswith("misfit: log y flattens") for said in law.warnings)
    assert law.with_constant is not None
    assert law.with_constant["c"] == pytest.approx(0.4, rel=0.02)
    assert law.aicc_with_constant < law.aicc
    assert forecast_pass_rate(law, 1e24).y < ALPHAS.mean() * 1000**-0.25 + 0.4


def test_rates_near_one_are_fitted_as_they_are_and_not_by_their_logs():
    law = fit_mean_log_law(COMPUTE, -np.log(RATES) / 50, n_draws=20)
    assert law.scale == "y"
    assert (law.alpha, law.k) == pytest.approx((ALPHAS.mean() / 50, 0.25), rel=1e-4)
    assert any("y itself was fitted" in said for said in law.warnings)


def test_two_models_leave_nothing_to_show_an_interval():
    found = forecast_pass_rate(fit_mean_log_law(COMPUTE[:2], -np.log(RATES[:2]), n_draws=20), 1e23)
    assert not found.interval.defined
    assert any("a law through two models fits exactly" in said for said in found.warnings)
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.slow
def test_buckets_are_sorted_by_one_half_and_counted_in_the_other():
    """On 40 draws a law of each bucket from easy to hard, whose exponents hold the truth that all share."""
    counts = PassCounts.of(COMPUTE, drawn(40), 40)
    found = fit_buckets(counts, np.random.default_rng(0), n_buckets=3, n_draws=50)
    level = [float(one.predict(COMPUTE[-1])) for one in found]
    assert level == sorted(level)
    assert [one.predict(COMPUTE[-1]) for one in found] == pytest.approx(
        [ALPHAS[[int(p) for p in one.problems[0] + one.problems[1]]].mean() for one in found], rel=0.12
    )
    assert all(law.k == pytest.approx(0.25, abs=0.04) for one in found for law in one.laws)


@pytest.mark.parametrize(
    ("compute", "logs", "said"),
    [
        ([1e9, 1e9], [[1.0], [2.0]], "one amount of compute"),
        ([1e9, 2e9], [[1.0], [math.inf]], "-log p of model 1 on item 0 is inf"),
        ([1e9, 2e9], [[1.0], [-0.5]], "-log p of model 1 on item 0 is -0.5"),
        ([1e9, 0], [[1.0], [0.5]], "compute of model 1 is 0"),
        ([1e9, 2e9], [[0.0], [0.0]], "there is no law"),
        ([1e9, 2e9], [[], []], "no problem is left"),
    ],
)
def test_tables_that_hold_no_pass_rate_law_are_refused(compute, logs, said):
    with pytest.raises(BadTable, match=said):
        fit_mean_log_law(compute, logs)


def test_no_problem_that_all_models_passed_is_refused_with_the_way_out():
    with pytest.raises(BadTable, match="no problem is left") as caught:
        fit_pass_rate_law([1e9, 2e9], [[0, 3], [2, 0]], 10)
    assert 'zeros="censored"' in str(caught.value)
