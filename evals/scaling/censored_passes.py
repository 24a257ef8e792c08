"""The pass-rate law by the binomial likelihood: problems that a model never passed stay in, as what they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evals.scaling.pass_rates import PassCounts
from evals.stats.arrays import Array

N_GRID = 241
LARGEST_K = 6.0
"Exponents are searched from 0.001 to this."
LOG_ALPHA = (-14.0, 7.0)
"Bounds of log alpha of a problem: a rate of one in exp(exp(7)) is no rate, one short of 1 by 1e-6 is 1."


@dataclass(frozen=True)
class CensoredFit:
    """p = exp(-alpha_p x^-k) for problem p and model m, x the compute over its largest value."""

    k: float
    alphas: Array
    "Shape (n_problems,): at the best k."
    k_drawn: Array
    "Shape (n_draws,): k of bootstrap draws of problems."
    alpha_drawn: Array
    "Shape (n_draws,): the mean of alpha_p in each."
    k_on_bound: bool


def fit_censored(counts: PassCounts, n_draws: int, rng: np.random.Generator) -> CensoredFit:
    """The maximum of the likelihood, each problem with its own alpha, all with one k; and draws of whole problems.

    counts: every problem passed at least once by some model, or its alpha runs into its bound. For a given k each
    alpha_p is found alone, so a table of likelihoods by k and problem serves all draws.
    """
    grid = np.geomspace(1e-3, LARGEST_K, N_GRID)
    relative = np.log(counts.compute / counts.compute[-1])
    alphas, likelihoods = np.empty((N_GRID, len(counts.problems))), np.empty((N_GRID, len(counts.problems)))
    for row, k in enumerate(grid):
        alphas[row], likelihoods[row] = _best_alphas(counts, np.exp(-k * relative))
    n = len(counts.problems)
    weights = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), n_draws)]).astype(np.float64)
    at, k = _peaks(np.log(grid), weights @ likelihoods.T)
    mean_alpha = np.einsum("dp,dp->d", weights, alphas[at]) / n
    best, _ = _best_alphas(counts, np.exp(-k[0] * relative))
    return CensoredFit(float(k[0]), best, k[1:], mean_alpha[1:], bool(at[0] in (0, N_GRID - 1)))


def _best_alphas(counts: PassCounts, times: Array) -> tuple[Array, Array]:
    """alpha of each problem that maximises its likelihood at rates exp(-alpha t), and that likelihood.

    In log alpha by bisection of the slope: the likelihood is concave in alpha, so its slope changes sign once.
    """
    low, high = np.full(len(counts.problems), LOG_ALPHA[0]), np.full(len(counts.problems), LOG_ALPHA[1])
    failed, t = counts.draws - counts.passes, times[:, None]
    for _ in range(45):
        middle = (low + high) / 2
        steps = np.exp(middle) * t
        slope = (t * (failed / np.expm1(np.minimum(steps, 700)) - counts.passes)).sum(axis=0)
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    alpha = np.exp((low + high) / 2)
    steps = alpha * t
    likelihood = (failed * np.log(-np.expm1(-steps)) - counts.passes * steps).sum(axis=0)
    return alpha, likelihood


def _peaks(x: Array, curves: Array) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Array]:
    """The grid row of each curve's maximum, and exp(x) at the top of the parabola through it and its neighbours."""
    at = curves.argmax(axis=1)
    inside = np.clip(at, 1, curves.shape[1] - 2)
    rows = np.arange(len(curves))
    left, top, right = (curves[rows, inside + shift] for shift in (-1, 0, 1))
    bend = left - 2 * top + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    peak = np.where(at == inside, x[inside] + np.clip(shift, -1, 1) * (x[1] - x[0]), x[at])
    return at.astype(np.int64), np.exp(peak)
