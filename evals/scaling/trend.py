"""Trends of accuracy over compute within one family: inverse, positive, U-shaped, inverted-U or flat.

Inverse scaling: McKenzie et al. 2023, arXiv:2306.09479. U-shaped scaling: Wei et al. 2023, arXiv:2211.02011.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from evals.stats.arrays import Array, check_confidence
from evals.stats.estimate import Interval

Label = Literal["inverse", "positive", "U", "inverted-U", "flat"]

MIN_MODELS_OF_A_LINE = 2
MIN_MODELS_OF_A_TURN = 4
"Three points always lie on a parabola: nothing would be left to show the misfit."


@dataclass(frozen=True)
class Slope:
    """A slope of log odds of a right answer, for each decade of compute (ten times the FLOPs)."""

    per_decade: float
    stderr: float
    interval: Interval
    p: float
    "Two-sided, of no slope at all."

    @property
    def sign(self) -> int:
        """-1 or 1 where the interval leaves out 0, else 0."""
        return int(self.interval.low > 0) - int(self.interval.high < 0)


@dataclass(frozen=True)
class Trend:
    """What accuracy does over compute, and the fits that say so."""

    label: Label
    line: Slope
    "Of the straight line through all models."
    low_end: Slope | None
    "Of the parabola at the smallest compute; None with fewer than four models."
    high_end: Slope | None
    "Of the parabola at the largest compute."
    n_models: int
    decades: float
    "log10 of the largest over the smallest compute."
    scatter: float
    "Squared distances from the fit that the label is taken from, over what the number of samples alone would leave; "
    "1 or less is sampling error, nan where nothing is left over. Above 1, all errors are widened by its root."
    turn_is_seen: bool | None
    "Whether a model in between is clearly below both ends (U) or above them (inverted-U); None for other labels."


def classify_trend(compute: ArrayLike, n_right: ArrayLike, n_samples: ArrayLike, *, confidence: float = 0.95) -> Trend:
    """The trend of one family's accuracy over compute.

    compute: shape (n_models,), FLOPs (or parameters), in any order. n_right, n_samples: of each model; n_right may have
    a fraction, where samples are scored in parts.

    Log odds log((c + 1/2) / (n - c + 1/2)) (Haldane 1956; Anscombe 1956) are fitted against log compute by a line, and
    by a parabola with four models or more, each model weighted by its binomial error 1 / (1 / (c + 1/2) + 1 / (n - c +
    1/2)). Where models scatter around the fit by more than that, errors are widened by the root of the scatter, and
    Student's quantile of the degrees of freedom takes the place of the normal one.

    `U`: the slope at the low end is below 0 and that at the high end above, both intervals clear of 0; `inverted-U`:
    the other way round (the end slopes of Sasabuchi 1980 and of Lind and Mehlum 2010). Else the line decides:
    `inverse` below 0, `positive` above, `flat` where its interval holds 0, which is no proof of no trend.

    Raises:
        ValueError: fewer than two different amounts of compute, counts that are none, or arrays of different shapes.
    """
    check_confidence(confidence)
    x, y, weights = _points(compute, n_right, n_samples)
    line = _Fit.of(x, y, weights, 1)
    slope = line.slope(float(x.mean()), confidence)
    low = high = None
    label: Label = ("inverse", "flat", "positive")[slope.sign + 1]
    fit = line
    if len(x) >= MIN_MODELS_OF_A_TURN and len(np.unique(x)) > 2:
        curve = _Fit.of(x, y, weights, 2)
        low, high = (curve.slope(float(end), confidence) for end in (x.min(), x.max()))
        if low.sign * high.sign < 0:
            label, fit = ("U" if high.sign > 0 else "inverted-U"), curve
    return Trend(
        label=label,
        line=slope,
        low_end=low,
        high_end=high,
        n_models=len(x),
        decades=float(x.max() - x.min()),
        scatter=fit.scatter,
        turn_is_seen=_turn_is_seen(x, y, weights, label, confidence),
    )


def _points(compute: ArrayLike, n_right: ArrayLike, n_samples: ArrayLike) -> tuple[Array, Array, Array]:
    """log10 of compute ascending, empirical log odds, and the inverse of their variance."""
    flops, right, n = (np.asarray(values, dtype=np.float64) for values in (compute, n_right, n_samples))
    if flops.ndim != 1 or not flops.shape == right.shape == n.shape:
        shapes = f"{flops.shape}, {right.shape}, {n.shape}"
        raise ValueError(f"compute, n_right and n_samples: one number a model each, got shapes {shapes}")
    bad = np.flatnonzero(~(np.isfinite(flops) & (flops > 0)))
    if len(bad):
        raise ValueError(f"compute of model {bad[0]} is {flops[bad[0]]}; every one is positive and finite")
    bad = np.flatnonzero(~((n > 0) & np.isfinite(n) & (right >= 0) & (right <= n)))
    if len(bad):
        raise ValueError(f"model {bad[0]} has {right[bad[0]]:g} right of {n[bad[0]]:g} samples")
    if len(np.unique(flops)) < MIN_MODELS_OF_A_LINE:
        raise ValueError("a trend needs models of at least 2 different amounts of compute")
    order = np.argsort(flops, kind="stable")
    hits, misses = right[order] + 0.5, (n - right)[order] + 0.5
    return np.log10(flops[order]), np.log(hits / misses), 1 / (1 / hits + 1 / misses)


@dataclass(frozen=True)
class _Fit:
    """A polynomial of log odds over x = log10(compute) - centre, by weighted least squares."""

    coefficients: Array
    "Shape (degree + 1,), lowest power first."
    covariance: Array
    "From the weights alone."
    scatter: float
    df: int
    centre: float

    @classmethod
    def of(cls, x: Array, y: Array, weights: Array, degree: int) -> _Fit:
        centre = float(np.average(x, weights=weights))
        design = np.vander(x - centre, degree + 1, increasing=True)
        normal = design.T @ (weights[:, None] * design)
        covariance = np.linalg.inv(normal)
        coefficients = covariance @ (design.T @ (weights * y))
        df = len(x) - degree - 1
        misfit = float(weights @ (y - design @ coefficients) ** 2)
        return cls(coefficients, covariance, misfit / df if df else math.nan, df, centre)

    def slope(self, x: float, confidence: float) -> Slope:
        """The derivative at x, with its interval."""
        powers = np.arange(len(self.coefficients))
        gradient = powers * (x - self.centre) ** np.maximum(powers - 1, 0)
        value = float(gradient @ self.coefficients)
        is_wider = self.scatter > 1
        error = math.sqrt(float(gradient @ self.covariance @ gradient) * (self.scatter if is_wider else 1.0))
        upper, distance = (1 + confidence) / 2, -abs(value) / error
        half = float(stdtrit(self.df, upper) if is_wider else ndtri(upper)) * error
        p = float(2 * (stdtr(self.df, distance) if is_wider else ndtr(distance)))
        return Slope(value, error, Interval(value - half, value + half, confidence), p)


def _turn_is_seen(x: Array, y: Array, weights: Array, label: Label, confidence: float) -> bool | None:
    """Whether one model in between differs from both ends in the label's direction, each by its binomial error."""
    if label not in ("U", "inverted-U"):
        return None
    upwards = 1.0 if label == "U" else -1.0
    quantile = float(ndtri((1 + confidence) / 2))
    inside = (x > x[0]) & (x < x[-1])
    clear = [upwards * (y[end] - y) > quantile * np.sqrt(1 / weights[end] + 1 / weights) for end in (0, len(x) - 1)]
    return bool((inside & clear[0] & clear[1]).any())
