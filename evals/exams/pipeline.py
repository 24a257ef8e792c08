"""The scoring steps of a paper over numbers or over bootstrap draws: one code for both, arrays of shape (n_draws,)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evals.errors import DataError
from evals.exams.paper import (
    BandToScale,
    Between,
    Clamp,
    Combine,
    CountWrong,
    Cut,
    Linear,
    Lookup,
    Raw,
    Round,
    ScoreStep,
    Weighted,
)
from evals.stats.arrays import Array

DIGITS = 9
"Decimals to which a value is rounded before it is compared with a table, a minimum or a half: sums are not exact."

Values = dict[str, Array]
"Each shape (n_draws,), by the name that a step sets."


def run_steps(steps: Sequence[ScoreStep], counted: Mapping[str, Array], *, are_draws: bool = False) -> Values:
    """The value of every step.

    counted: what `raw` and `count_wrong` steps give, by the names that they set. are_draws: bootstrap draws fall
    between the rows of tables where a paper itself cannot, so `between: error` interpolates for them.

    Raises:
        DataError: a value lies between the rows of a table with `between: error`.
    """
    values: Values = {}
    for step in steps:
        if isinstance(step, Raw | CountWrong):
            values[step.set] = np.asarray(counted[step.set], dtype=np.float64)
        else:
            values[step.set] = apply(step, values, are_draws=are_draws)
    return values


def apply(step: ScoreStep, values: Mapping[str, Array], *, are_draws: bool = False) -> Array:
    """The value of one step that goes by earlier values."""
    if isinstance(step, Lookup):
        return look_up(step, values[step.value], are_draws=are_draws)
    return _OPS[type(step)](step, values)


def inputs_of(step: ScoreStep) -> tuple[str, ...]:
    """The names of the values that a step goes by; () for `raw` and `count_wrong`."""
    if isinstance(step, Combine):
        return step.values
    if isinstance(step, Weighted):
        return tuple(step.weights)
    return () if isinstance(step, Raw | CountWrong) else (step.value,)


def look_up(step: Lookup, scores: Array, *, are_draws: bool = False) -> Array:
    """The table's values; scores off the table get its first or last value."""
    between: Between = "interpolate" if are_draws and step.between == "error" else step.between
    return table_values(step.table.scores, step.table.values, scores, between, f"score step {step.set!r}", step.where)


def table_values(
    rows: Sequence[float], cells: Sequence[float], scores: Array, between: Between, what: str, where: str
) -> Array:
    """The cell of each score. rows: ascending. between: what happens to a score that has no row of its own.

    Raises:
        DataError: such a score with `error`.
    """
    table, results = np.asarray(rows, dtype=np.float64), np.asarray(cells, dtype=np.float64)
    rounded = np.clip(np.round(scores, DIGITS), table[0], table[-1])
    if between == "interpolate":
        return np.interp(scores, table, results)
    at = row_below(table, rounded)
    missing = table[at] != rounded
    if between == "error" and missing.any():
        odd = float(rounded[missing][0])
        fix = "add the row, or write `between: floor` or `between: interpolate`"
        raise DataError(f"{what}: the table has no row for {odd:g}", where=where, fix=fix)
    return np.asarray(results[at])


def row_below(rows: Array, scores: Array) -> Any:
    """The number of the nearest row that is not above each score; 0 where all rows are."""
    return np.clip(np.searchsorted(rows, np.round(scores, DIGITS), side="right") - 1, 0, len(rows) - 1)


def _combine(step: Combine, values: Mapping[str, Array]) -> Array:
    found = [values[name] for name in step.values]
    if step.op in ("sum", "mean"):
        return np.asarray(np.sum(found, axis=0) if step.op == "sum" else np.mean(found, axis=0))
    return np.asarray(np.min(found, axis=0) if step.op == "min" else np.max(found, axis=0))


def _weighted(step: Weighted, values: Mapping[str, Array]) -> Array:
    return np.asarray(np.sum([weight * values[name] for name, weight in step.weights.items()], axis=0))


def _linear(step: Linear, values: Mapping[str, Array]) -> Array:
    return np.asarray(step.mul * values[step.value] + step.add)


def _cut(step: Cut, values: Mapping[str, Array]) -> Array:
    at = row_below(np.asarray(step.minima, dtype=np.float64), values[step.value])
    return np.asarray(np.asarray(step.levels, dtype=np.float64)[at])


def _round(step: Round, values: Mapping[str, Array]) -> Array:
    parts = np.round(values[step.value] / step.to, DIGITS)
    ways: dict[str, Callable[[Array], Array]] = {
        "half_up": lambda x: np.floor(x + 0.5),
        "half_even": np.rint,
        "floor": np.floor,
        "ceil": np.ceil,
    }
    return np.asarray(np.round(ways[step.mode](parts) * step.to, DIGITS))


def _clamp(step: Clamp, values: Mapping[str, Array]) -> Array:
    return np.clip(values[step.value], step.lo, step.hi)


def _band_to_scale(step: BandToScale, values: Mapping[str, Array]) -> Array:
    return step.to_mean + (values[step.value] - step.mean) / step.sd * step.to_sd


_OPS: dict[type, Callable[[Any, Mapping[str, Array]], Array]] = {
    Combine: _combine,
    Weighted: _weighted,
    Linear: _linear,
    Cut: _cut,
    Round: _round,
    Clamp: _clamp,
    BandToScale: _band_to_scale,
}
