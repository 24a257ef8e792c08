"""The two-step ladder: parameters and tokens give a task's loss, and that loss gives the accuracy.

Bhagia et al. 2024, arXiv:2412.04403. Step 1 is L(N, D) = E + A / N^alpha + B / D^beta of the loss on the right
answers; step 2 is accuracy = low + (high - low) / (1 + exp(k (L - L0))), fitted to checkpoints as well as final models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.batched_least_squares import Model, Rho, minimise
from evals.scaling.chinchilla_law import N_PARAMETERS, ChinchillaLaw, drawn_parameters, fit_chinchilla_law
from evals.scaling.results import interval_dict, percentiles
from evals.scaling.runs import BadTable, check_positive
from evals.stats.arrays import Array, Codes, check_confidence
from evals.stats.estimate import Interval

MIN_POINTS = 5
N_PLACES = 25
STEEPNESS = (1.0, 3.0, 10.0, 30.0)
"Starts of k, in units of 1 / the range of the losses."


@dataclass(frozen=True)
class AccuracyOfLoss:
    """accuracy = low + (high - low) / (1 + exp(k (L - middle)))."""

    low: float
    high: float
    middle: float
    "The loss at which accuracy is halfway."
    k: float
    "Positive: less loss, more accuracy."
    residuals: Array
    n_parameters: int
    "4, or 3 where `low` was given."

    def predict(self, loss: ArrayLike) -> Array:
        """The accuracy at each loss."""
        at = np.clip(self.k * (np.asarray(loss, dtype=np.float64) - self.middle), -500, 500)
        return np.asarray(self.low + (self.high - self.low) / (1 + np.exp(at)), dtype=np.float64)


@dataclass(frozen=True)
class TaskLadder:
    """Both steps, and what they need for an interval."""

    loss_law: ChinchillaLaw
    accuracy_law: AccuracyOfLoss
    params: Array
    tokens: Array
    task_loss: Array
    step_loss: Array
    step_accuracy: Array
    "Shape (n_points,): what step 2 was fitted to, with `step_loss`."
    rho: Rho
    warnings: tuple[str, ...]

    name = "two-step ladder"
    formula = "L = E + A / N^alpha + B / D^beta; accuracy = low + (high - low) / (1 + exp(k (L - L0)))"

    def predict(self, params: ArrayLike, tokens: ArrayLike) -> Array:
        """The accuracy of models of so many parameters, trained on so many tokens."""
        return self.accuracy_law.predict(self.loss_law.predict(params, tokens))

    def to_dict(self) -> dict[str, Any]:
        """Both laws as plain values for JSON."""
        step = self.accuracy_law
        return {
            "law": self.name,
            "formula": self.formula,
            "loss_law": self.loss_law.to_dict(),
            "accuracy_law": {"low": step.low, "high": step.high, "middle": step.middle, "k": step.k},
            "n_points": len(self.step_loss),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class LadderForecast:
    """What the ladder forecasts for one model."""

    params: float
    tokens: float
    loss: float
    accuracy: float
    interval: Interval
    "Of the accuracy of one more model there."
    decades: float
    "log10 of N x D over the largest of the fit."

    def to_dict(self) -> dict[str, Any]:
        """The forecast as plain values for JSON."""
        return {
            "params": self.params,
            "tokens": self.tokens,
            "task_loss": self.loss,
            "accuracy": self.accuracy,
            "interval": interval_dict(self.interval),
            "decades_beyond": self.decades,
        }


def fit_task_ladder(
    params: ArrayLike,
    tokens: ArrayLike,
    task_loss: ArrayLike,
    accuracy: ArrayLike,
    *,
    checkpoint_loss: ArrayLike = (),
    checkpoint_accuracy: ArrayLike = (),
    low: float | None = None,
    rho: Rho = "huber",
) -> TaskLadder:
    """The ladder of final models, with checkpoints for the second step.

    params, tokens, task_loss, accuracy: shape (n,), of fully trained models. checkpoint_loss, checkpoint_accuracy:
    shape (m,), of unfinished ones; they go into step 2 only, since a loss in the middle of a run lies on no law of N
    and D. low: the accuracy of guessing, where it is known; else it is fitted.

    Raises BadTable: what `fit_chinchilla_law` refuses, accuracies outside [0, 1], or fewer than 5 points for step 2.
    """
    first = fit_chinchilla_law(params, tokens, task_loss, rho=rho)
    loss = np.append(np.asarray(task_loss, dtype=np.float64), np.asarray(checkpoint_loss, dtype=np.float64))
    scores = np.append(np.asarray(accuracy, dtype=np.float64), np.asarray(checkpoint_accuracy, dtype=np.float64))
    second = fit_accuracy_of_loss(loss, scores, low=low)
    said = list(first.warnings)
    if np.ptp(second.predict(loss)) < 0.02:
        said.append("accuracy hardly moves with the loss of these models: step 2 says little beyond them")
    if not second.predict(loss.min()) > second.low + 0.1 * (second.high - second.low):
        said.append("no model has left the level of guessing: where accuracy rises is a guess too")
    n, d, final = (np.asarray(values, dtype=np.float64) for values in (params, tokens, task_loss))
    return TaskLadder(first, second, n, d, final, loss, scores, rho, tuple(said))


def fit_accuracy_of_loss(loss: ArrayLike, accuracy: ArrayLike, *, low: float | None = None) -> AccuracyOfLoss:
    """The sigmoid of step 2 by least squares of accuracy.

    loss, accuracy: shape (n_points,). low: held where given.

    Raises BadTable: other shapes, a loss that is not positive, accuracies outside [0, 1], or fewer than 5 points.
    """
    losses, scores = np.asarray(loss, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)
    if losses.ndim != 1 or losses.shape != scores.shape:
        raise BadTable(f"loss and accuracy: one number a point each, got {losses.shape} and {scores.shape}")
    check_positive(losses, "loss", "point")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise BadTable("an accuracy is not between 0 and 1", fix="divide percentages by 100")
    if len(np.unique(losses)) < MIN_POINTS:
        raise BadTable(f"{len(np.unique(losses))} different losses; step 2 needs {MIN_POINTS}", fix="add checkpoints")
    starts = _sigmoid_starts(losses, scores, low)
    rows = np.broadcast_to(scores, (len(starts), len(scores)))
    found = minimise(_sigmoid_model(losses, low), starts, rows, np.ones(rows.shape), max_steps=500)
    return _sigmoid(found.parameters[int(np.argmin(found.objective))], losses, scores, low)


def _sigmoid_starts(loss: Array, accuracy: Array, low: float | None) -> Array:
    """(log k, middle, high, low): a grid of k and middle, high and low at the ends of the data."""
    spread = np.ptp(loss)
    bottom = accuracy.min() if low is None else low
    return np.array(
        [
            [math.log(k / spread), middle, top, bottom]
            for k in STEEPNESS
            for middle in np.linspace(loss.min() - spread / 2, loss.max(), N_PLACES)
            for top in (accuracy.max(), 1.0)
        ]
    )


def _sigmoid_model(loss: Array, low: float | None) -> Model:
    """(log k, middle, high, low) to accuracy; high is held within [0, 1] and low too, by no slope beyond."""

    def model(at: Array, rows: Codes) -> tuple[Array, Sequence[Array]]:
        k = np.exp(np.clip(at[:, :1], -20, 8))
        high = np.clip(at[:, 2:3], 0, 1)
        bottom = np.clip(at[:, 3:], 0, 1) if low is None else np.full_like(high, low)
        rise = 1 / (1 + np.exp(np.clip(k * (loss - at[:, 1:2]), -500, 500)))
        steep = (high - bottom) * rise * (1 - rise)
        down = 1 - rise if low is None else np.zeros_like(rise)
        return bottom + (high - bottom) * rise, (-steep * k * (loss - at[:, 1:2]), steep * k, rise, down)

    return model


def _sigmoid(at: Array, loss: Array, accuracy: Array, low: float | None) -> AccuracyOfLoss:
    k, middle = math.exp(min(max(at[0], -20), 8)), float(at[1])
    high = float(np.clip(at[2], 0, 1))
    bottom = float(np.clip(at[3], 0, 1)) if low is None else low
    law = AccuracyOfLoss(bottom, high, middle, k, np.zeros(0), 4 if low is None else 3)
    residuals = accuracy - law.predict(loss)
    return AccuracyOfLoss(bottom, high, middle, k, residuals, law.n_parameters)


def forecast_accuracy(
    ladder: TaskLadder,
    params: float,
    tokens: float,
    *,
    confidence: float = 0.95,
    n_draws: int = 300,
    rng: np.random.Generator | None = None,
) -> LadderForecast:
    """The accuracy of a model of `params` parameters trained on `tokens` tokens, with a bootstrap interval.

    Each draw fits both steps again (step 1 to drawn runs or residuals, step 2 to drawn residuals), adds a residual of
    the loss before step 2 and one of the accuracy after it: the errors of step 1 travel through step 2. Seed 0 unless
    `rng` is given. The interval is cut to [0, 1].
    """
    check_confidence(confidence)
    random = rng or np.random.default_rng(0)
    law = ladder.loss_law
    table = (ladder.params, ladder.tokens, ladder.task_loss)
    drawn = drawn_parameters(table, law, ladder.rho, n_draws, random)
    a, alpha, b, beta, floor = np.exp(drawn).T
    loss = floor + a * params**-alpha + b * tokens**-beta
    noise = (law.residuals - law.residuals.mean()) * math.sqrt(law.n / max(law.n - N_PARAMETERS, 1))
    loss = loss * np.exp(random.choice(noise, n_draws))
    scores = np.clip(_drawn_accuracies(ladder, loss, random), 0, 1)
    point = float(law.predict(params, tokens))
    decades = math.log10(params * tokens / float((ladder.params * ladder.tokens).max()))
    accuracy = float(ladder.accuracy_law.predict(point))
    return LadderForecast(params, tokens, point, accuracy, percentiles(scores, confidence), decades)


def _drawn_accuracies(ladder: TaskLadder, loss: Array, rng: np.random.Generator) -> Array:
    """Accuracies at drawn losses, shape (n_draws,), by sigmoids of drawn points, with the noise of one model."""
    step, n, n_draws = ladder.accuracy_law, len(ladder.step_loss), len(loss)
    held = step.low if step.n_parameters == 3 else None
    residuals = (step.residuals - step.residuals.mean()) * math.sqrt(n / max(n - step.n_parameters, 1))
    scores = step.predict(ladder.step_loss) + rng.choice(residuals, (n_draws, n))
    start = np.tile([math.log(step.k), step.middle, step.high, step.low], (n_draws, 1))
    model = _sigmoid_model(ladder.step_loss, held)
    found = minimise(model, start, scores, np.ones(scores.shape), max_steps=100).parameters
    drawn = (_sigmoid(row, ladder.step_loss, ladder.step_accuracy, held) for row in found)
    at = np.array([float(law.predict(value)) for law, value in zip(drawn, loss, strict=True)])
    return at + rng.choice(residuals, n_draws)
