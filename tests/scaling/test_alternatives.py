from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from evals.scaling.alternatives import fit_broken_law, fit_saturating_law
from evals.scaling.model_comparison import compare_laws, loss_laws
from evals.scaling.runs import BadTable

COMPUTE = np.geomspace(1e18, 1e22, 12)
X = COMPUTE / COMPUTE[-1]


def broken(x, a=0.4, b=-0.1, c=0.8, x_b=0.01, b2=-0.4):
    return a * x**b * (1 + (x / x_b) ** (1 / 0.3)) ** ((b2 - b) * 0.3) + c


def test_a_saturating_ladder_gives_its_law_back():
    law = fit_saturating_law(COMPUTE, 0.5 * (X + 1e-3) ** -0.2 + 1.2)
    assert law.parameters == pytest.approx({"a": 0.5, "b": -0.2, "c": 1.2, "s": 1e19}, rel=1e-3)
    assert law.predict(1e24) == pytest.approx(0.5 * 100.001**-0.2 + 1.2, rel=1e-5)


def test_a_broken_ladder_gives_its_law_back():
    law = fit_broken_law(COMPUTE, broken(X))
    assert law.rms_log < 1e-6
    assert law.parameters == pytest.approx({"a": 0.4, "b": -0.1, "c": 0.8, "x_b": 0.01, "b2": -0.4}, rel=1e-2)


def test_the_broken_fit_is_no_worse_than_scipys_from_the_truth():
    losses = broken(X) * np.exp(np.random.default_rng(0).normal(0, 0.003, len(X)))

    def away(p):
        return np.log(losses) - np.log(
            np.maximum(broken(X, np.exp(p[0]), -np.exp(p[1]), max(p[2], 0), np.exp(p[3]), -np.exp(p[4])), 1e-9)
        )

    theirs = least_squares(away, [np.log(0.4), np.log(0.1), 0.8, np.log(0.01), np.log(0.4)]).fun
    assert fit_broken_law(COMPUTE, losses).rms_log <= np.sqrt(np.mean(theirs**2)) * (1 + 1e-6)


def test_aicc_prefers_the_form_that_made_the_runs():
    noise = np.exp(np.random.default_rng(0).normal(0, 0.002, len(X)))
    for losses, name in (
        (0.5 * X**-0.2 + 1.2, "power law with a constant"),
        (1.5 * X**-0.07, "power law without a constant"),
        (0.5 * (X + 1e-3) ** -0.2 + 1.2, "alternative: saturating power law"),
    ):
        found = loss_laws(COMPUTE, losses * noise)
        assert found[0].law.name == name
        assert found[0].delta == 0.0
        assert sum(one.weight for one in found) == pytest.approx(1)
        assert [one.aicc for one in found] == sorted(one.aicc for one in found)


def test_few_runs_are_given_no_alternative():
    assert [one.law.name for one in loss_laws(COMPUTE[:5], 0.5 * X[:5] ** -0.2 + 1.2)] == [
        "power law without a constant",
        "power law with a constant",
    ]
    with pytest.raises(BadTable, match="5 different amounts of compute, but 4 parameters need 6"):
        fit_saturating_law(COMPUTE[:5], X[:5] ** -0.1)


def test_no_law_is_no_comparison():
    with pytest.raises(BadTable, match="no law"):
        compare_laws([])
