"""Fits a law to the rungs of a ladder, and predicts a target with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evals.comparison.ladder import Ladder, Rung
from evals.errors import DataError, UsageError
from evals.forecasts.targets import Split
from evals.scaling.forecast import forecast_loss, prediction_band
from evals.scaling.loss_law import LossLaw, fit_loss_law
from evals.scaling.pass_rate_forecast import forecast_pass_rate, pass_rate_band
from evals.scaling.pass_rate_law import PassRateLaw, fit_pass_rate_law
from evals.scaling.pass_rates import PassCounts
from evals.scaling.transient import early_transient
from evals.stats.arrays import Array
from evals.stats.estimate import Interval

LawName = Literal["loss", "power", "pass-rate"]
LAW_NAMES: tuple[LawName, ...] = ("loss", "power", "pass-rate")


@dataclass(frozen=True)
class FitOptions:
    """How a law is fitted."""

    law: LawName = "loss"
    "`loss`: a C^b + c. `power`: without the constant. `pass-rate`: of the mean negative log pass rate."
    confidence: float = 0.95
    n_draws: int = 1000
    "Of the bootstrap."
    seed: int = 0
    drop_smallest: int = 0
    zeros: Literal["drop", "refuse", "censored"] = "drop"
    "Of a pass-rate law: what happens to problems that a model never passed."
    constant: float | None = None
    "The irreducible loss, where it is known; of `loss` alone."


@dataclass(frozen=True)
class Prediction:
    """What a law says of one amount of compute, for one more model there."""

    compute_flops: float
    value: float
    interval: Interval
    decades: float
    "log10 of this compute over the largest that was fitted."
    warnings: tuple[str, ...]
    "The law's, and those of this prediction."


@dataclass(frozen=True)
class Fit:
    """A law with the rungs that it was fitted to."""

    law: LossLaw | PassRateLaw
    ladder: Ladder
    "What was fitted, smallest compute first, without the smallest that were dropped."
    dropped: tuple[Rung, ...]
    "The smallest rungs, left out because the options say so."
    options: FitOptions

    @property
    def name(self) -> str:
        """What the law is called."""
        return "power law without a constant" if self.options.law == "power" else self.law.name

    @property
    def formula(self) -> str:
        return "L(C) = a (C / C_max)^b" if self.options.law == "power" else self.law.formula

    @property
    def values(self) -> Array:
        """What was fitted of each rung, shape (n_rungs,)."""
        return self.law.y if isinstance(self.law, PassRateLaw) else self.ladder.values

    @property
    def fitted_rungs(self) -> list[Rung]:
        """What was fitted, of pass rates with their standard error and number of problems."""
        law = self.law
        if not isinstance(law, PassRateLaw):
            return list(self.ladder.rungs)
        return [
            replace(rung, value=float(y), stderr=float(error), n=law.n_problems)
            for rung, y, error in zip(self.ladder.rungs, law.y, law.y_stderr, strict=True)
        ]

    @property
    def residuals(self) -> Array:
        """log of the value minus log of the law, shape (n_rungs,)."""
        return np.asarray(np.log(self.values / self.law.predict(self.ladder.compute)), dtype=np.float64)

    def predict(self, compute_flops: float) -> Prediction:
        """The law's value at this compute, with its prediction interval.

        Raises BadTable where nothing is left over to show the noise.
        """
        how = self.options
        if isinstance(self.law, PassRateLaw):
            rate = forecast_pass_rate(self.law, compute_flops, confidence=how.confidence)
            return Prediction(compute_flops, rate.y, rate.interval, rate.decades, rate.warnings)
        found = forecast_loss(
            self.ladder.compute, self.ladder.values, compute_flops, confidence=how.confidence, n_draws=how.n_draws,
            c=_constant(how), rng=np.random.default_rng(how.seed),
        )  # fmt: skip
        said = tuple(dict.fromkeys((*self.law.warnings, *found.warnings)))
        return Prediction(compute_flops, found.loss, found.interval, found.decades, said)

    def band(self, compute: Array) -> tuple[Array, Array]:
        """Both ends of the prediction interval at each compute, each of shape (n,)."""
        if isinstance(self.law, PassRateLaw):
            return pass_rate_band(self.law, compute, self.options.confidence)
        rng = np.random.default_rng(self.options.seed)
        how = self.options
        band = prediction_band(self.law, compute, confidence=how.confidence, n_draws=how.n_draws, rng=rng)
        return band.low, band.high

    def cautions(self, target_compute_flops: float | None) -> list[str]:
        """What a reader must know beside the law's own warnings: an early transient, and what a drop has changed."""
        if isinstance(self.law, PassRateLaw):
            return []
        said = []
        if self.options.law == "loss" and self.options.constant is None:
            said.append(early_transient(self.ladder.compute, self.ladder.values).describe(target_compute_flops))
        if self.dropped and target_compute_flops is not None:
            whole = [*self.dropped, *self.ladder.rungs]
            law = fit_loss_law(
                [one.compute_flops for one in whole], [one.value for one in whole], c=_constant(self.options)
            )
            with_all = float(law.loss(target_compute_flops))
            said.append(f"with the {len(self.dropped)} smallest models the forecast is {with_all:.4g}")
        return [one for one in said if one]


def _constant(options: FitOptions) -> float | None:
    return 0.0 if options.law == "power" else options.constant


