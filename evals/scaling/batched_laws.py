"""The law a x^b + c fitted to many draws at once: a grid over c with a straight line each, then a polish."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.scaling.batched_least_squares import BLOCK, Minimum, Model, Rho, minimise, objective
from evals.scaling.runs import MIN_RUNS, Runs
from evals.stats.arrays import Array, Codes

SHARES = (0.0, 0.15, 0.3, 0.5, 0.65, 0.77, 0.85, 0.9, 0.94, 0.965, 0.98, 0.99, 0.997)
"Constants to start from, as shares of the smallest loss; denser towards 1, where the straight line changes fastest."
LEAST_SLOPE = 1e-4
NEAR_ZERO = 0.3
"A constant below this share of the smallest loss is tried against none at all."


@dataclass(frozen=True)
class Laws:
    """One law a draw: L = exp(u) x^(-exp(z)) + c, x the compute over its largest value."""

    u: Array
    z: Array
    c: Array
    objective: Array

    def predict(self, relative: float | Array) -> Array:
        """Losses at log(C / unit): shape (n_draws,) for one number, else (n_draws, n_targets)."""
        at = np.asarray(relative, dtype=np.float64)
        if at.ndim == 0:
            return np.asarray(_reducible(self.u, self.z, at) + self.c, dtype=np.float64)
        return np.asarray(_reducible(self.u[:, None], self.z[:, None], at) + self.c[:, None], dtype=np.float64)

    @property
    def a(self) -> Array:
        return np.asarray(np.exp(self.u), dtype=np.float64)

    @property
    def b(self) -> Array:
        return np.asarray(-np.exp(self.z), dtype=np.float64)


def fit_many(
    relative: Array, losses: Array, weights: Array | None = None, *, rho: Rho = "squared", c: Array | None = None
) -> Laws:
    """The best law of each row of losses.

    relative: shape (n,), log(C / unit). losses: shape (n_draws, n), positive. weights: shape (n,) or (n_draws, n); a
    run of weight 0 is not in that draw. c: shape (n_draws,), constants that are known, below the losses of their draw.
    """
    weighed = np.broadcast_to(np.ones(losses.shape[1]) if weights is None else weights, losses.shape)
    smallest = np.where(weighed > 0, losses, np.inf).min(axis=1)
    logs = np.log(losses)
    if c is not None:
        return _with_constant(relative, logs, losses, weighed, rho, np.asarray(c, dtype=np.float64))
    start = _start(relative, losses, weighed, smallest, rho)
    found = minimise(_law_model(relative, smallest), start, logs, weighed, rho)
    u, z, v = found.parameters.T
    laws = Laws(u, z, sigmoid(v) * smallest, found.objective)
    return _or_none(laws, relative, logs, losses, weighed, rho, np.flatnonzero(sigmoid(v) < NEAR_ZERO))


def fit_near(relative: Array, losses: Array, weights: Array, laws: Laws, *, c_held: bool) -> Laws:
    """The best law of each row near a law that is known: no grid, so each row may have its own compute.

    relative, losses: shape (n_draws, n). weights: shape (n,). laws: one law, whose constant is held if `c_held`.
    """
    weighed, logs, n_draws = np.broadcast_to(weights, losses.shape), np.log(losses), len(losses)
    held = laws.c[0] if c_held else 0.0
    start = np.tile([laws.u[0], laws.z[0]], (n_draws, 1))
    power = minimise(_power_model(relative, np.full(n_draws, held)), start, logs, weighed)
    fixed = Laws(power.parameters[:, 0], power.parameters[:, 1], np.full(n_draws, held), power.objective)
    if c_held:
        return fixed
    found, constants = _from_shares(relative, losses, logs, weighed, laws)
    u, z = found.parameters[:, 0], found.parameters[:, 1]
    free = found.objective < power.objective
    return Laws(
        np.where(free, u, fixed.u),
        np.where(free, z, fixed.z),
        np.where(free, constants, 0.0),
        np.minimum(found.objective, power.objective),
    )


def _from_shares(relative: Array, losses: Array, logs: Array, weights: Array, laws: Laws) -> tuple[Minimum, Array]:
    """The better of two minima for each row, and its constants: from the law's own constant, and from a lower one.

    Close to the smallest loss the constant hardly moves in its logit, so a start there would stay.
    """
    smallest = losses.min(axis=1)
    best: Minimum | None = None
    for factor in (1.0, 0.8):
        share = np.clip(factor * laws.c[0] / smallest, 0.05, 0.97)
        level = np.maximum(math.exp(laws.u[0]) + laws.c[0] - share * smallest, 1e-3 * smallest)
        start = np.stack([np.log(level), np.full(len(losses), laws.z[0]), np.log(share / (1 - share))], axis=1)
        found = minimise(_law_model(relative, smallest), start, logs, weights)
        if best is None:
            best = found
            continue
        better = found.objective < best.objective
        best = Minimum(
            np.where(better[:, None], found.parameters, best.parameters), np.minimum(found.objective, best.objective)
        )
    assert best is not None
    return best, sigmoid(best.parameters[:, 2]) * smallest


def sigmoid(v: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(v, -500, 500))), dtype=np.float64)


def _reducible(u: Array, z: Array, relative: Array) -> Array:
    return np.asarray(np.exp(np.clip(u - np.exp(np.minimum(z, 50.0)) * relative, -700, 700)), dtype=np.float64)


def _law_model(relative: Array, smallest: Array) -> Model:
    """(log a, log -b, logit of c / smallest loss) to log loss."""

    def model(at: Array, rows: Codes) -> tuple[Array, Sequence[Array]]:
        u, z, v = at[:, :1], at[:, 1:2], at[:, 2:]
        x = relative if relative.ndim == 1 else relative[rows]
        reducible = _reducible(u, z, x)
        share = sigmoid(v)
        constant = share * smallest[rows][:, None]
        law = reducible + constant
        part = reducible / law
        return np.log(law), (part, part * (-np.exp(np.minimum(z, 50.0)) * x), (constant * (1 - share)) / law)

    return model


def _power_model(relative: Array, constants: Array) -> Model:
    """(log a, log -b) to log loss, the constants held."""

    def model(at: Array, rows: Codes) -> tuple[Array, Sequence[Array]]:
        u, z = at[:, :1], at[:, 1:]
        x = relative if relative.ndim == 1 else relative[rows]
        reducible = _reducible(u, z, x)
        law = reducible + constants[rows][:, None]
        part = reducible / law
        return np.log(law), (part, part * (-np.exp(np.minimum(z, 50.0)) * x))

    return model


def straight_line(relative: Array, losses: Array, weights: Array, constants: Array) -> tuple[Array, Array, Array]:
    """u and z of the straight line through log(L - c) against log x, and its squared error as one of log loss.

    An error of log L is one of log(L - c) times (L - c) / L, to first order: the squares of that are the weights.
    """
    above = losses - constants[:, None]
    heavy = weights * np.square(above / losses)
    logs = np.log(np.maximum(above, 1e-300))
    columns = np.stack([np.ones_like(relative), relative, relative * relative], axis=1)
    s0, s1, s2 = (heavy @ columns).T
    t0, t1 = ((heavy * logs) @ columns[:, :2]).T
    spread = np.maximum(s2 - s1 * s1 / s0, 1e-300)
    slope = np.minimum((t1 - s1 * t0 / s0) / spread, -LEAST_SLOPE)
    intercept = (t0 - slope * s1) / s0
    error = logs - intercept[:, None] - slope[:, None] * relative
    return intercept, np.log(-slope), np.asarray(np.einsum("ij,ij,ij->i", heavy, error, error))


def _start(relative: Array, losses: Array, weights: Array, smallest: Array, rho: Rho) -> Array:
    """The best of the grid over c for each draw, shape (n_draws, 3)."""
    best = np.full(len(losses), np.inf)
    start = np.zeros((len(losses), 3))
    for first in range(0, len(losses), BLOCK):
        rows = slice(first, first + BLOCK)
        for share in SHARES:
            u, z, error = straight_line(relative, losses[rows], weights[rows], share * smallest[rows])
            if rho == "huber":
                law = _reducible(u[:, None], z[:, None], relative) + share * smallest[rows][:, None]
                error = objective(np.log(losses[rows] / law), weights[rows], rho)
            v = math.log(max(share, 0.05) / (1 - max(share, 0.05)))
            better = error < best[rows]
            start[rows] = np.where(better[:, None], np.stack([u, z, np.full_like(u, v)], axis=1), start[rows])
            best[rows] = np.where(better, error, best[rows])
    return start


def _with_constant(relative: Array, logs: Array, losses: Array, weights: Array, rho: Rho, c: Array) -> Laws:
    u, z, _ = straight_line(relative, losses, weights, c)
    found: Minimum = minimise(_power_model(relative, c), np.stack([u, z], axis=1), logs, weights, rho)
    return Laws(found.parameters[:, 0], found.parameters[:, 1], c, found.objective)


def _or_none(laws: Laws, relative: Array, logs: Array, losses: Array, weights: Array, rho: Rho, rows: Codes) -> Laws:
    """The pure power law in place of each law of these rows that it fits as well: c ran into its lower bound."""
    if not len(rows):
        return laws
    power = _with_constant(relative, logs[rows], losses[rows], weights[rows], rho, np.zeros(len(rows)))
    won = power.objective <= laws.objective[rows] * (1 + 1e-12)
    u, z, c, value = laws.u.copy(), laws.z.copy(), laws.c.copy(), laws.objective.copy()
    for into, new in ((u, power.u), (z, power.z), (c, power.c), (value, power.objective)):
        into[rows[won]] = new[won]
    return Laws(u, z, c, value)


PAIRS_FROM = 21
"Runs from which whole runs are drawn; with fewer, residuals are, since few draws would leave a law to fit."


def drawn_laws(
    runs: Runs,
    fitted: Array,
    n_draws: int,
    rng: np.random.Generator,
    *,
    rho: Rho = "squared",
    c: float | None = None,
    n_parameters: int = 3,
) -> tuple[Laws, Array]:
    """Laws of bootstrap draws, and the residuals of log loss that one more run may have, shape (n_residuals,).

    fitted: shape (n,), the law's loss at each run. Up to 20 runs: residuals are drawn, enlarged by
    sqrt(n / (n - n_parameters)), since the fit swallows part of the noise; from 21 on: whole runs, at least four
    amounts of compute in each draw (Efron and Tibshirani 1993, An Introduction to the Bootstrap, 9.5).
    """
    n = len(runs.loss)
    residuals = np.log(runs.loss / fitted) * np.sqrt(runs.weights)
    residuals = (residuals - residuals.mean()) * math.sqrt(n / max(n - n_parameters, 1))
    if n >= PAIRS_FROM:
        counts = drawn_counts(runs, n_draws, rng)
        losses, weights = np.broadcast_to(runs.loss, counts.shape), counts * runs.weights
    else:
        noise = rng.choice(residuals, (n_draws, n)) / np.sqrt(runs.weights)
        losses, weights = fitted * np.exp(noise), np.broadcast_to(runs.weights, noise.shape)
    if c is None:
        return fit_many(runs.relative, losses, weights, rho=rho), residuals
    # A drawn loss may lie below a constant that is known; it then says no more than that it is close.
    losses = np.maximum(losses, c * (1 + 1e-9))
    return fit_many(runs.relative, losses, weights, rho=rho, c=np.full(n_draws, c)), residuals


def drawn_counts(runs: Runs, n_draws: int, rng: np.random.Generator) -> Array:
    """How often each run is in each draw, shape (n_draws, n); every draw has at least four amounts of compute."""
    n = len(runs.loss)
    counts = np.empty((n_draws, n))
    _, groups = np.unique(runs.compute, return_inverse=True)
    group_of = np.eye(int(groups.max()) + 1)[groups]
    missing = np.arange(n_draws)
    while len(missing):
        counts[missing] = rng.multinomial(n, np.full(n, 1 / n), len(missing))
        missing = missing[((counts[missing] @ group_of) > 0).sum(axis=1) < MIN_RUNS]
    return counts
