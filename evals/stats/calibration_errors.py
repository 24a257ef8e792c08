"""What calibration measures are made of: points in bins, and the errors and rankings over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.stats.arrays import Array, Codes


@dataclass(frozen=True)
class Points:
    """Probabilities and outcomes, each belonging to a question 0 .. n_questions-1."""

    probabilities: Array
    outcomes: Array
    questions: Codes
    n_questions: int


Statistic = Callable[[Array], Array]
"Takes weights of questions, shape (n_draws, n_questions); returns one number a draw."


def option_points(probabilities: Array, answers: NDArray[np.int64]) -> Points:
    present = ~np.isnan(probabilities)
    outcomes = (np.arange(probabilities.shape[1])[None, :] == answers[:, None]).astype(np.float64)
    return Points(probabilities[present], outcomes[present], np.nonzero(present)[0], len(probabilities))


def top_points(probabilities: Array, answers: NDArray[np.int64]) -> Points:
    picked = np.nanargmax(probabilities, axis=1)
    n = len(probabilities)
    return Points(np.nanmax(probabilities, axis=1), (picked == answers).astype(np.float64), np.arange(n), n)


def equal_width(points: Points, n_bins: int) -> Codes:
    """The bin of each point: ((b)/M, (b+1)/M], zero in the first."""
    if n_bins < 1:
        raise ValueError(f"n_bins: at least one bin, got {n_bins}")
    edges = np.arange(1, n_bins) / n_bins
    return np.searchsorted(edges, points.probabilities, side="left").astype(np.int64)


def equal_mass(points: Points, n_bins: int) -> Codes:
    """Bins of equally many points, in order of probability; points with one probability share a bin."""
    _, inverse, counts = np.unique(points.probabilities, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - counts / 2
    bins = np.minimum((middles / len(points.probabilities) * n_bins).astype(np.int64), n_bins - 1)
    result: Codes = bins[inverse]
    return result


def by_question(points: Points, bins: Codes, values: Array) -> Array:
    """Sums of `values`, shape (n_questions, n_bins)."""
    n_bins = int(bins.max()) + 1
    sums = np.bincount(points.questions * n_bins + bins, values, points.n_questions * n_bins)
    return sums.reshape(points.n_questions, n_bins).astype(np.float64)


def ece(points: Points, bins: Codes) -> Statistic:
    gaps = by_question(points, bins, points.outcomes - points.probabilities)
    counts = np.bincount(points.questions, minlength=points.n_questions).astype(np.float64)
    return lambda weights: np.abs(weights @ gaps).sum(axis=1) / (weights @ counts)


def max_gap(points: Points, bins: Codes) -> Statistic:
    gaps = by_question(points, bins, points.outcomes - points.probabilities)
    counts = by_question(points, bins, np.ones(len(bins)))
    return lambda weights: (np.abs(weights @ gaps) / np.maximum(weights @ counts, 1)).max(axis=1)


def debiased_l2(points: Points, bins: Codes) -> Statistic:
    """Signed root of sum_b n_b/N ((acc_b - conf_b)^2 - acc_b (1 - acc_b) / (n_b - 1)); bins of one point count 0."""
    gaps = by_question(points, bins, points.outcomes - points.probabilities)
    hits = by_question(points, bins, points.outcomes)
    counts = by_question(points, bins, np.ones(len(bins)))

    def statistic(weights: Array) -> Array:
        n = weights @ counts
        accuracy, gap = (weights @ hits) / np.maximum(n, 1), (weights @ gaps) / np.maximum(n, 1)
        squares = np.where(n > 1, gap**2 - accuracy * (1 - accuracy) / np.maximum(n - 1, 1), 0.0)
        mean = (n * squares).sum(axis=1) / n.sum(axis=1)
        return np.asarray(np.sign(mean) * np.sqrt(np.abs(mean)))

    return statistic


def mean_statistic(values: Array) -> Statistic:
    return lambda weights: np.asarray(weights @ values / weights.sum(axis=1))


def auroc(points: Points) -> Statistic:
    """P(a right answer is surer than a wrong one), ties half; NaN where all are right or all wrong."""
    order = np.argsort(points.probabilities, kind="stable")
    starts = np.flatnonzero(np.diff(points.probabilities[order], prepend=-1.0))
    right = points.outcomes[order]

    def statistic(weights: Array) -> Array:
        drawn = weights[:, points.questions[order]]
        hits = np.add.reduceat(drawn * right, starts, axis=1)
        misses = np.add.reduceat(drawn * (1 - right), starts, axis=1)
        below = np.cumsum(misses, axis=1) - misses / 2
        pairs = hits.sum(axis=1) * misses.sum(axis=1)
        won = (hits * below).sum(axis=1)
        return np.asarray(np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0))

    return statistic


N_SIMULATIONS = 500
"Draws of calibrated answers that an error is held against."


@dataclass(frozen=True)
class BinnedError:
    """A calibration error over bins: the mean distance, or the largest."""

    which: int
    "0: over all points; 1: over the top options."
    bins: Codes
    largest: bool = False

    def of(self, points: Points) -> float:
        gaps = np.abs(np.bincount(self.bins, points.outcomes - points.probabilities))
        if self.largest:
            return float((gaps / np.maximum(np.bincount(self.bins), 1)).max())
        return float(gaps.sum() / len(self.bins))


def errors_if_calibrated(
    redraw: Callable[[], tuple[Points, Points]], errors: Mapping[str, BinnedError]
) -> dict[str, Array]:
    """The errors that answers drawn from the probabilities show, each shape (N_SIMULATIONS,)."""
    draws = {name: np.empty(N_SIMULATIONS) for name in errors}
    for i in range(N_SIMULATIONS):
        drawn = redraw()
        for name, error in errors.items():
            draws[name][i] = error.of(drawn[error.which])
    return draws


def drawn_answers(probabilities: Array, rng: np.random.Generator) -> Callable[[], NDArray[np.int64]]:
    """Draws an answer to each question from the probabilities of its options."""
    bounds = np.cumsum(np.nan_to_num(probabilities), axis=1)

    def draw() -> NDArray[np.int64]:
        where = rng.random(len(bounds))[:, None] * bounds[:, -1:]
        return np.asarray((where >= bounds).sum(axis=1).clip(max=bounds.shape[1] - 1), dtype=np.int64)

    return draw
