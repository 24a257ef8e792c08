from __future__ import annotations

import numpy as np
import pytest

from evals.scaling.runs import BadTable
from evals.scaling.task_ladder import fit_accuracy_of_loss, fit_task_ladder, forecast_accuracy

PARAMS = np.repeat([190e6, 370e6, 760e6, 1.3e9], 4)
TOKENS = PARAMS * np.array([20, 40, 100, 200] * 4)
"Four sizes, each trained on four multiples of its tokens, as Bhagia et al. 2024 do."


def task_loss(params, tokens):
    return 0.35 + 60 / params**0.28 + 90 / tokens**0.27


def accuracy(loss):
    return 0.25 + 0.7 / (1 + np.exp(4 * (loss - 0.75)))


def test_a_ladder_without_noise_gives_both_laws_back():
    loss = task_loss(PARAMS, TOKENS)
    ladder = fit_task_ladder(PARAMS, TOKENS, loss, accuracy(loss), rho="squared")
    assert (ladder.loss_law.E, ladder.loss_law.alpha, ladder.loss_law.beta) == pytest.approx(
        (0.35, 0.28, 0.27), rel=1e-2
    )
    step = ladder.accuracy_law
    assert (step.low, step.high, step.middle, step.k) == pytest.approx((0.25, 0.95, 0.75, 4.0), rel=1e-3)
    assert ladder.predict(7e9, 4e12) == pytest.approx(accuracy(task_loss(7e9, 4e12)), abs=1e-3)


def test_the_forecast_of_a_larger_model_holds_the_truth():
    rng = np.random.default_rng(1)
    loss = task_loss(PARAMS, TOKENS) * np.exp(rng.normal(0, 0.005, 16))
    halfway = rng.uniform(loss.min(), loss.max() + 0.5, 40)
    ladder = fit_task_ladder(
        PARAMS, TOKENS, loss, accuracy(loss) + rng.normal(0, 0.005, 16),
        checkpoint_loss=halfway, checkpoint_accuracy=accuracy(halfway) + rng.normal(0, 0.005, 40),
    )  # fmt: skip
    found = forecast_accuracy(ladder, 7e9, 4e12, n_draws=150)
    truth = accuracy(task_loss(7e9, 4e12))
    assert abs(found.accuracy - truth) < 0.02
    assert truth in found.interval
    assert found.interval.width < 0.15
    assert found.decades == pytest.approx(np.log10(7e9 * 4e12 / (PARAMS * TOKENS).max()))
    assert len(ladder.step_loss) == 56


def test_the_level_of_guessing_can_be_given():
    losses = np.linspace(0.8, 0.5, 8)
    step = fit_accuracy_of_loss(losses, accuracy(losses), low=0.25)
    assert step.low == 0.25
    assert (step.high, step.middle, step.k) == pytest.approx((0.95, 0.75, 4.0), rel=1e-3)


def test_models_at_the_level_of_guessing_are_said_to_show_nothing():
    loss = task_loss(PARAMS, TOKENS)
    ladder = fit_task_ladder(PARAMS, TOKENS, loss, np.full(16, 0.25) + 0.001 * np.cos(np.arange(16)), low=0.25)
    assert any("hardly moves" in said for said in ladder.warnings)


@pytest.mark.parametrize(
    ("scores", "said"), [([25.0, 30, 40, 50, 60], "not between 0 and 1"), ([0.1, 0.2, 0.3], "one number a point")]
)
def test_accuracies_that_are_none_are_refused(scores, said):
    with pytest.raises(BadTable, match=said):
        fit_accuracy_of_loss([1.0, 0.9, 0.8, 0.7, 0.6], scores)
