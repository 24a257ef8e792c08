"""Forecasts of a loss law: the loss at a larger compute with its interval, and bands for a plot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution

from evals.scaling.batched_laws import PAIRS_FROM as PAIRS_FROM
from evals.scaling.batched_laws import Laws, drawn_laws, fit_near
from evals.scaling.batched_least_squares import Rho
from evals.scaling.loss_law import (
    N_PARAMETERS,
    LossLaw,
    fit_loss_law,
    fit_runs,
    profile_of_constant,
)
from evals.scaling.results import interval_dict
from evals.scaling.runs import BadTable, Runs
from evals.scaling.validation import HeldOut as HeldOut
from evals.scaling.validation import NaiveForecast as NaiveForecast
from evals.scaling.validation import leave_last_out as leave_last_out
from evals.scaling.validation import leave_one_out as leave_one_out
from evals.scaling.validation import naive_forecast as naive_forecast
from evals.scaling.validation import rolling_origin as rolling_origin
from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval
from evals.stats.standard_error import z_quantile

Method = Literal["profile", "bootstrap"]

OUTERMOST = 20.0
"In log loss: an end of a profile that lies further out is not bounded by the data."
N_ROUNDS = 14
FAR = 3.0
"Decades beyond the largest run from which a warning says how far the law is stretched."


@dataclass(frozen=True)
class Forecast:
    """The loss that a law forecasts for one amount of compute."""

    compute: float
    loss: float
    interval: Interval
    "For a run trained there: uncertainty of the law and noise of a single run."
    decades: float
    "log10 of the target's compute over the largest of the fit: how far the law is stretched; 0 or less inside."
    law: LossLaw
    c_interval: Interval
    "Of the irreducible loss, by its profile; the constant itself where it was given."
    n_draws: int
    "Bootstrap draws behind the interval; 0 for the profile."
    method: Method
    warnings: tuple[str, ...] = ()
    "The law's, and what is said of this forecast alone."

    def to_dict(self) -> dict[str, Any]:
        """The forecast as plain values for JSON."""
        return {
            "compute_flops": self.compute,
            "loss": self.loss,
            "interval": interval_dict(self.interval),
            "method": self.method,
            "n_draws": self.n_draws,
            "decades_beyond": self.decades,
            "c_interval": interval_dict(self.c_interval),
            "law": self.law.to_dict(),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Band:
    """The law's line with prediction intervals, for a plot."""

    compute: Array
    loss: Array
    low: Array
    high: Array
    confidence: float


def forecast_loss(
    compute: ArrayLike,
    loss: ArrayLike,
    target_compute: float,
    *,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
    n_draws: int = 1000,
    method: Method = "bootstrap",
    weights: ArrayLike | None = None,
    rho: Rho = "squared",
    c: float | None = None,
    drop_smallest: int = 0,
) -> Forecast:
    """The loss at `target_compute` (FLOPs) by the law of the runs, with a prediction interval.

    The arguments of the law are those of `fit_loss_law`. The interval is for one more run, of weight 1, and holds the
    uncertainty of the law and the noise of that run; `prediction_band` says how it is made.

    Raises:
        BadTable: fewer than 4 different amounts of compute (3 where c is given), so that nothing is left over to show
            the noise, or a target that is no positive number of FLOPs.
    """
    if target_compute <= 0 or not math.isfinite(target_compute):
        raise BadTable(f"the target's compute is {target_compute}; it is a positive number of FLOPs")
    law = fit_loss_law(compute, loss, weights=weights, rho=rho, c=c, drop_smallest=drop_smallest)
    band = prediction_band(
        law,
        [target_compute],
        confidence=confidence,
        method=method,
        n_draws=n_draws,
        rng=rng or np.random.default_rng(0),
    )
    decades = math.log10(target_compute / law.compute_unit)
    return Forecast(
        compute=float(target_compute),
        loss=float(band.loss[0]),
        interval=Interval(float(band.low[0]), float(band.high[0]), confidence),
        decades=decades,
        law=law,
        c_interval=profile_of_constant(law, confidence) if c is None else Interval(law.c, law.c, confidence),
        n_draws=n_draws if method == "bootstrap" else 0,
        method=method,
        warnings=(*law.warnings, *_said_of_distance(decades, law)),
    )


def _said_of_distance(decades: float, law: LossLaw) -> list[str]:
    said = []
    if decades > FAR:
        said.append(f"the target lies {decades:.1f} decades beyond the largest run")
    if decades > law.runs.decades:
        said.append(f"the law is stretched over {decades:.1f} decades, and the runs span {law.runs.decades:.1f}")
    return said


