"""What the results of all laws share: intervals from draws, numbers as JSON has them, and a protocol of laws."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array
from evals.stats.estimate import Interval

EXACT = 1e-9
"A misfit of log loss below this is rounding: laws that leave less fit equally well."


class Law(Protocol):
    """A law that was fitted: every class of results of this package that takes compute alone fills it."""

    @property
    def name(self) -> str:
        """What the law is called, in words."""

    @property
    def formula(self) -> str:
        """The law as one line of text."""

    @property
    def parameters(self) -> dict[str, float]:
        """The fitted numbers by name."""

    @property
    def aicc(self) -> float:
        """Akaike's criterion for small samples; comparable among laws of one table and one scale."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before the law is used, in sentences."""

    def predict(self, compute: ArrayLike) -> Array:
        """The law at each compute, in FLOPs."""

    def to_dict(self) -> dict[str, Any]:
        """The law as plain values for JSON."""


def percentiles(values: Array, confidence: float) -> Interval:
    """The middle `confidence` of the values of bootstrap draws."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high), confidence)


def finite(value: float) -> float | None:
    """The value, or None where it is not finite, for JSON."""
    return float(value) if math.isfinite(value) else None


def interval_dict(interval: Interval) -> dict[str, float | None]:
    """An interval as plain values for JSON."""
    return {"low": finite(interval.low), "high": finite(interval.high), "confidence": interval.confidence}


def aicc(rms: float, n: int, n_parameters: int) -> float:
    """Akaike's criterion with the correction for small samples; the noise counts as one parameter more.

    Hurvich and Tsai 1989, Biometrika 76:297. Infinite where n does not exceed the parameters by 2 or more.
    """
    k = n_parameters + 1
    if n - k - 1 <= 0:
        return math.inf
    return 2 * n * math.log(max(rms, EXACT)) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def rms_of(residuals: Array, weights: Array) -> float:
    """Root of the weighted mean square."""
    return float(np.sqrt(np.average(residuals**2, weights=weights)))
