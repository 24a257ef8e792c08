from __future__ import annotations

import numpy as np
import pytest
from published_runs import chinchilla_runs
from scipy.optimize import minimize

from evals.scaling.chinchilla_law import fit_chinchilla_law
from evals.scaling.runs import BadTable

PUBLISHED = {
    "E": (1.8172, 0.03),
    "A": (482.01, 124.58),
    "B": (2085.43, 1293.23),
    "alpha": (0.3478, 0.02),
    "beta": (0.3658, 0.02),
}
"Besiroglu et al. 2024, arXiv:2404.10102: constants and standard errors."


def besiroglus_runs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """240 of 245 runs: theirs is a fit without the five of the highest loss."""
    params, compute, loss = chinchilla_runs()
    kept = loss < np.sort(loss)[-5]
    return params[kept], compute[kept] / params[kept] / 6, loss[kept]


def test_the_corrected_constants_of_chinchilla_are_found_within_their_standard_errors():
    law = fit_chinchilla_law(*besiroglus_runs())
    assert law.n == 240
    for name, (value, stderr) in PUBLISHED.items():
        assert abs(law.parameters[name] - value) < stderr
    assert pytest.approx(1.8172, abs=1e-3) == law.E
    assert law.alpha == pytest.approx(0.3478, abs=1e-3)


def test_the_minimum_is_that_of_a_search_without_derivatives():
    params, tokens, loss = besiroglus_runs()
    x, y, logs = np.log(params), np.log(tokens), np.log(loss)

    def summed_huber(at: np.ndarray) -> float:
        away = np.abs(np.log(np.exp(at[0] - at[1] * x) + np.exp(at[2] - at[3] * y) + np.exp(at[4])) - logs)
        return float(np.where(away < 1e-3, away**2 / 2, 1e-3 * (away - 5e-4)).sum())

    law = fit_chinchilla_law(params, tokens, loss)
    ours = summed_huber(np.array([np.log(law.A), law.alpha, np.log(law.B), law.beta, np.log(law.E)]))
    tight = {"maxiter": 20000, "maxfev": 20000, "xatol": 1e-9, "fatol": 1e-16}
    theirs = minimize(summed_huber, (6.0, 0.35, 7.6, 0.366, 0.6), method="Nelder-Mead", options=tight).fun
    assert ours <= theirs * (1 + 1e-9)


def test_intervals_of_drawn_runs_are_as_wide_as_the_published_standard_errors():
    """Their bootstrap of 4,000 draws gives 0.03 for E and 0.02 for the exponents."""
    law = fit_chinchilla_law(*besiroglus_runs(), confidence=0.6827, n_draws=60)
    assert law.intervals["E"].width / 2 == pytest.approx(0.03, rel=0.5)
    assert law.intervals["alpha"].width / 2 == pytest.approx(0.02, rel=0.5)
    assert law.intervals["beta"].width / 2 == pytest.approx(0.02, rel=0.5)


def test_the_best_split_is_where_the_loss_is_smallest():
    law = fit_chinchilla_law(*besiroglus_runs())
    params, tokens = law.best_split(5.76e23)
    assert 6 * params * tokens == pytest.approx(5.76e23)
    tried = params * np.geomspace(0.5, 2, 101)
    assert np.argmin(law.predict(tried, 5.76e23 / 6 / tried)) == 50


@pytest.mark.slow
def test_runs_of_one_ratio_of_tokens_hold_no_two_exponents_and_the_law_says_so():
    params = np.geomspace(1e8, 1e10, 9)
    loss = 1.7 + 400 / params**0.34 + 2000 / (20 * params) ** 0.37
    law = fit_chinchilla_law(params, 20 * params, loss, rho="squared")
    assert any("move together" in said for said in law.warnings)
    assert law.predict(params, 20 * params) == pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize(
    ("params", "tokens", "said"),
    [
        ([1e8] * 6, [1, 2, 3, 4, 5, 6], "1 different values of the size"),
        ([1, 2, 3], [1, 2, 3], "3 runs, but"),
        ([1, 2, 3, 4, 5, -1], [1, 2, 3, 4, 5, 6], "params of run 5 is -1"),
    ],
)
def test_runs_that_hold_no_such_law_are_refused(params, tokens, said):
    with pytest.raises(BadTable, match=said):
        fit_chinchilla_law(params, tokens, np.linspace(3, 2, len(params)))
