"""Win rates of one model against another: over all judgements, over decided ones, and at equal length or style."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, Codes, as_codes, as_scores
from evals.stats.estimate import Estimate, Interval, undefined
from evals.stats.means import estimate
from evals.stats.standard_error import z_quantile

MAX_STEPS = 100
MIN_FOR_LENGTH = 30
"Fewer judgements say nothing of what length does."
JUDGEMENTS_PER_GAP = 10


@dataclass(frozen=True)
class WinRate:
    """How often the first of two models is preferred."""

    rate: Estimate
    "(W + T / 2) / n, or the mean of graded judgements."
    decided: Estimate
    "W / (W + L), without ties."
    wins: int
    losses: int
    ties: int
    at_equal_length: Estimate
    "The rate at equal length of both answers; undefined without lengths, for few judgements and where no fit exists."
    at_equal_style: Estimate
    "The rate where length and all other counts of style are equal too; undefined without `styles`, and as above."


def win_rate(
    outcomes: ArrayLike,
    *,
    prompts: Iterable[Hashable] | None = None,
    lengths: ArrayLike | None = None,
    styles: ArrayLike | None = None,
    confidence: float = 0.95,
) -> WinRate:
    """The win rates of judgements.

    outcomes: shape (n,), 1 where the model won, 0 where it lost, 0.5 for a tie; values between are graded judgements,
    such as the probability that a judge gave. prompts: ids; judgements of one prompt are a cluster. lengths: shape
    (n, 2), of the model's answer and of the other one, in whatever unit. styles: shape (n, 2, n_counts), counts of
    other marks of style, such as headings. The rates at equal length and style are those of
    logit P(win) = a + b log(length / other length) + sum of c_k (count - other count) / (count + other count)
    where all differences are 0, with errors that are robust and clustered by prompt. The differences of counts are
    those of LMArena's style control.

    Raises:
        ValueError: an outcome outside 0 to 1.
    """
    values = as_scores(outcomes, "outcomes")
    if np.any((values < 0) | (values > 1)):
        raise ValueError("an outcome lies between 0 (lost) and 1 (won)")
    ids = None if prompts is None else list(prompts)
    wins, losses = values > 0.5, values < 0.5
    one_sided = wins | losses
    clusters = None if ids is None else [name for name, kept in zip(ids, one_sided, strict=True) if kept]
    gaps = _length_gap(lengths, len(values))
    return WinRate(
        rate=estimate(values, ids, confidence),
        decided=estimate(wins[one_sided].astype(np.float64), clusters, confidence),
        wins=int(wins.sum()),
        losses=int(losses.sum()),
        ties=int((~one_sided).sum()),
        at_equal_length=_at_no_gap(values, ids, gaps, confidence),
        at_equal_style=_at_no_gap(values, ids, _style_gaps(gaps, styles), confidence),
    )


def _length_gap(lengths: ArrayLike | None, n: int) -> Array | None:
    """log(length / other length), shape (n, 1); None where one is not known."""
    if lengths is None:
        return None
    both = np.asarray(lengths, dtype=np.float64).reshape(n, 2) + 1
    gap = np.log(both[:, :1] / both[:, 1:])
    return gap if np.isfinite(gap).all() else None


def _style_gaps(length_gap: Array | None, styles: ArrayLike | None) -> Array | None:
    """The differences of length and of all counts, shape (n, 1 + n_counts)."""
    if length_gap is None or styles is None:
        return None
    counts = np.asarray(styles, dtype=np.float64)
    apart, both = counts[:, 0] - counts[:, 1], counts[:, 0] + counts[:, 1]
    return np.column_stack([length_gap, np.divide(apart, both, out=np.zeros_like(apart), where=both > 0)])


def _at_no_gap(values: Array, ids: list[Hashable] | None, gaps: Array | None, confidence: float) -> Estimate:
    """The rate where all gaps are 0, by logistic fit. gaps: shape (n, n_gaps); those that never vary are left out.

    Undefined where no gap varies, for fewer than MIN_FOR_LENGTH judgements and ten for each gap, and without a fit.
    """
    n = len(values)
    if gaps is None or n < MIN_FOR_LENGTH:
        return undefined(n, n, confidence)
    gaps = gaps[:, gaps.std(axis=0) > 0]
    if gaps.shape[1] == 0 or n < JUDGEMENTS_PER_GAP * (gaps.shape[1] + 1):
        return undefined(n, n, confidence)
    codes = np.arange(n) if ids is None else as_codes(ids, n, "prompts")
    fitted = _logistic(values, np.column_stack([np.ones(n), gaps]), codes)
    if fitted is None:
        return undefined(n, int(codes.max()) + 1, confidence)
    at, error = fitted
    value, half = _expit(at), z_quantile(0.5 + confidence / 2) * error
    interval = Interval(_expit(at - half), _expit(at + half), confidence)
    return Estimate(value, value * (1 - value) * error, interval, n, int(codes.max()) + 1, "logistic, robust")


def _logistic(values: Array, design: Array, codes: Codes) -> tuple[float, float] | None:
    """Intercept of a logistic regression and its cluster-robust error; None where nothing finite maximises it."""
    weights = np.zeros(design.shape[1])
    for _ in range(MAX_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -500, 500)))
        information = (design * (chance * (1 - chance))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (values - chance))
        weights = weights + step * min(1.0, 2.0 / max(1e-300, float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-10:
            break
    else:
        return None
    moved = design * (values - chance)[:, None]
    n_clusters = int(codes.max()) + 1
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=n_clusters) for column in moved.T])
    inverse = np.linalg.inv(information)
    variance = inverse @ (sums.T @ sums) @ inverse * n_clusters / max(1, n_clusters - 1)
    return float(weights[0]), math.sqrt(float(variance[0, 0]))


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, value))))
