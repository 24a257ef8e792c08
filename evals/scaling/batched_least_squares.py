"""Least squares for many sets of data at once: Levenberg-Marquardt with all draws of a bootstrap in one array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evals.stats.arrays import Array, Codes

Rho = Literal["squared", "huber"]
Model = Callable[[Array, Codes], tuple[Array, Sequence[Array]]]
"""Parameters, shape (rows, n_parameters), and which draws they are of, to predictions, shape (rows, n), and their
derivatives by each parameter, each of that shape."""

HUBER_DELTA = 1e-3
"In log loss; the value of Hoffmann et al. 2022."
BLOCK = 1024
"Draws that are solved together: fewer cost Python, more leave the cache."
FIRST_DAMPING = 1e-5
MAX_DAMPING = 1e12
LONGEST = 2.0
"Of a step, in each parameter: all are logarithms or logits, whose ends a longer step would reach and never leave."
LAST_GAIN = {"squared": 1e-10, "huber": 1e-13}
"""Share of the objective that the last step gains at most. Steps near a minimum of squares gain a thousandth or less of
the one before; reweighting for Huber's rho comes closer slowly."""


@dataclass(frozen=True)
class Minimum:
    """Where each draw's objective is smallest."""

    parameters: Array
    "Shape (n_draws, n_parameters)."
    objective: Array
    "Shape (n_draws,): the weighted sum of rho."


def objective(residuals: Array, weights: Array, rho: Rho) -> Array:
    """The weighted sum of rho over the last axis: r^2, or Huber's delta (2 |r| - delta) beyond delta."""
    if rho == "squared":
        return np.asarray(np.einsum("...i,...i->...", residuals * residuals, weights))
    size = np.abs(residuals)
    beyond = HUBER_DELTA * (2 * size - HUBER_DELTA)
    return np.asarray(np.einsum("...i,...i->...", np.where(size <= HUBER_DELTA, size * size, beyond), weights))


def minimise(
    model: Model, start: Array, data: Array, weights: Array, rho: Rho = "squared", *, max_steps: int = 200
) -> Minimum:
    """The nearest minimum of sum w rho(data - model) for each row of `data`, from that row's start.

    start: shape (n_draws, n_parameters). data: shape (n_draws, n). weights: shape (n_draws, n). Huber's rho is
    minimised by reweighting: the weight of a residual beyond delta is delta / |r| (Huber 1981, Robust Statistics, 7.8).
    """
    parameters = np.array(start, dtype=np.float64)
    found = np.empty(len(parameters))
    for first in range(0, len(parameters), BLOCK):
        rows = np.arange(first, min(first + BLOCK, len(parameters)))
        parameters[rows], found[rows] = _block(model, parameters[rows], data[rows], weights[rows], rows, rho, max_steps)
    return Minimum(parameters, found)


def _block(
    model: Model, start: Array, data: Array, weights: Array, rows: Codes, rho: Rho, max_steps: int
) -> tuple[Array, Array]:
    ended, values = start.copy(), np.empty(len(start))
    at, damping, active = start, np.full(len(start), FIRST_DAMPING), np.arange(len(start))
    predicted, slopes = model(at, rows)
    residuals = data - predicted
    best = objective(residuals, weights, rho)
    for _ in range(max_steps):
        tried = at + np.clip(_step(residuals, slopes, weights, damping, rho), -LONGEST, LONGEST)
        predicted, new_slopes = model(tried, rows[active])
        new_residuals = data - predicted
        value = objective(new_residuals, weights, rho)
        better = value <= best
        # A draw is done where a step changes next to nothing (up or down, by rounding), or none is short enough.
        done = (np.abs(best - value) <= LAST_GAIN[rho] * best + 1e-300) | (damping > MAX_DAMPING)
        at = np.where(better[:, None], tried, at)
        best = np.where(better, value, best)
        damping = np.where(better, np.maximum(damping * 0.1, 1e-15), np.minimum(damping * 8, 10 * MAX_DAMPING))
        ended[active], values[active] = at, best
        if done.all():
            break
        residuals = np.where(better[:, None], new_residuals, residuals)
        slopes = [np.where(better[:, None], new, old) for new, old in zip(new_slopes, slopes, strict=True)]
        if done.mean() > 0.3:
            kept = ~done
            active, at, best, damping = active[kept], at[kept], best[kept], damping[kept]
            residuals, data, weights = residuals[kept], data[kept], weights[kept]
            slopes = [slope[kept] for slope in slopes]
    return ended, values


def _step(residuals: Array, slopes: Sequence[Array], weights: Array, damping: Array, rho: Rho) -> Array:
    """The damped Gauss-Newton step of each draw."""
    if rho == "huber":
        weights = weights * (HUBER_DELTA / np.maximum(np.abs(residuals), HUBER_DELTA))
    weighted = [weights * slope for slope in slopes]
    pairs = [[np.einsum("ij,ij->i", weighted[j], slopes[k]) for k in range(j + 1)] for j in range(len(slopes))]
    right = [np.einsum("ij,ij->i", column, residuals) for column in weighted]
    for j in range(len(slopes)):
        pairs[j][j] = pairs[j][j] * (1 + damping) + 1e-300
    return solve_positive(pairs, right)


def solve_positive(lower: list[list[Array]], right: list[Array]) -> Array:
    """Solutions x of A x = right for many small symmetric positive matrices, by Cholesky; shape (n_draws, n).

    lower: rows of the lower triangles, `lower[j][k]` of shape (n_draws,). A pivot that is not positive counts as huge,
    so its unknown does not move.
    """
    n = len(right)
    root: list[list[Array]] = []
    for j in range(n):
        row: list[Array] = []
        for k in range(j):
            row.append((lower[j][k] - sum((row[i] * root[k][i] for i in range(k)), np.zeros(()))) / root[k][k])
        pivot = lower[j][j] - sum((entry * entry for entry in row), np.zeros(()))
        row.append(np.where(pivot > 0, np.sqrt(np.maximum(pivot, 1e-300)), 1e150))
        root.append(row)
    forward: list[Array] = []
    for j in range(n):
        forward.append((right[j] - sum((root[j][i] * forward[i] for i in range(j)), np.zeros(()))) / root[j][j])
    solved: list[Array] = [np.zeros(())] * n
    for j in reversed(range(n)):
        solved[j] = (forward[j] - sum((root[i][j] * solved[i] for i in range(j + 1, n)), np.zeros(()))) / root[j][j]
    return np.stack(np.broadcast_arrays(*solved), axis=1)
