"""Has a score dropped by more than is tolerated: a one-sided paired test, what it can detect, what it would need."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evals.stats.arrays import Array, as_pairs
from evals.stats.estimate import Interval
from evals.stats.paired import PairedDifference, paired_difference
from evals.stats.paired_method import RIGHT_OR_WRONG, Judgement, judgement, power_of_drop
from evals.stats.standard_error import t_quantile

_MAX_EFFECT = 1.0


@dataclass(frozen=True)
class DropTest:
    """What a run says about a drop against its baseline, on the samples that both have."""

    drop: float
    "Baseline minus now: positive where the score fell."
    max_drop: float
    p_value: float
    "Of a true drop of at most `max_drop`, twice the one-sided one: below alpha where `difference` is below -max_drop."
    upper_drop: float
    "Upper end of the drop's interval at level 1 - alpha: the true drop is larger with chance alpha/2 at most."
    difference: PairedDifference
    "Now minus baseline, with its two-sided interval at level 1 - alpha."
    detectable_drop: float
    "The true drop that this test finds with the power asked for; NaN where it cannot be told, or none is."
    n_needed: int | None
    "Samples with which `detect` would be found with that power; None where it cannot be told."
    min_n: int
    "Fewer right-or-wrong samples than this can never show a drop, whatever they are."
    found: Judgement | None = field(repr=False)
    "What judges the drop; None where nothing can be said."

    def at(self, level: float) -> DropTest:
        """This test with the interval of now minus baseline at level 1 - level, as a correction asks for."""
        if self.found is None or level == 1 - self.difference.interval.confidence:
            return self
        drop = self.found.interval(1 - level)
        interval = Interval(-drop.high, -drop.low, drop.confidence)
        return replace(self, difference=replace(self.difference, interval=interval), upper_drop=drop.high)


def drop_test(
    baseline: ArrayLike,
    now: ArrayLike,
    *,
    max_drop: float = 0.02,
    detect: float = 0.05,
    alpha: float = 0.05,
    power: float = 0.8,
    clusters: Iterable[Hashable] | None = None,
    n_tests: int = 1,
) -> DropTest:
    """Test "the true drop is at most max_drop" against "it is larger", for scores of the same samples.

    Non-inferiority with a margin, by the interval of `paired_difference` at level 1 - alpha: the drop is proven where
    all of that interval lies below -max_drop. This is the one-sided test at level alpha/2, as is usual beside two-sided
    intervals (ICH E9, section 3.3.2), so that a drop is never proven where the interval still holds no difference. Its
    size for scores of 0 and 1 is at most alpha/2 at every n (`paired_method`).
    n_tests: tests that alpha is shared by (Holm); power, detectable_drop and n_needed allow for it.
    detectable_drop: the samples keep the disagreement that was seen (psi, and one more each way), and the drop comes
    from samples newly wrong. For right-or-wrong samples it is found by the power of this very test
    (`paired_method.power_of_drop`); else by the normal approximation with variance psi + E - E^2.

    Raises:
        ValueError: max_drop is not below detect, or a level is not in (0, 1).
    """
    if not 0 <= max_drop < detect <= _MAX_EFFECT:
        raise ValueError(f"needs 0 <= max_drop < detect <= 1, got {max_drop} and {detect}")
    if not (0 < alpha < 0.5 and 0 < power < 1):
        raise ValueError(f"needs alpha in (0, 0.5) and power in (0, 1), got {alpha} and {power}")
    before, after = as_pairs(baseline, now)
    listed = None if clusters is None else list(clusters)
    difference = paired_difference(after, before, listed, 1 - alpha)
    found = judgement(before, after, listed)
    plan = _Plan.of(before, after, difference, alpha / 2 / n_tests, power, max_drop)
    return DropTest(
        drop=-difference.value,
        max_drop=max_drop,
        p_value=math.nan if found is None else min(1.0, 2 * found.above.p_above(max_drop)),
        upper_drop=-difference.interval.low,
        difference=difference,
        detectable_drop=plan.detectable(),
        n_needed=plan.n_needed(detect),
        min_n=smallest_n(max_drop, alpha / n_tests),
        found=found,
    )


def smallest_n(max_drop: float, alpha: float = 0.05) -> int:
    """The fewest right-or-wrong samples that can show a drop: so many, all newly wrong, are rare enough without one.

    With a true drop of max_drop, the chance that all n are newly wrong is at most ((1 + max_drop) / 2)^n.
    """
    return math.ceil(math.log(alpha / 2) / math.log((1 + max_drop) / 2) - 1e-9)


@dataclass(frozen=True)
class _Plan:
    """What decides about power: disagreement beside the drop, samples that count, levels."""

    noise: float
    "Share of samples that change either way, beside the drop."
    n: int
    is_binary: bool
    "Scores of 0 and 1 without clusters."
    design_effect: float
    df: float
    alpha: float
    "One-sided, after the correction."
    power: float
    max_drop: float

    @classmethod
    def of(
        cls, before: Array, after: Array, difference: PairedDifference, alpha: float, power: float, max_drop: float
    ) -> _Plan:
        n, drops = len(before), before - after
        gain = float(np.maximum(-drops, 0).mean()) if n else math.nan
        loss = float(np.maximum(drops, 0).mean()) if n else math.nan
        # one more disagreement each way, so that a handful of equal samples does not look like certainty
        noise = gain + loss + 2 / (n + 4) if n else math.nan
        independent = float(drops.var()) / n if n else math.nan
        effect = difference.stderr**2 / independent if n and independent > 0 and difference.stderr > 0 else 1.0
        is_binary = difference.method in RIGHT_OR_WRONG
        df = math.inf if is_binary else max(1.0, difference.n_clusters - 1.0)
        return cls(noise, n, is_binary, max(1.0, effect), df, alpha, power, max_drop)

    def found(self, n: int, drop: float) -> float:
        """The chance that n samples show this true drop."""
        if self.is_binary:
            return power_of_drop(n, self.noise, drop, alpha=self.alpha, margin=self.max_drop)
        spread = math.sqrt(max(1e-12, self.noise + drop - drop * drop) * self.design_effect / n)
        return float(special.ndtr((drop - self.max_drop) / spread - t_quantile(1 - self.alpha, self.df)))

    def detectable(self) -> float:
        """The smallest drop found with the power asked for; NaN where not even the loss of everything is."""
        low, high = self.max_drop, _MAX_EFFECT
        if self.n < 2 or math.isnan(self.noise) or self.found(self.n, high) < self.power:
            return math.nan
        while high - low > 1e-4:
            middle = (low + high) / 2
            low, high = (low, middle) if self.found(self.n, middle) >= self.power else (middle, high)
        return high

    def n_needed(self, detect: float) -> int | None:
        """The fewest samples, to a few per cent, with which a drop of `detect` is found."""
        if self.n < 2 or math.isnan(self.noise):
            return None
        low, high = 1, 8
        while self.found(high, detect) < self.power:
            low, high = high, high * 2
            if high > 1e9:
                return None
        while high - low > max(1, low // 50):
            middle = (low + high) // 2
            low, high = (low, middle) if self.found(middle, detect) >= self.power else (middle, high)
        return high
