"""Has a score dropped by more than is tolerated: a one-sided paired test, what it can detect, what it would need."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_pairs
from evals.stats.paired import PairedDifference, paired_difference
from evals.stats.standard_error import t_quantile

_SMALLEST_P = 1e-12
_MAX_EFFECT = 1.0


@dataclass(frozen=True)
class DropTest:
    """What a run says about a drop against its baseline, on the samples that both have."""

    drop: float
    "Baseline minus now: positive where the score fell."
    max_drop: float
    p_value: float
    "One-sided, of a true drop of at most `max_drop`; 1 where the observed drop is no larger."
    upper_drop: float
    "One-sided upper confidence bound of the drop, level 1 - alpha."
    difference: PairedDifference
    "Now minus baseline, with its two-sided 95 % interval."
    detectable_drop: float
    "The true drop that this test finds with the power asked for; NaN where it cannot be told."
    n_needed: int | None
    "Samples with which `detect` would be found with that power; None where it cannot be told."


def drop_test(
    baseline: ArrayLike,
    now: ArrayLike,
    *,
    max_drop: float = 0.02,
    detect: float = 0.05,
    alpha: float = 0.05,
    power: float = 0.8,
    clusters: Iterable[Hashable] | None = None,
) -> DropTest:
    """Test "the true drop is at most max_drop" against "it is larger", for scores of the same samples.

    The test is the inverted one-sided interval of `paired_difference`: its false-alarm rate is at most alpha for
    every true drop up to max_drop as far as that interval keeps its coverage (docs/statistics.md). Non-inferiority
    with a margin, as in Tango 1998 (Statistics in Medicine 17:891) for paired proportions.
    detectable_drop and n_needed follow from the normal approximation with the variance that paired scores would
    have if the extra drop came from samples newly wrong: psi + E - E^2, psi being the disagreement that was seen
    (cautious: what of it is drop already counts twice).

    Raises:
        ValueError: max_drop is not below detect, or a level is not in (0, 1).
    """
    if not 0 <= max_drop < detect <= _MAX_EFFECT:
        raise ValueError(f"needs 0 <= max_drop < detect <= 1, got {max_drop} and {detect}")
    if not (0 < alpha < 0.5 and 0 < power < 1):
        raise ValueError(f"needs alpha in (0, 0.5) and power in (0, 1), got {alpha} and {power}")
    before, after = as_pairs(baseline, now)
    listed = None if clusters is None else list(clusters)
    difference = paired_difference(after, before, listed)
    upper_drop = -_lower(after, before, listed, alpha)
    plan = _Plan.of(before - after, difference, alpha, power)
    return DropTest(
        drop=-difference.value,
        max_drop=max_drop,
        p_value=_p_value(after, before, listed, max_drop),
        upper_drop=upper_drop,
        difference=difference,
        detectable_drop=plan.detectable(max_drop),
        n_needed=plan.n_needed(max_drop, detect),
    )


def _lower(after: Array, before: Array, clusters: list[Hashable] | None, alpha: float) -> float:
    return paired_difference(after, before, clusters, confidence=1 - 2 * alpha).interval.low


def _p_value(after: Array, before: Array, clusters: list[Hashable] | None, max_drop: float) -> float:
    """The level at which the upper end of the one-sided interval of now - baseline reaches -max_drop."""
    value = float((after - before).mean()) if len(after) else math.nan
    if math.isnan(value) or value >= -max_drop:
        return 1.0 if not math.isnan(value) else math.nan

    def excluded(alpha: float) -> bool:
        return paired_difference(after, before, clusters, confidence=1 - 2 * alpha).interval.high < -max_drop

    low, high = math.log(_SMALLEST_P), math.log(0.4999)
    if excluded(_SMALLEST_P):
        return _SMALLEST_P
    if not excluded(0.4999):
        return 0.5
    for _ in range(25):
        middle = (low + high) / 2
        low, high = (low, middle) if excluded(math.exp(middle)) else (middle, high)
    return math.exp(high)


@dataclass(frozen=True)
class _Plan:
    """What decides about power: disagreement beside the drop, samples that count, quantiles.

    The test's variance at the margin is fitted to data that show the larger drop, so it is that drop's.
    """

    noise: float
    n: int
    design_effect: float
    quantiles: float
    "Of alpha and power, added up."

    @classmethod
    def of(cls, drops: Array, difference: PairedDifference, alpha: float, power: float) -> _Plan:
        n = len(drops)
        gain = float(np.maximum(-drops, 0).mean()) if n else math.nan
        loss = float(np.maximum(drops, 0).mean()) if n else math.nan
        # one more disagreement each way, so that a handful of equal samples does not look like certainty
        noise = gain + loss + 2 / (n + 4) if n else math.nan
        variance = float(drops.var()) if n else math.nan
        independent = variance / n if n else math.nan
        effect = difference.stderr**2 / independent if n and independent > 0 and difference.stderr > 0 else 1.0
        df = max(1, difference.n_clusters - 1)
        return cls(noise, n, max(1.0, effect), t_quantile(1 - alpha, df) + t_quantile(power, df))

    def _spread(self, drop: float) -> float:
        return math.sqrt(max(0.0, self.noise + drop - drop * drop) * self.design_effect)

    def detectable(self, max_drop: float) -> float:
        if self.n < 2:
            return math.nan
        drop = max_drop
        for _ in range(200):
            drop = min(_MAX_EFFECT, max_drop + self.quantiles * self._spread(drop) / math.sqrt(self.n))
        return drop

    def n_needed(self, max_drop: float, detect: float) -> int | None:
        if self.n < 2:
            return None
        return math.ceil((self.quantiles * self._spread(detect) / (detect - max_drop)) ** 2)
