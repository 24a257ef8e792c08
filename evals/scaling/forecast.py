"""Forecasts of a loss law: the loss at a larger compute with its interval, and the law tried on runs held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution

from evals.scaling.loss_law import MIN_RUNS, N_PARAMETERS, LossLaw, Runs, fit_loss_law, polish
from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval
from evals.stats.standard_error import z_quantile

PAIRS_FROM = 21
"Runs from which whole runs are drawn; with fewer, residuals are, since few draws would leave a law to fit."
N_PROFILE = 200


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
    "Of the irreducible loss, by its profile."
    n_draws: int


@dataclass(frozen=True)
class HeldOut:
    """A forecast beside what came."""

    compute: float
    n_fitted: int
    "Runs that the law saw, all smaller."
    forecast: float
    actual: float
    decades: float
    "log10 of this run's compute over the largest that the law saw: how far it is stretched."
    naive: NaiveForecast

    @property
    def relative_error(self) -> float:
        """(forecast - actual) / actual."""
        return self.forecast / self.actual - 1


@dataclass(frozen=True)
class NaiveForecast:
    """What a law has to beat: forecasts that need none."""

    last_value: float
    "The loss of the largest run that was seen: no change."
    last_slope: float
    "The line through the logarithms of the two largest, drawn on; NaN where their computes are equal."


def naive_forecast(compute: ArrayLike, loss: ArrayLike, target_compute: float) -> NaiveForecast:
    """The loss at `target_compute` (FLOPs) without a law. compute, loss: shape (n_runs,), n_runs at least 2."""
    runs = Runs.of(compute, loss)
    last, before = float(runs.loss[-1]), float(runs.loss[-2])
    apart = math.log(runs.compute[-1] / runs.compute[-2])
    slope = math.log(last / before) / apart if apart > 0 else math.nan
    return NaiveForecast(last, last * math.exp(slope * math.log(target_compute / runs.compute[-1])))


def forecast_loss(
    compute: ArrayLike,
    loss: ArrayLike,
    target_compute: float,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    n_draws: int = 500,
) -> Forecast:
    """The loss at `target_compute` (FLOPs) by the law of the runs, with a prediction interval by bootstrap.

    Up to 20 runs: residuals of log loss are drawn (enlarged by sqrt(n / (n - 3)), since a fit of three parameters
    swallows part of the noise); from 21 on: whole runs. Each draw is fitted again, and noise of a single run is added
    to what it forecasts. The spread is widened by the ratio of Student's quantile with n - 3 degrees of freedom to the
    normal one.

    Raises ValueError for fewer than 4 different amounts of compute: nothing is left over to show the noise.
    """
    check_confidence(confidence)
    if target_compute <= 0 or not math.isfinite(target_compute):
        raise ValueError(f"the target's compute is {target_compute}; it is a positive number of FLOPs")
    runs = Runs.of(compute, loss)
    law = fit_loss_law(runs.compute, runs.loss)
    center = float(law.loss(target_compute))
    spread = _drawn_log_errors(runs, law, target_compute, n_draws, rng)
    widening = t_distribution.ppf((1 + confidence) / 2, _degrees(runs)) / z_quantile((1 + confidence) / 2)
    low, high = (float(end) for end in np.quantile(spread * widening, [(1 - confidence) / 2, (1 + confidence) / 2]))
    return Forecast(
        compute=float(target_compute),
        loss=center,
        interval=Interval(center * math.exp(low), center * math.exp(high), confidence),
        decades=math.log10(target_compute / law.compute_unit),
        law=law,
        c_interval=profile_constant(runs.compute, runs.loss, confidence=confidence),
        n_draws=n_draws,
    )


def _degrees(runs: Runs) -> int:
    return max(len(runs.loss) - N_PARAMETERS, 1)


def _drawn_log_errors(runs: Runs, law: LossLaw, target: float, n_draws: int, rng: np.random.Generator) -> Array:
    """log(forecast of a draw) - log(forecast) + noise of a run, shape (n_draws,)."""
    n = len(runs.loss)
    residuals = (law.residuals - law.residuals.mean()) * math.sqrt(n / _degrees(runs))
    fitted = np.log(law.loss(runs.compute))
    smallest = float(runs.loss.min())
    start = (math.log(law.a), math.log(-law.b), float(logit(np.clip(law.c / smallest, 1e-4, 1 - 1e-6))))
    errors = np.empty(n_draws)
    for k in range(n_draws):
        if n >= PAIRS_FROM:
            drawn = _drawn_runs(runs, rng)
        else:
            drawn = Runs(runs.compute, np.exp(fitted + rng.choice(residuals, n)))
        errors[k] = math.log(_forecast_of(drawn, start, target)) - math.log(float(law.loss(target)))
    return errors + rng.choice(residuals, n_draws)


def _drawn_runs(runs: Runs, rng: np.random.Generator) -> Runs:
    """As many runs, drawn with replacement, of at least MIN_RUNS amounts of compute."""
    while True:
        chosen = np.sort(rng.integers(0, len(runs.loss), len(runs.loss)))
        drawn = Runs(runs.compute[chosen], runs.loss[chosen])
        if drawn.n_distinct >= MIN_RUNS:
            return drawn


def _forecast_of(runs: Runs, start: tuple[float, float, float], target: float) -> float:
    u, z, v = polish(runs, start)
    relative = math.log(target / runs.compute[-1])
    return math.exp(u - math.exp(z) * relative) + float(expit(v)) * float(runs.loss.min())


def profile_constant(compute: ArrayLike, loss: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Interval of the irreducible loss: every constant whose best law is not significantly worse than the best of all.

    By the F ratio of the squared residuals with 1 and n - 3 degrees of freedom (Bates and Watts 1988, Nonlinear
    Regression Analysis). Ends at 0 or at the smallest loss where the data do not bound it.
    """
    check_confidence(confidence)
    runs = Runs.of(compute, loss)
    best = fit_loss_law(runs.compute, runs.loss)
    allowed = best.rms_log**2 * (1 + f_distribution.ppf(confidence, 1, _degrees(runs)) / _degrees(runs))
    smallest = float(runs.loss.min())
    tried = np.unique(np.append(np.linspace(0, smallest * (1 - 1e-6), N_PROFILE), best.c))
    kept = [float(c) for c in tried if fit_loss_law(runs.compute, runs.loss, c=float(c)).rms_log ** 2 <= allowed]
    kept.append(best.c)
    return Interval(min(kept), max(kept), confidence)


