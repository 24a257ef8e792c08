"""The mean of values that depend in two ways: judgements of several prompts by several raters."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Codes, as_codes, as_scores, check_confidence, cluster_sums
from evals.stats.estimate import Estimate, Interval, undefined
from evals.stats.standard_error import t_quantile

METHOD = "two-way clustered t"


def two_way_mean(
    values: ArrayLike, rows: Iterable[Hashable], columns: Iterable[Hashable], confidence: float = 0.95
) -> Estimate:
    """The mean of values, shape (n,), whose interval is about other rows (prompts) and other columns (raters) too.

    The variance is that of clusters of rows, plus that of clusters of columns, less that of cells (Cameron, Gelbach and
    Miller 2011, Journal of Business and Economic Statistics 29:238), each with C / (C - 1) for C clusters, and at least
    the larger of the first two. The interval is Student's with one degree of freedom less than the fewer of rows
    and columns. Few columns, under five or so, say little of other columns. Undefined for fewer than two of either.
    `n_clusters` is the fewer of rows and columns.
    """
    check_confidence(confidence)
    scores = as_scores(values, "values")
    n = len(scores)
    row, column = as_codes(rows, n, "rows"), as_codes(columns, n, "columns")
    fewer = min(int(row.max(initial=-1)), int(column.max(initial=-1))) + 1
    if fewer < 2 or np.isnan(scores).any():
        return undefined(n, max(fewer, 0), confidence, float(scores.mean()) if n else math.nan)
    mean = float(scores.mean())
    cell = as_codes(list(zip(row.tolist(), column.tolist(), strict=True)), n, "cells")
    by_row, by_column, by_cell = (_variance(scores - mean, codes) for codes in (row, column, cell))
    error = math.sqrt(max(by_row + by_column - by_cell, by_row, by_column))
    half = t_quantile(0.5 + confidence / 2, fewer - 1) * error
    return Estimate(mean, error, Interval(mean - half, mean + half, confidence), n, fewer, METHOD)


def _variance(apart: ArrayLike, codes: Codes) -> float:
    sums = cluster_sums(np.asarray(apart, dtype=np.float64), codes)
    c = len(sums)
    return float(np.sum(sums**2)) / len(codes) ** 2 * c / max(1, c - 1)
