"""Bootstrap intervals of any statistic: rows, clusters, strata or nested levels resampled, percentile or BCa."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, Codes, as_scores, check_confidence
from evals.stats.estimate import Interval
from evals.stats.resampling import Resampler
from evals.stats.standard_error import z_quantile

Statistic = Callable[[Array], Array]
"Takes weights, shape (n_draws, n_rows): how often each row was drawn; returns one number a draw, shape (n_draws,)."

Method = Literal["percentile", "bca"]

BLOCK = 2**22
"Weights held at a time (32 MB)."

JACKKNIFE_GROUPS = 400
"Units left out one at a time for BCa; more units are left out in this many groups, which leaves the skewness."


@dataclass(frozen=True)
class Bootstrap:
    """A statistic with its bootstrap error and interval."""

    value: float
    stderr: float
    "Standard deviation of the draws."
    interval: Interval
    method: str
    n_draws: int
    n_units: int
    "Rows, clusters or outermost items that were drawn."


def bootstrap(
    scores: ArrayLike,
    *,
    rng: np.random.Generator,
    method: Method = "bca",
    n_draws: int = 2000,
    confidence: float = 0.95,
    clusters: Iterable[Hashable] | None = None,
    strata: Iterable[Hashable] | None = None,
    nested: Sequence[Iterable[Hashable]] | None = None,
) -> Bootstrap:
    """Bootstrap interval of the mean of `scores`; the arguments are those of `bootstrap_statistic`."""
    values = as_scores(scores)
    resampler = Resampler.of(len(values), clusters=clusters, strata=strata, nested=nested)

    def mean(weights: Array) -> Array:
        return np.asarray(weights @ values / weights.sum(axis=1), dtype=np.float64)

    return _bootstrap(mean, resampler, rng, method, n_draws, confidence)


def bootstrap_statistic(
    statistic: Statistic,
    n_rows: int,
    *,
    rng: np.random.Generator,
    method: Method = "bca",
    n_draws: int = 2000,
    confidence: float = 0.95,
    clusters: Iterable[Hashable] | None = None,
    strata: Iterable[Hashable] | None = None,
    nested: Sequence[Iterable[Hashable]] | None = None,
) -> Bootstrap:
    """Bootstrap interval of a statistic of weighted rows, many draws at a time.

    Efron 1987 (Journal of the American Statistical Association 82:171): `percentile`, or `bca`, which corrects bias and
    skewness, the latter from a jackknife over the drawn units.
    clusters: whole clusters are drawn. strata: rows (or clusters) are drawn within each stratum, as many as it has.
    nested: ids of units, outermost first; units are drawn, then the units within each, then rows: items with their
    repeats are `nested=[items]`. That adds the spread within units a second time (Davison and Hinkley 1997,
    section 3.8), so for a mean of items `clusters=items` is the sharper choice.
    Few units: the bootstrap is too narrow below about 50; prefer `mean_estimate` and `proportion_estimate` for means.
    Error and interval NaN for fewer than two units, or a statistic that is NaN; no width where all draws are equal.
    """
    resampler = Resampler.of(n_rows, clusters=clusters, strata=strata, nested=nested)
    return _bootstrap(statistic, resampler, rng, method, n_draws, confidence)


def _bootstrap(
    statistic: Statistic,
    resampler: Resampler,
    rng: np.random.Generator,
    method: Method,
    n_draws: int,
    confidence: float,
) -> Bootstrap:
    check_confidence(confidence)
    if method not in ("percentile", "bca"):
        raise ValueError(f"method is 'percentile' or 'bca', got {method!r}")
    if n_draws < 2:
        raise ValueError(f"at least two draws are needed, got {n_draws}")
    undefined = Interval(math.nan, math.nan, confidence)
    if resampler.n_rows == 0:
        return Bootstrap(math.nan, math.nan, undefined, method, 0, 0)
    value = float(statistic(np.ones((1, resampler.n_rows)))[0])
    if resampler.n_units < 2 or math.isnan(value):
        return Bootstrap(value, math.nan, undefined, method, 0, resampler.n_units)
    at_once = max(1, BLOCK // resampler.n_rows)
    blocks = [min(at_once, n_draws - start) for start in range(0, n_draws, at_once)]
    draws = np.concatenate([statistic(resampler.draw(size, rng)) for size in blocks])
    levels = np.array([0.5 - confidence / 2, 0.5 + confidence / 2])
    if method == "bca":
        levels = bca_levels(draws, value, _acceleration(statistic, resampler, rng), confidence)
    low, high = np.quantile(draws, levels)
    interval = Interval(float(low), float(high), confidence)
    return Bootstrap(value, float(draws.std(ddof=1)), interval, method, n_draws, resampler.n_units)


def bca_levels(draws: Array, value: float, acceleration: float, confidence: float) -> Array:
    """The two quantiles of the draws that are BCa's ends; draws equal to the value count half (bias correction)."""
    below = float(np.mean(draws < value) + np.mean(draws == value) / 2)
    bias = z_quantile(min(max(below, 0.5 / len(draws)), 1 - 0.5 / len(draws)))
    levels = []
    for probability in (0.5 - confidence / 2, 0.5 + confidence / 2):
        shifted = bias + z_quantile(probability)
        levels.append(_normal_cdf(bias + shifted / (1 - acceleration * shifted)))
    return np.array(levels)


def _acceleration(statistic: Statistic, resampler: Resampler, rng: np.random.Generator) -> float:
    """Skewness of the jackknife values over 6, over units within their stratum; 0 where nothing varies."""
    left_out, strata = _jackknife(statistic, resampler, rng)
    sizes = np.bincount(strata)
    centred = (np.bincount(strata, weights=left_out) / sizes)[strata] - left_out
    # A stratum of g units: each moves the statistic by (g - 1) times what the jackknife saw.
    influence = centred * (sizes[strata] - 1)
    spread = float(influence @ influence)
    return float(np.sum(influence**3)) / (6 * spread**1.5) if spread > 0 else 0.0


def _jackknife(statistic: Statistic, resampler: Resampler, rng: np.random.Generator) -> tuple[Array, Codes]:
    """The statistic without each unit, or group of units, and the stratum of each."""
    groups, strata = resampler.jackknife_groups(JACKKNIFE_GROUPS, rng)
    at_once = max(1, BLOCK // resampler.n_rows)
    found = []
    for start in range(0, len(strata), at_once):
        numbers = np.arange(start, min(start + at_once, len(strata)))
        found.append(statistic((groups[None, :] != numbers[:, None]).astype(np.float64)))
    return np.concatenate(found) if found else np.zeros(0), strata


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))