def leave_last_out(compute: ArrayLike, loss: ArrayLike, k: int = 1) -> list[HeldOut]:
    """The k largest runs, each forecast from all runs but these k."""
    runs = Runs.of(compute, loss)
    seen = runs.but_last(k)
    law = fit_loss_law(seen.compute, seen.loss)
    return [
        HeldOut(
            float(flops),
            len(seen.loss),
            float(law.loss(flops)),
            float(actual),
            math.log10(flops / law.compute_unit),
            naive_forecast(seen.compute, seen.loss, float(flops)),
        )
        for flops, actual in zip(runs.compute[-k:], runs.loss[-k:], strict=True)
    ]


def rolling_origin(compute: ArrayLike, loss: ArrayLike) -> list[HeldOut]:
    """Every run from the fifth on, forecast from the smaller ones: how the law would have done all along."""
    runs = Runs.of(compute, loss)
    seen = [runs.but_last(k) for k in range(len(runs.loss))][::-1]
    return [leave_last_out(one.compute, one.loss)[0] for one in seen if one.but_last(1).n_distinct >= MIN_RUNS]


def leave_one_out(compute: ArrayLike, loss: ArrayLike, target_compute: float) -> tuple[float, float]:
    """The lowest and the highest forecast of the loss at `target_compute` where any one of the runs is missing."""
    runs = Runs.of(compute, loss)
    found = []
    for left_out in range(len(runs.loss)):
        rest = Runs(np.delete(runs.compute, left_out), np.delete(runs.loss, left_out))
        found.append(float(fit_loss_law(rest.compute, rest.loss).loss(target_compute)))
    return min(found), max(found)
