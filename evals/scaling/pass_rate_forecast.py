"""Forecasts of a pass-rate law: the mean negative log pass rate at a larger compute, with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as t_distribution

from evals.scaling.pass_rate_law import PassRateLaw
from evals.scaling.results import interval_dict
from evals.scaling.runs import BadTable
from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval


@dataclass(frozen=True)
class PassRateForecast:
    """What a pass-rate law forecasts for one amount of compute."""

    compute: float
    y: float
    "The mean negative log pass rate."
    interval: Interval
    "Of y, for one more model; NaN where two models leave nothing over to show the noise."
    decades: float
    "log10 of the target's compute over the largest of the fit."
    law: PassRateLaw
    warnings: tuple[str, ...]

    @property
    def pass_rate(self) -> float:
        """The geometric mean of the pass rates, exp(-y)."""
        return math.exp(-self.y)

    @property
    def pass_rate_interval(self) -> Interval:
        return Interval(math.exp(-self.interval.high), math.exp(-self.interval.low), self.interval.confidence)

    def to_dict(self) -> dict[str, Any]:
        """The forecast as plain values for JSON."""
        return {
            "compute_flops": self.compute,
            "mean_negative_log": self.y,
            "interval": interval_dict(self.interval),
            "pass_rate": self.pass_rate,
            "pass_rate_interval": interval_dict(self.pass_rate_interval),
            "decades_beyond": self.decades,
            "law": self.law.to_dict(),
            "warnings": list(self.warnings),
        }


def forecast_pass_rate(law: PassRateLaw, target_compute: float, *, confidence: float = 0.95) -> PassRateForecast:
    """y at `target_compute` (FLOPs), for one more model on the same problems.

    The interval is symmetric in log y: Student's prediction interval of the weighted line with n - 2 degrees of
    freedom, its variance enlarged by that of the bootstrap over problems and passes.

    Raises BadTable for a target that is no positive number of FLOPs.
    """
    check_confidence(confidence)
    if target_compute <= 0 or not math.isfinite(target_compute):
        raise BadTable(f"the target's compute is {target_compute}; it is a positive number of FLOPs")
    low, high = pass_rate_band(law, np.array([target_compute]), confidence)
    decades = math.log10(target_compute / law.compute_unit)
    said = list(law.warnings)
    span = math.log10(law.compute_unit / law.compute[0])
    if decades > span:
        said.append(f"the law is stretched over {decades:.1f} decades, and the models span {span:.1f}")
    interval = Interval(float(low[0]), float(high[0]), confidence)
    return PassRateForecast(
        float(target_compute), float(law.predict(target_compute)), interval, decades, law, tuple(said)
    )


def pass_rate_band(law: PassRateLaw, compute: Array, confidence: float = 0.95) -> tuple[Array, Array]:
    """Both ends of the prediction interval of y at each compute, shape (n_targets,)."""
    center = law.predict(compute)
    if law.n < 3:
        return np.full(len(center), math.nan), np.full(len(center), math.nan)
    at = np.log(np.asarray(compute) / law.compute_unit)
    x = np.log(law.compute / law.compute_unit)
    noise = (law.weights * law.residuals**2).sum() / (law.n - 2)
    middle = np.average(x, weights=law.weights)
    lever = 1 / law.weights.sum() + (at - middle) ** 2 / (law.weights * (x - middle) ** 2).sum()
    drawn = law.draws[:, :1] - np.exp(law.draws[:, 1:]) * at
    spread = np.sqrt(noise * (1 + lever) + drawn.var(axis=0))
    half = float(t_distribution.ppf((1 + confidence) / 2, law.n - 2)) * spread
    return center * np.exp(-half), center * np.exp(half)
