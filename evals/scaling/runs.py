"""The table that a law is fitted to: compute and loss of each run, checked, sorted, or refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from evals.errors import DataError
from evals.stats.arrays import Array

MIN_RUNS = 4
"Distinct amounts of compute that three parameters need, so that anything is left to show the misfit."


class BadTable(DataError, ValueError):
    """A table of runs holds values that no law can be fitted to; the message names the row and the reason."""


@dataclass(frozen=True)
class Runs:
    """Training runs that one law can describe: same data, same tokenizer, same way of counting FLOPs."""

    compute: Array
    "Shape (n,): FLOPs, ascending."
    loss: Array
    "Shape (n,): nats or bits per token or byte, all the same; positive."
    weights: Array
    "Shape (n,): what each squared residual of log loss counts, 1 on average."
    notes: tuple[str, ...] = field(default=())
    "What was handled while the table was checked, and what looks wrong in it."

    @classmethod
    def of(
        cls,
        compute: ArrayLike,
        loss: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        units: Sequence[str] | None = None,
        flop_conventions: Sequence[str] | None = None,
    ) -> Runs:
        """Checked and sorted by compute; rows that are equal in all numbers are counted once, and a note says so.

        compute, loss: shape (n,). weights: shape (n,), proportional to 1 / variance of log loss. units,
        flop_conventions: one word a run, where the table has them (`nats/token`, `6ND`); all must be equal.

        Raises:
            BadTable: other shapes, a value that is not positive and finite, or more than one unit or convention.
        """
        flops, losses = _column(compute, "compute"), _column(loss, "loss")
        if flops.shape != losses.shape:
            raise BadTable(f"compute and loss: one number a run each, got shapes {flops.shape} and {losses.shape}")
        weighed = np.ones_like(flops) if weights is None else _column(weights, "weight")
        if weighed.shape != flops.shape:
            raise BadTable(f"weights: one number a run, got {len(weighed)} for {len(flops)} runs")
        for name, values in (("compute", flops), ("loss", losses), ("weight", weighed)):
            check_positive(values, name)
        check_one_word(units, "unit of loss", "convert all losses to one unit: nats = bits x ln 2")
        check_one_word(flop_conventions, "FLOP convention", "count the FLOPs of all runs in the same way")
        kept = _first_of_equal_rows(np.stack([flops, losses, weighed], axis=1))
        order = kept[np.argsort(flops[kept], kind="stable")]
        found = (_said_of_equal_rows(len(flops) - len(kept)), _said_of_compute(flops[order]))
        scale = weighed[order].mean() if len(order) else 1.0
        return cls(flops[order], losses[order], weighed[order] / scale, tuple(note for note in found if note))

    @property
    def n_distinct(self) -> int:
        return len(np.unique(self.compute))

    @property
    def relative(self) -> Array:
        """log(C / largest C), shape (n,)."""
        return np.asarray(np.log(self.compute / self.compute[-1]), dtype=np.float64)

    @property
    def decades(self) -> float:
        """log10 of the largest over the smallest compute."""
        return math.log10(self.compute[-1] / self.compute[0])

    def take(self, rows: ArrayLike) -> Runs:
        """The runs at these rows, by ascending compute; without notes."""
        chosen = np.sort(np.asarray(rows, dtype=np.int64))
        return Runs(self.compute[chosen], self.loss[chosen], self.weights[chosen])

    def but_last(self, k: int) -> Runs:
        """Without the k largest runs."""
        return self.take(np.arange(len(self.compute) - k))

    def but_first(self, k: int) -> Runs:
        """Without the k smallest runs."""
        return self.take(np.arange(k, len(self.compute)))


def _column(values: ArrayLike, name: str) -> Array:
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadTable(f"{name}: one number a run is needed: {error}") from None
    if column.ndim != 1:
        raise BadTable(f"{name}: one number a run each, got shapes {column.shape}")
    return column


def check_positive(values: Array, name: str, what: str = "run") -> None:
    """Raises BadTable that names the first value that is not positive and finite."""
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        raise BadTable(
            f"{name} of {what} {bad[0]} is {values[bad[0]]:g}; every one is positive and finite",
            fix=f"leave the {what} out, or correct its {name}",
        )


def check_one_word(words: Sequence[str] | None, name: str, fix: str) -> None:
    """Raises BadTable where runs differ in a word that all must share."""
    found = sorted(set(words or ()))
    if len(found) > 1:
        raise BadTable(f"more than one {name} in one fit: {', '.join(found)}", fix=fix)


def _first_of_equal_rows(rows: Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    _, first = np.unique(rows, axis=0, return_index=True)
    return np.sort(first).astype(np.int64)


def _said_of_equal_rows(n: int) -> str:
    if not n:
        return ""
    rows = "1 row repeats another" if n == 1 else f"{n} rows repeat others"
    return f"{rows} in compute and loss, and counts once: two runs hardly ever end at the same loss"


def _said_of_compute(ascending: Array) -> str:
    """A gap that no ladder has: some compute is in another unit than the rest."""
    if len(ascending) < 2:
        return ""
    steps = np.diff(np.log10(ascending))
    at = int(np.argmax(steps))
    if steps[at] < 6:
        return ""
    return (
        f"compute leaps from {ascending[at]:.3g} to {ascending[at + 1]:.3g}: is it in FLOPs in all rows? "
        "(1 petaFLOP/s-day = 8.64e19 FLOPs)"
    )
