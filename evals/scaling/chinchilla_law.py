"""The law L(N, D) = E + A / N^alpha + B / D^beta: loss by parameters and tokens apart, and the best split of compute.

Hoffmann et al. 2022, arXiv:2203.15556, approach 3, fitted as Besiroglu et al. 2024, arXiv:2404.10102, corrected it:
Huber's rho of log loss, summed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.batched_least_squares import Model, Rho, minimise
from evals.scaling.results import aicc, finite, interval_dict, percentiles
from evals.scaling.runs import BadTable, check_positive
from evals.stats.arrays import Array, Codes, check_confidence
from evals.stats.estimate import Interval

N_PARAMETERS = 5
MIN_RUNS = 6
EXPONENTS = np.geomspace(0.03, 1.5, 14)
N_POLISHED = 12
"Starts of the grid that are polished."
PAIRS_FROM = 21
FLOPS_A_TOKEN = 6.0
"Training FLOPs a parameter and token (Kaplan et al. 2020, arXiv:2001.08361)."


@dataclass(frozen=True)
class ChinchillaLaw:
    """L(N, D) = E + A / N^alpha + B / D^beta."""

    E: float
    "The irreducible loss."
    A: float
    B: float
    alpha: float
    beta: float
    rms_log: float
    n: int
    aicc: float
    residuals: Array
    "Shape (n,): log of the loss minus log of the law, in the order of the runs."
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    name = "parameters-and-tokens law"
    formula = "L(N, D) = E + A / N^alpha + B / D^beta"

    @property
    def parameters(self) -> dict[str, float]:
        """E, A, B, alpha and beta by name."""
        return {"E": self.E, "A": self.A, "B": self.B, "alpha": self.alpha, "beta": self.beta}

    def predict(self, params: ArrayLike, tokens: ArrayLike) -> Array:
        """The law's loss for models of so many parameters, trained on so many tokens."""
        n, d = np.asarray(params, dtype=np.float64), np.asarray(tokens, dtype=np.float64)
        return np.asarray(self.E + self.A * n**-self.alpha + self.B * d**-self.beta, dtype=np.float64)

    def best_split(self, compute: float, flops_a_token: float = FLOPS_A_TOKEN) -> tuple[float, float]:
        """Parameters and tokens that make the loss smallest for `compute` FLOPs = flops_a_token x N x D."""
        product = compute / flops_a_token
        scale = (self.alpha * self.A / (self.beta * self.B)) ** (1 / (self.alpha + self.beta))
        n = scale * product ** (self.beta / (self.alpha + self.beta))
        return n, product / n

    def to_dict(self) -> dict[str, Any]:
        """The law as plain values for JSON."""
        return {
            "law": self.name,
            "formula": self.formula,
            "parameters": self.parameters,
            "intervals": {name: interval_dict(interval) for name, interval in self.intervals.items()},
            "n": self.n,
            "rms_log": self.rms_log,
            "aicc": finite(self.aicc),
            "warnings": list(self.warnings),
        }


def fit_chinchilla_law(
    params: ArrayLike,
    tokens: ArrayLike,
    loss: ArrayLike,
    *,
    rho: Rho = "huber",
    confidence: float | None = None,
    n_draws: int = 200,
    rng: np.random.Generator | None = None,
) -> ChinchillaLaw:
    """The law of loss by parameters and tokens.

    params, tokens, loss: shape (n,). confidence: with it the law has intervals, by drawing whole runs (from 21 on) or
    residuals, `n_draws` times (seed 0 unless `rng` is given).

    Raises BadTable: fewer than 6 runs, values that are not positive and finite, one size, or one number of tokens.
    """
    table = _checked(params, tokens, loss)
    at, _ = _fit(table, np.log(table[2])[None, :], np.ones((1, len(table[2]))), rho, None)
    law = _law(table, at[0])
    if confidence is None:
        return law
    check_confidence(confidence)
    drawn = drawn_parameters(table, law, rho, n_draws, rng or np.random.default_rng(0))
    names = {"E": 4, "A": 0, "B": 2, "alpha": 1, "beta": 3}
    return replace(law, intervals={name: percentiles(np.exp(drawn[:, at]), confidence) for name, at in names.items()})


Table = tuple[Array, Array, Array]
"Parameters, tokens and losses, each of shape (n,)."


def _checked(params: ArrayLike, tokens: ArrayLike, loss: ArrayLike) -> Table:
    columns = tuple(np.asarray(values, dtype=np.float64) for values in (params, tokens, loss))
    n, d, losses = columns
    if n.ndim != 1 or not n.shape == d.shape == losses.shape:
        raise BadTable(f"params, tokens and loss: one number a run each, got {n.shape}, {d.shape}, {losses.shape}")
    for name, values in zip(("params", "tokens", "loss"), columns, strict=True):
        check_positive(values, name)
    if len(n) < MIN_RUNS:
        raise BadTable(f"{len(n)} runs, but a law of five parameters needs {MIN_RUNS}", fix="train more runs")
    for name, values in (("size", n), ("number of tokens", d)):
        if len(np.unique(values)) < 3:
            said = f"{len(np.unique(values))} different values of the {name} of training runs; its exponent needs 3"
            raise BadTable(said, fix="train runs that differ in it, or fit L(C) with fit_loss_law")
    return n, d, losses


