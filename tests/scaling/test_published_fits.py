"""Published series, and the laws that least squares on log loss gives them (c at least 0, C over its largest value)."""

from __future__ import annotations

import numpy as np
import pytest
from published_runs import GPT3_FLOPS, chinchilla_frontier, lambada, pile_losses

from evals.scaling.batched_laws import fit_many
from evals.scaling.loss_law import fit_loss_law
from evals.scaling.pass_rate_forecast import forecast_pass_rate
from evals.scaling.pass_rate_law import fit_mean_log_law
from evals.scaling.pass_rates import difficulty_buckets
from evals.scaling.validation import leave_last_out

FITS = [
    ("Cerebras-GPT", 1.1197, -0.0713, 0.4593, 0.0066, 1.5977, 1.572),
    ("Cerebras-GPT-card", 1.4806, -0.0554, 0.0997, 0.0100, 1.5955, 1.575),
    ("Cerebras-GPT-muP", 1.2141, -0.0790, 0.6314, 0.0009, 1.8427, 1.846),
    ("Pythia", 0.2229, -0.3247, 1.3627, 0.0032, 1.5905, 1.582),
    ("Chinchilla frontier", 0.4406, -0.1701, 1.7654, 0.0033, 2.2062, 2.2057),
]


@pytest.mark.parametrize(("series", "a", "b", "c", "rms", "predicted", "actual"), FITS, ids=[fit[0] for fit in FITS])
def test_the_fit_of_a_published_series(series, a, b, c, rms, predicted, actual):
    compute, loss = chinchilla_frontier() if "frontier" in series else pile_losses(series)
    law = fit_loss_law(compute, loss)
    assert (law.a, law.b, law.c, law.rms_log) == pytest.approx((a, b, c, rms), abs=6e-5)
    (held_out,) = leave_last_out(compute, loss)
    assert (held_out.forecast, held_out.actual) == pytest.approx((predicted, actual), abs=6e-5)


def test_the_published_law_of_cerebras_gpt():
    """L = (C / 5.984e22)^-0.0737 + 0.5066 (arXiv:2304.03208, equation 1): our fit lies within a hundredth of it."""
    compute, loss = pile_losses("Cerebras-GPT")
    law = fit_loss_law(compute, loss, confidence=0.95)
    published = (np.array(compute) / 5.984e22) ** -0.0737 + 0.5066
    assert law.loss(compute) == pytest.approx(published, rel=0.005)
    assert -0.0737 in law.intervals["b"]
    assert 0.5066 in law.intervals["c"]


def test_the_constant_of_seven_runs_is_said_to_be_hardly_identified():
    """A plain residual bootstrap gives 0.00 to 0.83; ours is wider, for the parameters that the residuals paid for."""
    law = fit_loss_law(*pile_losses("Cerebras-GPT"), confidence=0.95)
    plain = law.loss(law.runs.compute) * np.exp(np.random.default_rng(0).choice(law.residuals, (4000, 7)))
    assert np.quantile(fit_many(law.runs.relative, plain).c, [0.025, 0.975]) == pytest.approx([0.0, 0.83], abs=0.02)
    assert law.intervals["c"].low == 0.0
    assert 0.83 < law.intervals["c"].high < 1.2
    assert any("hardly identified" in said for said in law.warnings)
    assert not any(
        "hardly identified" in said for said in fit_loss_law(*pile_losses("Pythia"), confidence=0.95).warnings
    )


LAMBADA = [
    (152, 0.158, 0.225),
    (152, 0.553, 0.608),
    (152, 0.571, 0.755),
    (151, 0.582, 0.912),
    (151, 0.878, 1.261),
    (151, 1.354, 1.905),
]


def test_lambada_without_a_constant_is_forecast_too_well_in_every_bucket():
    small, gpt3 = lambada("gpt2 gpt2-medium gpt2-large gpt2-xl"), lambada("ada babbage curie davinci")
    buckets = difficulty_buckets(small)
    found = []
    for rows in buckets:
        law = fit_mean_log_law(GPT3_FLOPS[:3], gpt3[:3, rows], weighting="equal", n_draws=50)
        found.append((len(rows), forecast_pass_rate(law, GPT3_FLOPS[3]).y, gpt3[3, rows].mean()))
    assert [one[0] for one in found] == [one[0] for one in LAMBADA]
    assert np.array(found) == pytest.approx(np.array(LAMBADA), abs=6e-4)
    assert all(predicted < actual for _, predicted, actual in found)


def test_lambada_is_flagged_as_a_misfit():
    """Every bucket but the second flattens beyond the noise of its items once davinci is in."""
    small, gpt3 = lambada("gpt2 gpt2-medium gpt2-large gpt2-xl"), lambada("ada babbage curie davinci")
    laws = [fit_mean_log_law(GPT3_FLOPS, gpt3[:, rows]) for rows in difficulty_buckets(small)]
    flagged = [any(said.startswith("misfit: log y flattens") for said in law.warnings) for law in laws]
    assert flagged == [True, False, True, True, True, True]
    assert any("flattens" in said for said in fit_mean_log_law(GPT3_FLOPS[:3], gpt3[:3]).warnings)


CODEX = np.array([12e6, 25e6, 42e6, 85e6, 300e6, 679e6, 2.5e9, 12e9])
CODEX_PASS_1 = np.array([2.0, 3.21, 5.06, 8.22, 13.17, 16.22, 21.36, 28.81]) / 100


def test_codex_by_parameters_as_logs_of_means():
    """Chen et al. 2021, arXiv:2107.03374, Table 1: one row of logs of pass@1 tests the arithmetic, not the law."""
    law = fit_mean_log_law(CODEX, -np.log(CODEX_PASS_1)[:, None], weighting="equal", n_draws=10)
    assert law.k == pytest.approx(0.166, abs=1e-3)
    held_out = fit_mean_log_law(CODEX[:-1], -np.log(CODEX_PASS_1)[:-1, None], weighting="equal", n_draws=10)
    assert held_out.predict(CODEX[-1]) == pytest.approx(1.103, abs=2e-3)