def prediction_band(
    law: LossLaw,
    compute: ArrayLike,
    *,
    confidence: float = 0.95,
    method: Method = "bootstrap",
    n_draws: int = 1000,
    rng: np.random.Generator | None = None,
) -> Band:
    """Prediction intervals of the law at each compute, shape (n_targets,), for one more run of weight 1 there.

    `bootstrap`: up to 20 runs residuals of log loss are drawn, from 21 on whole runs (`batched_laws.drawn_laws`); each
    draw is fitted again, noise of a single run is added to what it forecasts, and the spread is widened by the ratio of
    Student's quantile with n - p degrees of freedom to the normal one (p parameters).
    `profile`: every loss of a further run at that compute with which the best law of all n + 1 runs is not
    significantly worse than that of the n, by the F ratio with 1 and n - p degrees of freedom. For a law linear in its
    parameters this is Student's prediction interval. It needs no draws, and is for the squared rho only.

    Raises BadTable for a profile of another rho.
    """
    check_confidence(confidence)
    targets = np.atleast_1d(np.asarray(compute, dtype=np.float64))
    center = law.loss(targets)
    if method == "profile":
        low, high = _profiled(law, targets, confidence)
    else:
        low, high = _bootstrapped(law, targets, confidence, n_draws, rng or np.random.default_rng(0))
    return Band(targets, center, center * np.exp(low), center * np.exp(high), confidence)


def _degrees(law: LossLaw) -> int:
    return max(law.n - law.n_parameters, 1)


def _bootstrapped(
    law: LossLaw, targets: Array, confidence: float, n_draws: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    fixed = None if law.n_parameters == N_PARAMETERS else law.c
    fitted = law.loss(law.runs.compute)
    laws, residuals = drawn_laws(law.runs, fitted, n_draws, rng, rho=law.rho, c=fixed, n_parameters=law.n_parameters)
    errors = np.log(laws.predict(np.log(targets / law.compute_unit)) / law.loss(targets))
    noise = rng.choice(residuals, (n_draws, 1))
    half = (1 + confidence) / 2
    widening = t_distribution.ppf(half, _degrees(law)) / z_quantile(half)
    low, high = np.quantile((errors + noise) * widening, [1 - half, half], axis=0)
    return low, high


def outside_band(law: LossLaw, compute: ArrayLike, loss: ArrayLike, confidence: float) -> Array:
    """1 for each further run above its prediction interval by the profile, -1 below, 0 inside; shape (n_targets,)."""
    targets, losses = np.asarray(compute, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    best, spare = _best_and_spare(law, confidence)
    offsets = np.log(losses / law.loss(targets))
    return np.asarray(np.sign(offsets) * (_squares_with(law, targets, offsets) > best + spare), dtype=np.float64)


def _best_and_spare(law: LossLaw, confidence: float) -> tuple[float, float]:
    """The squares of the law, and what one more run may add to them."""
    degrees = _degrees(law)
    best = law.rms_log**2 * law.n
    return best, best * float(f_distribution.ppf(confidence, 1, degrees)) / degrees + 1e-18


def _profiled(law: LossLaw, targets: Array, confidence: float) -> tuple[Array, Array]:
    """Ends of the interval as log(loss / forecast), all targets at once; infinite where no loss is too far."""
    if law.rho != "squared":
        raise BadTable("the profile's interval is for the squared rho", fix='use method="bootstrap" with the Huber rho')
    best, spare = _best_and_spare(law, confidence)
    unit = math.sqrt(spare * (1 + 1 / law.n))
    both = np.concatenate([targets, targets])
    offset = np.repeat([-unit, unit], len(targets))
    inside, outside = np.zeros(len(both)), np.sign(offset) * OUTERMOST
    for _ in range(N_ROUNDS):
        extra = np.maximum(_squares_with(law, both, offset) - best, 1e-30)
        held = extra <= spare
        inside, outside = np.where(held, offset, inside), np.where(held, outside, offset)
        # The root of the extra squares grows nearly linearly with the offset; halving where that leaves the bracket.
        guess = offset * np.clip(np.sqrt(spare / extra), 0.2, 4)
        between = (guess - inside) * (guess - outside) < 0
        offset = np.where(between, guess, (inside + outside) / 2)
    ends = np.where(np.abs(inside) > OUTERMOST / 2, np.sign(inside) * np.inf, inside)
    return ends[: len(targets)], ends[len(targets) :]


def _squares_with(law: LossLaw, targets: Array, offsets: Array) -> Array:
    """The smallest sum of squares with one more run at each target, its loss off the forecast by exp(offset)."""
    held = law.n_parameters < N_PARAMETERS
    losses = np.empty((len(targets), law.n + 1))
    losses[:, :-1], losses[:, -1] = law.runs.loss, law.loss(targets) * np.exp(offsets)
    losses = np.maximum(losses, law.c * (1 + 1e-9)) if held else losses
    relative = np.empty(losses.shape)
    relative[:, :-1], relative[:, -1] = law.runs.relative, np.log(targets / law.compute_unit)
    start = Laws(*(np.array([value]) for value in (math.log(law.a), math.log(-law.b), law.c, 0.0)))
    return fit_near(relative, losses, np.append(law.runs.weights, 1.0), start, c_held=held).objective


def profile_constant(compute: ArrayLike, loss: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Interval of the irreducible loss by its profile; `loss_law.profile_of_constant` says how."""
    check_confidence(confidence)
    return profile_of_constant(fit_runs(Runs.of(compute, loss)), confidence)
