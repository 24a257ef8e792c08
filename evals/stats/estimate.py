"""The results that all estimators share: an interval with its level, and an estimate with its error."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A confidence interval; both ends NaN where it is undefined."""

    low: float
    high: float
    confidence: float = 0.95
    "Its level: the share of repetitions of the whole study in which such an interval holds the truth."

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def defined(self) -> bool:
        return not (math.isnan(self.low) or math.isnan(self.high))

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error and interval."""

    value: float
    stderr: float
    interval: Interval
    n: int
    "Values that went in: samples, or samples averaged over their repeats."
    n_clusters: int
    "Independent units; equal to n where no clusters were given."
    method: str
    "How the interval was made, in words: `wilson`, `student t`, `clustered t (CR2)`."


def undefined(n: int, n_clusters: int, confidence: float, value: float = math.nan, method: str = "none") -> Estimate:
    """The estimate of too few values, or of values with NaN among them: no error and no interval."""
    return Estimate(value, math.nan, Interval(math.nan, math.nan, confidence), n, n_clusters, method)
