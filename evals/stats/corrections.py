"""Many comparisons at once: p-values adjusted so that the family keeps its error rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_scores


def holm(p_values: ArrayLike) -> Array:
    """Adjusted p-values: rejecting those at most alpha makes one false rejection or more with chance at most alpha.

    Holm 1979, Scandinavian Journal of Statistics 6:65; valid under any dependence. In the order given; NaN stays NaN
    and does not count as a comparison.
    """
    values = _checked(p_values)
    family = np.flatnonzero(~np.isnan(values))
    order = family[np.argsort(values[family], kind="stable")]
    steps = values[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def holm_levels(p_values: ArrayLike, alpha: float = 0.05) -> Array:
    """For each p-value the level that Holm's procedure holds it against: an interval at 1 - level fits the decision.

    No difference lies outside of it exactly where the adjusted p-value is at most alpha. Tests that are rejected have
    the level of their step, all others that of the first step that does not reject. NaN stays NaN.
    """
    values = _checked(p_values)
    family = np.flatnonzero(~np.isnan(values))
    order = family[np.argsort(values[family], kind="stable")]
    steps = np.arange(len(order), 0, -1)
    kept = np.flatnonzero(values[order] * steps > alpha)
    if len(kept):
        steps[kept[0] :] = steps[kept[0]]
    levels = np.full(len(values), np.nan)
    levels[order] = alpha / steps
    return levels


def benjamini_hochberg(p_values: ArrayLike) -> Array:
    """Adjusted p-values: of those at most q, in expectation a share of at most q is false.

    Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57:289; for independent or positively
    dependent tests. In the order given; NaN stays NaN and does not count as a comparison.
    """
    values = _checked(p_values)
    family = np.flatnonzero(~np.isnan(values))
    order = family[np.argsort(values[family], kind="stable")]
    steps = values[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted


def _checked(p_values: ArrayLike) -> Array:
    values = as_scores(p_values, "p_values")
    if np.any((values < 0) | (values > 1)):
        raise ValueError("p-values lie between 0 and 1")
    return values