def _model(table: Table) -> Model:
    """(log A, log alpha, log B, log beta, log E) to log loss."""
    x, y = np.log(table[0]), np.log(table[1])

    def model(at: Array, rows: Codes) -> tuple[Array, Sequence[Array]]:
        alpha, beta = np.exp(np.clip(at[:, 1:2], -20, 3)), np.exp(np.clip(at[:, 3:4], -20, 3))
        by_size = np.exp(np.clip(at[:, :1] - alpha * x, -700, 300))
        by_tokens = np.exp(np.clip(at[:, 2:3] - beta * y, -700, 300))
        floor = np.exp(np.clip(at[:, 4:], -700, 300))
        law = by_size + by_tokens + floor
        size, data = by_size / law, by_tokens / law
        return np.log(law), (size, -size * alpha * x, data, -data * beta * y, floor / law)

    return model


def _fit(table: Table, logs: Array, weights: Array, rho: Rho, start: Array | None) -> tuple[Array, Array]:
    """Parameters of each row of logs, shape (n_draws, 5), and objectives; from the grid's best, or from one start."""
    if start is not None:
        found = minimise(_model(table), np.tile(start, (len(logs), 1)), logs, weights, rho, max_steps=400)
        return found.parameters, found.objective
    starts = _starts(table)
    shape = (len(starts), len(table[0]))
    found = minimise(
        _model(table), starts, np.broadcast_to(logs[0], shape), np.broadcast_to(weights[0], shape), rho, max_steps=3000
    )
    best = int(np.argmin(found.objective))
    return found.parameters[best : best + 1], found.objective[best : best + 1]


def _starts(table: Table) -> Array:
    """The best of a grid of exponents: with these known, the law is linear in E, A and B."""
    n, d, losses = table
    scored = []
    for alpha in EXPONENTS:
        for beta in EXPONENTS:
            terms = np.stack([(n / n.max()) ** -alpha, (d / d.max()) ** -beta, np.ones_like(n)], axis=1)
            scale = np.maximum(np.linalg.lstsq(terms / losses[:, None], np.ones_like(n), rcond=None)[0], 1e-3)
            error = float(np.square(np.log(terms @ scale / losses)).sum())
            place = [np.log(scale[0]) + alpha * np.log(n.max()), np.log(alpha)]
            place += [np.log(scale[1]) + beta * np.log(d.max()), np.log(beta), np.log(scale[2])]
            scored.append((error, place))
    scored.sort(key=lambda one: one[0])
    return np.array([place for _, place in scored[:N_POLISHED]])


def drawn_parameters(table: Table, law: ChinchillaLaw, rho: Rho, n_draws: int, rng: np.random.Generator) -> Array:
    """Logs of A, alpha, B, beta and E of bootstrap draws, shape (n_draws, 5)."""
    n = len(table[2])
    start = np.log([law.A, law.alpha, law.B, law.beta, law.E])
    if n >= PAIRS_FROM:
        weights = rng.multinomial(n, np.full(n, 1 / n), n_draws).astype(np.float64)
        return _fit(table, np.broadcast_to(np.log(table[2]), weights.shape), weights, rho, start)[0]
    residuals = (law.residuals - law.residuals.mean()) * math.sqrt(n / max(n - N_PARAMETERS, 1))
    logs = np.log(law.predict(table[0], table[1])) + rng.choice(residuals, (n_draws, n))
    return _fit(table, logs, np.ones_like(logs), rho, start)[0]


def _law(table: Table, at: Array) -> ChinchillaLaw:
    a, alpha, b, beta, floor = (float(value) for value in np.exp(at))
    n, d, losses = table
    residuals = np.log(losses / (floor + a * n**-alpha + b * d**-beta))
    rms = float(np.sqrt(np.mean(residuals**2)))
    said = []
    together = float(np.corrcoef(np.log(n), np.log(d))[0, 1])
    if abs(together) > 0.95:
        said.append(
            f"parameters and tokens move together (correlation {together:+.2f}): their exponents are hardly told apart"
        )
    if floor < 1e-3 * losses.min():
        said.append("the constant ran into its bound, 0: these runs hold no constant of their own")
    return ChinchillaLaw(
        floor, a, b, alpha, beta, rms, len(n), aicc(rms, len(n), N_PARAMETERS), residuals, warnings=tuple(said)
    )
