"""Percentile ranges: what share of a population lies below a score, and what share at it or below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evals.exams.paper import Between, Percentile, PercentileTable
from evals.exams.pipeline import DIGITS, table_values
from evals.stats.arrays import Array


@dataclass(frozen=True)
class Ranges:
    """The percentile ranges of many scores. Every array has shape (n,)."""

    low: Array
    "Percent of the takers below the score."
    high: Array
    "Percent of the takers at the score or below."
    off_table: Array
    "0 where the score has a row or lies between two, -1 below the table, 1 above it: the nearest row was taken."


def percentile_ranges(percentile: Percentile, scores: Array, *, are_draws: bool = False) -> Ranges:
    """The ranges of scores, over all tables of a percentile: the lowest low, the highest high.

    A score between two rows takes the row below it (`floor`), whose range holds the true one; `interpolate` draws a
    line between the rows; `error` raises.

    Raises:
        DataError: a score has no row, and `between` is `error`.
    """
    found = [_ranges(table, scores, percentile, are_draws) for table in percentile.tables]
    return Ranges(
        np.min([one.low for one in found], axis=0),
        np.max([one.high for one in found], axis=0),
        np.asarray(found[0].off_table if len(found) == 1 else _nearest([one.off_table for one in found])),
    )


def _nearest(sides: list[Array]) -> Array:
    """On which side of all tables a score lies; 0 where it is in any of them."""
    return np.where(np.min(np.abs(sides), axis=0) == 0, 0, sides[0])


def _ranges(table: PercentileTable, scores: Array, percentile: Percentile, are_draws: bool) -> Ranges:
    between: Between = "floor" if are_draws and percentile.between == "error" else percentile.between
    rounded = np.round(scores, DIGITS)
    what, where = f"percentile of {percentile.on!r}", percentile.where
    low, high = (table_values(table.scores, ends, scores, between, what, where) for ends in (table.low, table.high))
    off_table = (rounded > table.scores[-1]).astype(np.float64) - (rounded < table.scores[0])
    return Ranges(low, high, off_table)
