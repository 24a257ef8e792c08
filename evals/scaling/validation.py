"""The loss law tried on runs held out: the last, each in turn, a whole family; beside forecasts without a law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.scaling.loss_law import fit_runs
from evals.scaling.runs import MIN_RUNS, BadTable, Runs


@dataclass(frozen=True)
class HeldOut:
    """A forecast beside what came."""

    compute: float
    n_fitted: int
    "Runs that the law saw; all smaller, but for a family held out."
    forecast: float
    actual: float
    decades: float
    "log10 of this run's compute over the largest that the law saw: how far it is stretched."
    naive: NaiveForecast
    family: str = ""
    "The family that was held out, if one was."

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
    return _naive(Runs.of(compute, loss), target_compute)


def _naive(runs: Runs, target_compute: float) -> NaiveForecast:
    last, before = float(runs.loss[-1]), float(runs.loss[-2])
    apart = math.log(runs.compute[-1] / runs.compute[-2])
    slope = math.log(last / before) / apart if apart > 0 else math.nan
    return NaiveForecast(last, last * math.exp(slope * math.log(target_compute / runs.compute[-1])))


def leave_last_out(compute: ArrayLike, loss: ArrayLike, k: int = 1, *, c: float | None = None) -> list[HeldOut]:
    """The k largest runs, each forecast from all runs but these k. c: a constant that is known, 0 for none."""
    runs = Runs.of(compute, loss)
    if not 0 < k < len(runs.loss):
        raise BadTable(
            f"{k} runs of {len(runs.loss)} cannot be held out", fix="hold out at least 1, and fewer than all"
        )
    return _held_out(runs.but_last(k), runs.take(np.arange(len(runs.loss) - k, len(runs.loss))), c)


def _held_out(seen: Runs, others: Runs, c: float | None = None, family: str = "") -> list[HeldOut]:
    law = fit_runs(seen, c=c)
    return [
        HeldOut(
            float(flops),
            len(seen.loss),
            float(law.loss(flops)),
            float(actual),
            math.log10(flops / law.compute_unit),
            _naive(seen, float(flops)),
            family,
        )
        for flops, actual in zip(others.compute, others.loss, strict=True)
    ]


def rolling_origin(compute: ArrayLike, loss: ArrayLike, *, c: float | None = None) -> list[HeldOut]:
    """Every run from the fifth on, forecast from the smaller ones: how the law would have done all along."""
    runs = Runs.of(compute, loss)
    seen = [runs.but_last(k) for k in range(len(runs.loss))][::-1]
    tried = [one for one in seen if len(one.loss) > 1 and one.but_last(1).n_distinct >= MIN_RUNS]
    return [_held_out(one.but_last(1), one.take([len(one.loss) - 1]), c)[0] for one in tried]


def leave_one_out(compute: ArrayLike, loss: ArrayLike, target_compute: float) -> tuple[float, float]:
    """The lowest and the highest forecast of the loss at `target_compute` where any one of the runs is missing."""
    runs = Runs.of(compute, loss)
    found = []
    for left_out in range(len(runs.loss)):
        rest = runs.take(np.delete(np.arange(len(runs.loss)), left_out))
        found.append(float(fit_runs(rest).loss(target_compute)))
    return min(found), max(found)


def leave_one_family_out(
    compute: ArrayLike, loss: ArrayLike, families: Sequence[str], *, c: float | None = None
) -> list[HeldOut]:
    """Each family's runs, forecast by one law of all the others: whether one law holds for families it has not seen.

    families: one name a run. Families in order of first appearance, runs by ascending compute. Their losses and FLOPs
    must be counted alike, or the errors show that.

    Raises BadTable for one family, or where the others hold no law.
    """
    flops, losses = np.asarray(compute, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    if len(families) != len(flops):
        raise BadTable(f"{len(families)} families for {len(flops)} runs", fix="give one family a run")
    names = list(dict.fromkeys(families))
    if len(names) < 2:
        raise BadTable("one family only: none is left to hold out against", fix="give runs of two families or more")
    found = []
    for name in names:
        inside = np.array([family == name for family in families])
        seen = Runs.of(flops[~inside], losses[~inside])
        found.extend(_held_out(seen, Runs.of(flops[inside], losses[inside]), c, name))
    return found
