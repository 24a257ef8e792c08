"""Rungs that have not left their early transient: found by the law of the larger ones, said, and dropped only if asked.

The smallest runs of a ladder may be stopped while their loss still falls steeply. A law of three parameters has no room
for such a beginning and bends to meet it, which moves the forecast at the other end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.forecast import outside_band, prediction_band
from evals.scaling.loss_law import LossLaw, fit_runs
from evals.scaling.runs import MIN_RUNS, Runs
from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval


@dataclass(frozen=True)
class Transient:
    """The smallest runs that lie above what the law of the others says of them."""

    n_runs: int
    "The smallest so many; 0 where none is found."
    compute: Array
    "Shape (n_runs,): theirs, ascending."
    loss: Array
    expected: Array
    "Shape (n_runs,): what the law of the others says."
    intervals: tuple[Interval, ...]
    "Prediction intervals of that law; each loss lies above its own."
    law_with: LossLaw
    "Of all runs."
    law_without: LossLaw
    "Of the others alone; the same as `law_with` where none is found."

    def effect(self, target_compute: float) -> tuple[float, float]:
        """The forecasts at `target_compute` (FLOPs) with these runs and without them."""
        return float(self.law_with.loss(target_compute)), float(self.law_without.loss(target_compute))

    def describe(self, target_compute: float | None = None) -> str:
        """What was found, in one sentence, and what dropping it does to the forecast; empty where nothing was."""
        if not self.n_runs:
            return ""
        listed = ", ".join(
            f"{flops:.3g} FLOPs: {loss:.4g}, the others say {expected:.4g} ({interval.low:.4g} to {interval.high:.4g})"
            for flops, loss, expected, interval in zip(
                self.compute, self.loss, self.expected, self.intervals, strict=True
            )
        )
        runs = "the smallest run has" if self.n_runs == 1 else f"the {self.n_runs} smallest runs have"
        said = f"{runs} not left the early transient ({listed})"
        if target_compute is None:
            return said
        kept, dropped = self.effect(target_compute)
        return (
            f"{said}; the forecast at {target_compute:.3g} FLOPs is {kept:.4g} with and {dropped:.4g} without: "
            f"drop_smallest={self.n_runs} leaves out what was found"
        )


def early_transient(
    compute: ArrayLike,
    loss: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.99,
    max_runs: int | None = None,
) -> Transient:
    """The largest number of smallest runs that all lie above the prediction interval of the law of the others.

    compute, loss, weights: shape (n,), as of `fit_loss_law`. max_runs: at most so many, by default a third of them;
    five different amounts of compute are always left. confidence: two-sided, of each run's interval by the profile; of
    ladders without a transient about half of 1 - confidence are flagged for each number of runs tried.
    Nothing is dropped here: give `drop_smallest` to the fit.
    """
    check_confidence(confidence)
    runs = Runs.of(compute, loss, weights)
    whole = fit_runs(runs)
    most = len(runs.loss) // 3 if max_runs is None else max_runs
    for k in range(most, 0, -1):
        if runs.but_first(k).n_distinct <= MIN_RUNS:
            continue
        law = fit_runs(runs.but_first(k))
        first = runs.take(np.arange(k))
        if (outside_band(law, first.compute, first.loss, confidence) > 0).all():
            band = prediction_band(law, first.compute, confidence=confidence, method="profile")
            intervals = tuple(
                Interval(float(low), float(high), confidence) for low, high in zip(band.low, band.high, strict=True)
            )
            return Transient(k, first.compute, first.loss, band.loss, intervals, whole, law)
    return Transient(0, np.zeros(0), np.zeros(0), np.zeros(0), (), whole, whole)
