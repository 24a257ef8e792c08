"""Alternatives to the loss law, each marked as one: a saturating and a broken power law, for data that bend.

They have four and five parameters, so they fit nearly any ladder, and their forecasts are the less certain for it. Use
them to see whether the loss law misfits; forecast with them only where AICc says that they are the better law.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.batched_least_squares import Model, minimise
from evals.scaling.loss_law import fit_runs
from evals.scaling.results import aicc, finite, rms_of
from evals.scaling.runs import BadTable, Runs
from evals.stats.arrays import Array, Codes

SHARPNESS = 0.3
"Width of the break of a broken law, in e-foldings of compute; fixed, since a ladder's few points do not hold it."


@dataclass(frozen=True)
class AlternativeLaw:
    """A law with more parameters than the loss law, fitted to the same runs on the same scale."""

    name: str
    formula: str
    parameters: dict[str, float]
    compute_unit: float
    rms_log: float
    n: int
    aicc: float
    residuals: Array
    warnings: tuple[str, ...]
    log_law: Callable[[Array], Array]
    "log(C / compute_unit) to log loss."

    def predict(self, compute: ArrayLike) -> Array:
        """The law's loss at each compute, in FLOPs."""
        relative = np.log(np.asarray(compute, dtype=np.float64) / self.compute_unit)
        return np.asarray(np.exp(self.log_law(np.atleast_1d(relative)).reshape(np.shape(relative))), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """The law as plain values for JSON."""
        return {
            "law": self.name,
            "formula": self.formula,
            "parameters": self.parameters,
            "compute_unit_flops": self.compute_unit,
            "n": self.n,
            "rms_log": self.rms_log,
            "aicc": finite(self.aicc),
            "warnings": list(self.warnings),
        }


def fit_saturating_law(compute: ArrayLike, loss: ArrayLike, *, weights: ArrayLike | None = None) -> AlternativeLaw:
    """L(C) = a (C + s)^b + c: flat at little compute, where a run has hardly left its first loss, then the loss law.

    compute, loss, weights: shape (n,), as of `fit_loss_law`; at least 6 different amounts of compute. With s = 0 it is
    the loss law. The shifted power law is one of those that Alabdulmohsin et al. 2022, arXiv:2209.06640, compare.

    Raises BadTable for a table that holds no such law.
    """
    runs = _enough(compute, loss, weights, 4)
    return _fitted(
        runs,
        "alternative: saturating power law",
        "L(C) = a ((C + s) / C_max)^b + c",
        ("a", "b", "c", "s"),
        _saturating,
        [np.log(share) for share in (1e-4, 1e-3, 1e-2, 0.1, 1.0)],
    )


def fit_broken_law(compute: ArrayLike, loss: ArrayLike, *, weights: ArrayLike | None = None) -> AlternativeLaw:
    """L(C) = a x^b (1 + (x / x_b)^(1/f))^((b2 - b) f) + c: exponent b before the break at x_b, b2 after it.

    One break of Caballero et al. 2022, arXiv:2210.14891, its width f fixed at 0.3. compute, loss, weights: shape (n,);
    at least 7 different amounts of compute. What lies beyond a break that is not yet seen, no fit tells.

    Raises BadTable for a table that holds no such law.
    """
    runs = _enough(compute, loss, weights, 5)
    places = np.linspace(runs.relative[0], 0, 7)[1:-1]
    return _fitted(
        runs,
        "alternative: broken power law",
        "L(C) = a x^b (1 + (x / x_b)^(1/f))^((b2 - b) f) + c, x = C / C_max, f = 0.3",
        ("a", "b", "c", "x_b", "b2"),
        _broken,
        list(places),
    )


def _enough(compute: ArrayLike, loss: ArrayLike, weights: ArrayLike | None, n_parameters: int) -> Runs:
    runs = Runs.of(compute, loss, weights)
    if runs.n_distinct < n_parameters + 2:
        said = f"{runs.n_distinct} different amounts of compute, but {n_parameters} parameters need {n_parameters + 2}"
        raise BadTable(said, fix="use fit_loss_law, or train more runs")
    return runs


Shape = Callable[[Array, Array], tuple[Array, list[Array]]]
"""Parameters behind the constant's (rows, any) and log x to the log of the reducible part over a, and derivatives."""


def _saturating(at: Array, x: Array) -> tuple[Array, list[Array]]:
    """(log -b, log s): -|b| log(x + s)."""
    b, s = np.exp(np.clip(at[:, :1], -12, 4)), np.exp(np.clip(at[:, 1:2], -40, 10))
    inside = np.exp(x) + s
    return -b * np.log(inside), [-b * np.log(inside), -b * s / inside]


def _broken(at: Array, x: Array) -> tuple[Array, list[Array]]:
    """(log -b, log x_b, log -b2): two slopes in log x, joined smoothly."""
    first, second = np.exp(np.clip(at[:, :1], -12, 4)), np.exp(np.clip(at[:, 2:3], -12, 4))
    beyond = (x - at[:, 1:2]) / SHARPNESS
    soft = np.logaddexp(0, beyond) * SHARPNESS
    share = 1 / (1 + np.exp(-np.clip(beyond, -500, 500)))
    return -first * x - (second - first) * soft, [-first * (x - soft), (second - first) * share, -second * soft]


def _model(shape: Shape, x: Array, smallest: float) -> Model:
    """(log a, logit of c / smallest loss, *shape) to log loss."""

    def model(at: Array, rows: Codes) -> tuple[Array, Sequence[Array]]:
        log_part, slopes = shape(at[:, 2:], x)
        reducible = np.exp(np.clip(at[:, :1] + log_part, -700, 300))
        share = 1 / (1 + np.exp(-np.clip(at[:, 1:2], -500, 500)))
        law = reducible + share * smallest
        part = reducible / law
        return np.log(law), (part, smallest * share * (1 - share) / law, *(part * slope for slope in slopes))

    return model


def _fitted(
    runs: Runs, name: str, formula: str, names: tuple[str, ...], shape: Shape, places: Sequence[float]
) -> AlternativeLaw:
    """The best of starts at each place (of the shift, or of the break) around the loss law."""
    smallest, plain = float(runs.loss.min()), fit_runs(runs)
    z = math.log(-plain.b)
    starts = []
    for place in places:
        for share in (0.02, 0.5, 0.9, 0.98):
            for tilt in (0.0, 0.7) if shape is _broken else (0.0,):
                tail = [z - tilt, place, z + tilt] if shape is _broken else [z, place]
                starts.append([math.log(plain.a), math.log(share / (1 - share)), *tail])
    model = _model(shape, runs.relative, smallest)
    rows = np.broadcast_to(np.log(runs.loss), (len(starts), len(runs.loss)))
    found = minimise(model, np.array(starts), rows, np.broadcast_to(runs.weights, rows.shape), max_steps=400)
    at = found.parameters[int(np.argmin(found.objective))][None, :]

    def log_law(relative: Array) -> Array:
        return np.asarray(_model(shape, relative, smallest)(at, np.zeros(1, dtype=np.int64))[0][0], dtype=np.float64)

    residuals = np.log(runs.loss) - log_law(runs.relative)
    rms = rms_of(residuals, runs.weights)
    values = _values(at[0], shape, smallest, float(runs.compute[-1]))
    return AlternativeLaw(
        name,
        formula,
        dict(zip(names, values, strict=True)),
        float(runs.compute[-1]),
        rms,
        len(runs.loss),
        aicc(rms, len(runs.loss), len(names)),
        residuals,
        (*runs.notes, f"an alternative of {len(names)} parameters on {len(runs.loss)} runs: it may follow their noise"),
        log_law,
    )


def _values(at: Array, shape: Shape, smallest: float, unit: float) -> list[float]:
    """a, b, c and the rest in the units of the formula; s in FLOPs."""
    head = [math.exp(at[0]), -math.exp(at[2]), smallest / (1 + math.exp(-max(min(at[1], 500), -500)))]
    if shape is _saturating:
        return [*head, unit * math.exp(min(max(at[3], -40), 10))]
    return [*head, math.exp(at[3]), -math.exp(at[4])]
