"""What a pass-rate law is fitted with: means of drawn problems and passes, the two fits, and the bend of a misfit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evals.scaling.batched_laws import straight_line
from evals.scaling.batched_least_squares import minimise
from evals.scaling.pass_rates import PassCounts
from evals.stats.arrays import Array, Codes

Scale = Literal["log y", "y"]
CELLS_AT_ONCE = 2_000_000


def mean_weights(y: Array, variance: Array, scale: Scale) -> Array:
    """Weights of squared residuals, 1 on average: of log y its y^2 / Var(y), of y itself 1 / Var(y).

    A model that passes everything shows no spread; it counts as if it had a thousandth of the middle one's.
    """
    floor = max(1e-3 * float(np.median(variance)), 1e-12)
    weights = (y**2 if scale == "log y" else 1.0) / np.maximum(variance, floor)
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def fit_power(relative: Array, y: Array, weights: Array, scale: Scale) -> tuple[Array, Array]:
    """log alpha and log k of the law of each row of y, shape (n_draws, n_models). k is at least 1e-4."""
    safe = np.maximum(y, 1e-9)
    u, z, _ = straight_line(relative, safe, np.broadcast_to(weights, y.shape), np.zeros(len(y)))
    if scale == "log y":
        return u, z

    def model(at: Array, rows: Codes) -> tuple[Array, Sequence[Array]]:
        law = np.exp(np.clip(at[:, :1] - np.exp(np.minimum(at[:, 1:], 50.0)) * relative, -700, 700))
        return law, (law, law * (-np.exp(np.minimum(at[:, 1:], 50.0)) * relative))

    found = minimise(model, np.stack([u, z], axis=1), y, np.broadcast_to(weights, y.shape))
    return found.parameters[:, 0], found.parameters[:, 1]


def bends(relative: Array, y: Array, weights: Array) -> Array:
    """The second derivative of log y by log C in a weighted parabola through each row: 0 for a power law."""
    powers = np.stack([np.ones_like(relative), relative, relative**2], axis=1) * np.sqrt(weights)[:, None]
    row = np.linalg.pinv(powers)[2] * np.sqrt(weights)
    return np.asarray(2 * np.log(y) @ row, dtype=np.float64)


def drawn_means(logs: Array, counts: PassCounts | None, n_draws: int, rng: np.random.Generator) -> Array:
    """Means of the negative logs over problems drawn with replacement, shape (n_draws, n_models).

    With counts the passes of each drawn problem are drawn again, binomially; a problem that some model then never
    passes is left out of that draw for all models, as it is from the data.
    """
    n_models, n = logs.shape
    if counts is None:
        return np.asarray(rng.multinomial(n, np.full(n, 1 / n), n_draws) @ logs.T / n, dtype=np.float64)
    means = np.empty((n_draws, n_models))
    at_once = max(1, CELLS_AT_ONCE // (n_models * n))
    draws, rates = counts.draws.astype(np.int64), counts.passes / counts.draws
    for first in range(0, n_draws, at_once):
        picked = rng.integers(0, n, (min(at_once, n_draws - first), n))
        passed = rng.binomial(draws[:, picked], rates[:, picked])
        kept = (passed > 0).all(axis=0)
        values = -np.log(np.maximum(passed, 1) / draws[:, picked])
        means[first : first + len(picked)] = ((values * kept).sum(axis=2) / np.maximum(kept.sum(axis=1), 1)).T
    return means