def fit_ladder(ladder: Ladder, options: FitOptions) -> Fit:
    """The law of all rungs of a ladder.

    Raises:
        BadTable: too few rungs, or values that no law can be fitted to; it says which.
        UsageError: more rungs are to be dropped than there are.
    """
    if options.constant is not None and options.law != "loss":
        raise UsageError(f"--constant belongs to --law loss, and the law is {options.law}", fix="leave one of them out")
    n = options.drop_smallest
    if not 0 <= n < len(ladder.rungs):
        raise UsageError(f"--drop-smallest {n} of {len(ladder.rungs)} models", fix="leave some to fit")
    kept = replace(ladder, rungs=ladder.rungs[n:])
    if options.law != "pass-rate":
        _check_values(kept)
    rng = np.random.default_rng(options.seed)
    law: LossLaw | PassRateLaw
    if options.law == "pass-rate":
        counts = pass_counts(kept.rungs)
        law = fit_pass_rate_law(
            counts.compute, counts.passes, counts.draws, models=counts.models, problems=counts.problems,
            zeros=options.zeros, confidence=options.confidence, n_draws=options.n_draws, rng=rng,
        )  # fmt: skip
    else:
        law = fit_loss_law(
            kept.compute, kept.values, c=_constant(options), confidence=options.confidence, n_draws=options.n_draws,
            rng=rng,
        )  # fmt: skip
    return Fit(law, kept, ladder.rungs[:n], options)


def _check_values(ladder: Ladder) -> None:
    """Raise DataError for the first value that has no logarithm."""
    for rung in ladder.rungs:
        if not (math.isfinite(rung.value) and rung.value > 0):
            raise DataError(
                f"{ladder.quantity} of {rung.model} is {rung.value:g}; a law is fitted to values above 0",
                where=rung.where, fix="leave the model out, or correct the value",
            )  # fmt: skip


def pass_counts(rungs: Sequence[Rung]) -> PassCounts:
    """Passes and draws of all models on the same problems, models in the order of `rungs`.

    Raises:
        DataError: models have different problems; it names one.
    """
    problems = sorted({name for rung in rungs for name, _, _ in rung.passes})
    cells = [{name: (c, n) for name, c, n in rung.passes} for rung in rungs]
    for rung, known in zip(rungs, cells, strict=True):
        missing = [name for name in problems if name not in known]
        if missing:
            raise DataError(
                f"{rung.model} has no draws of problem {missing[0]} ({len(missing)} are missing)", where=rung.where,
                fix="give every model the same problems",
            )  # fmt: skip
    passes = [[known[name][0] for name in problems] for known in cells]
    draws = [[known[name][1] for name in problems] for known in cells]
    names = [rung.model for rung in rungs]
    names = [f"{name} #{i}" if names.count(name) > 1 else name for i, name in enumerate(names, start=1)]
    return PassCounts.of([rung.compute_flops for rung in rungs], passes, draws, models=names, problems=problems)


def problem_ids(fit: Fit) -> list[str]:
    """The problems of a pass-rate law, which its target is scored on too; empty for other laws."""
    if not isinstance(fit.law, PassRateLaw):
        return []
    left_out = {one.problem for one in fit.law.dropped}
    return sorted(name for name, _, _ in fit.ladder.rungs[0].passes if name not in left_out)


def verdict(prediction: Prediction, found: Split) -> str | None:
    """`inside`, `OUTSIDE`, or `not told`; None where the target's value is not there.

    `not told`: the value is a lower bound below the interval's upper end, so that the truth may lie inside or beyond.
    """
    if found.target is None or math.isnan(found.target.value) or not prediction.interval.defined:
        return None
    value, ends = found.target.value, prediction.interval
    if found.target_is_bound and value <= ends.high:
        return "not told"
    return "inside" if ends.low <= value <= ends.high else "OUTSIDE"


def mean_negative_log(rung: Rung, ids: Sequence[str]) -> tuple[float, int]:
    """The mean negative log pass rate of a model on these problems, and how many of them it never passed.

    A problem that was never passed counts as if it had passed once: the mean is then a lower bound.

    Raises:
        DataError: the model has no draws of a problem.
    """
    known = {name: (c, n) for name, c, n in rung.passes}
    missing = [name for name in ids if name not in known]
    if missing:
        raise DataError(f"{rung.model} has no draws of problem {missing[0]}", where=rung.where)
    logs = [-math.log(max(known[name][0], 1) / known[name][1]) for name in ids]
    return math.fsum(logs) / len(logs), sum(known[name][0] == 0 for name in ids)


def with_values(found: Split, fit: Fit) -> Split:
    """The rungs that are only shown, with their mean negative log pass rate on the law's problems; else as they are."""
    ids = problem_ids(fit)
    if not ids:
        return found
    scores = {id(rung): mean_negative_log(rung, ids) for rung in found.shown}
    made = {id(rung): replace(rung, value=scores[id(rung)][0], n=len(ids)) for rung in found.shown}
    notes = [
        f"{rung.model} never passed {scores[id(rung)][1]} of the {len(ids)} problems: its value is a lower bound"
        for rung in found.shown
        if scores[id(rung)][1]
    ]
    target = None if found.target is None else made[id(found.target)]
    is_bound = found.target is not None and scores[id(found.target)][1] > 0
    shown = tuple(made[id(rung)] for rung in found.shown)
    return replace(found, shown=shown, target=target, notes=tuple(notes), target_is_bound=is_bound)
