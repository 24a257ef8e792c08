"""The result of a pass-rate law: its numbers, their intervals, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.batched_laws import fit_many
from evals.scaling.pass_rates import Dropped
from evals.scaling.results import aicc, finite, interval_dict, percentiles, rms_of
from evals.scaling.runs import MIN_RUNS
from evals.stats.arrays import Array
from evals.stats.estimate import Interval

Zeros = Literal["drop", "refuse", "censored"]

NEAR_ZERO = 0.05
"Mean negative log below which its logarithm is mostly noise: the fit is of y itself then."


LEAST_BEND = 1e-6
"A bend below this is rounding."


@dataclass(frozen=True)
class PassRateLaw:
    """y(C) = alpha (C / compute_unit)^-k, y the mean over problems of the negative log pass rate."""

    alpha: float
    "y at `compute_unit`."
    k: float
    "Positive."
    compute_unit: float
    "FLOPs; the largest compute of the fit."
    compute: Array
    "Shape (n_models,), ascending."
    y: Array
    "Shape (n_models,): what was fitted. Of a censored fit: cells without a pass hold what the law says."
    y_stderr: Array
    "Shape (n_models,): by the spread over problems."
    weights: Array
    "Shape (n_models,): of squared residuals of log y, 1 on average."
    n_problems: int
    residuals: Array
    "Shape (n_models,): log y minus log of the law."
    scale: Literal["log y", "y", "likelihood"]
    "What was fitted."
    aicc: float
    "inf below 5 models: nothing is left to compare with."
    aicc_with_constant: float
    "inf below 6 models."
    with_constant: Mapping[str, float] | None
    "alpha, k and c of the law with a constant; None below 4 models."
    draws: Array
    "Shape (n_draws, 2): log alpha and log k of bootstrap draws, their mean moved onto the law."
    intervals: Mapping[str, Interval]
    "Of alpha, k and `bend`, the curvature of log y over log C, by bootstrap of problems, then passes."
    zeros: Zeros
    dropped: tuple[Dropped, ...] = ()
    "Problems that were left out for all models."
    warnings: tuple[str, ...] = ()

    name = "log-pass-rate law"
    formula = "-E[log pass rate](C) = alpha (C / C_max)^-k"

    @property
    def parameters(self) -> dict[str, float]:
        """alpha and k by name."""
        return {"alpha": self.alpha, "k": self.k}

    @property
    def n(self) -> int:
        """Models."""
        return len(self.y)

    def predict(self, compute: ArrayLike) -> Array:
        """The law's mean negative log pass rate at each compute, in FLOPs."""
        relative = np.asarray(compute, dtype=np.float64) / self.compute_unit
        return np.asarray(self.alpha * relative**-self.k, dtype=np.float64)

    def pass_rate(self, compute: ArrayLike) -> Array:
        """The geometric mean of the pass rates, exp(-y); at most the mean of the pass rates, pass@1."""
        return np.asarray(np.exp(-self.predict(compute)), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """The law as plain values for JSON; None stands for what is not defined."""
        return {
            "law": self.name,
            "formula": self.formula,
            "parameters": self.parameters,
            "compute_unit_flops": self.compute_unit,
            "intervals": {name: interval_dict(interval) for name, interval in self.intervals.items()},
            "n_models": self.n,
            "n_problems": self.n_problems,
            "y": [float(value) for value in self.y],
            "y_stderr": [finite(value) for value in self.y_stderr],
            "scale": self.scale,
            "zeros": self.zeros,
            "dropped": [{"problem": one.problem, "models": list(one.models)} for one in self.dropped],
            "aicc": finite(self.aicc),
            "aicc_with_constant": finite(self.aicc_with_constant),
            "with_constant": dict(self.with_constant) if self.with_constant else None,
            "warnings": list(self.warnings),
        }


def finished_law(
    compute: Array,
    y: Array,
    y_stderr: Array,
    weights: Array,
    at: tuple[float, float],
    drawn: Array,
    bent: tuple[float, Array] | None,
    confidence: float,
    *,
    scale: Literal["log y", "y", "likelihood"],
    n_problems: int,
    zeros: Zeros = "drop",
) -> PassRateLaw:
    relative = np.log(compute / compute[-1])
    moved = drawn - np.median(drawn, axis=0) + np.array(at)
    intervals = {name: percentiles(np.exp(moved[:, column]), confidence) for column, name in enumerate(("alpha", "k"))}
    if bent is not None:
        shifted = bent[1] - np.median(bent[1]) + bent[0]
        intervals["bend"] = percentiles(shifted, confidence)
    safe = np.maximum(y, 1e-9)
    residuals = np.log(safe) - at[0] + math.exp(at[1]) * relative
    constant, aicc_constant = _with_constant(relative, safe, weights)
    law = PassRateLaw(
        alpha=math.exp(at[0]),
        k=math.exp(at[1]),
        compute_unit=float(compute[-1]),
        compute=compute,
        y=y,
        y_stderr=y_stderr,
        weights=weights,
        n_problems=n_problems,
        residuals=residuals,
        scale=scale,
        aicc=aicc(rms_of(residuals, weights), len(y), 2),
        aicc_with_constant=aicc_constant,
        with_constant=constant,
        draws=moved,
        intervals=intervals,
        zeros=zeros,
    )
    return replace(law, warnings=tuple(_warnings(law)))


def _with_constant(relative: Array, y: Array, weights: Array) -> tuple[dict[str, float] | None, float]:
    """alpha, k and c of the law with a constant, and its AICc."""
    if len(np.unique(relative)) < MIN_RUNS:
        return None, math.inf
    laws = fit_many(relative, y[None, :], weights)
    rms = rms_of(np.log(y / laws.predict(relative)[0]), weights)
    found = {"alpha": float(laws.a[0]), "k": float(-laws.b[0]), "c": float(laws.c[0])}
    return found, aicc(rms, len(y), 3)


def _warnings(law: PassRateLaw) -> list[str]:
    said = []
    if law.n == 2:
        said.append("a law through two models fits exactly: nothing shows whether it holds")
    if law.k < 1e-3:
        said.append("the pass rate does not rise with compute: there is no law to extrapolate")
    if law.scale == "y":
        said.append(f"a mean negative log below {NEAR_ZERO} has a noisy logarithm: y itself was fitted")
    bend = law.intervals.get("bend")
    if bend is not None and bend.low > LEAST_BEND:
        said.append(
            f"misfit: log y flattens as compute grows, beyond the noise of the problems (bend {bend.low:.3f} to "
            f"{bend.high:.3f}). A floor, as of answers that nobody can know, makes a law without a constant promise "
            "too much. One model off the line looks alike."
        )
    if bend is not None and bend.high < -LEAST_BEND:
        said.append(
            f"misfit: log y falls faster as compute grows, beyond the noise of the problems (bend {bend.low:.3f} to "
            f"{bend.high:.3f})"
        )
    if law.aicc_with_constant < law.aicc - 2 and law.with_constant:
        said.append(
            f"misfit: a constant of {law.with_constant['c']:.3g} makes the law better by AICc "
            f"({law.aicc_with_constant:.1f} against {law.aicc:.1f})"
        )
    return said
