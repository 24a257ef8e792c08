"""What a comparison can see: power, the smallest difference it detects, and the samples it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import special

from evals.stats.roots import root
from evals.stats.standard_error import z_quantile

Sides = Literal[1, 2]


@dataclass(frozen=True)
class Detectable:
    """The smallest true difference that a test finds with chance `power`."""

    difference: float
    stderr: float
    "Of the difference."
    alpha: float
    power: float
    sides: Sides


def difference_sd(accuracy: float, correlation: float, accuracy_b: float | None = None) -> float:
    """Standard deviation of one sample's difference of two models, each right with chance `accuracy`.

    correlation: of the two models' answers over samples; 0 as if they had seen different samples. Runs of neighbouring
    models often show 0.3 to 0.7 (Miller 2024, arXiv:2411.00640); assume less where nothing is known.
    accuracy_b: the other model's, if it is thought to differ.
    """
    other = accuracy if accuracy_b is None else accuracy_b
    if not (0 <= accuracy <= 1 and 0 <= other <= 1 and -1 <= correlation <= 1):
        raise ValueError("an accuracy lies in [0, 1] and a correlation in [-1, 1]")
    one, two = accuracy * (1 - accuracy), other * (1 - other)
    return math.sqrt(max(0.0, one + two - 2 * correlation * math.sqrt(one * two)))


def design_effect(cluster_size: float, icc: float) -> float:
    """How many times more samples clusters of this size need: 1 + (cluster_size - 1) icc.

    Kish 1965, Survey Sampling, section 5.4; icc: correlation of two samples of a cluster.
    """
    return 1 + (cluster_size - 1) * icc


def power(difference: float, stderr: float, *, alpha: float = 0.05, sides: Sides = 2, df: float | None = None) -> float:
    """Chance that a true difference is found, where its estimate has this standard error.

    Normal, or noncentral t with `df` degrees of freedom. One side: only a difference of the sign given counts.
    A standard error of 0 finds every difference but 0; NaN in, NaN out.
    """
    check_test(alpha, sides)
    if math.isnan(difference) or math.isnan(stderr):
        return math.nan
    if stderr == 0:
        return alpha if difference == 0 else 1.0
    shift = abs(difference) / stderr
    if df is None:
        critical = z_quantile(1 - alpha / sides)
        found, wrong_side = float(special.ndtr(shift - critical)), float(special.ndtr(-shift - critical))
    else:
        critical = float(special.stdtrit(df, 1 - alpha / sides))
        found, wrong_side = 1 - _noncentral_cdf(df, shift, critical), _noncentral_cdf(df, shift, -critical)
    return found + (wrong_side if sides == 2 else 0.0)


def detectable_difference(
    stderr: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    sides: Sides = 2,
    df: float | None = None,
) -> Detectable:
    """Smallest difference found with chance `power`, from the standard error of a difference.

    After a run give `PairedDifference.stderr`; before one `difference_sd(...) / sqrt(n / design_effect)`.
    Normal: (z_{1-alpha/2} + z_power) stderr, 2.8 times at 5 % and 80 % (Miller 2024, arXiv:2411.00640);
    with `df` the noncentral t is solved. NaN for a standard error of NaN.
    """
    check_test(alpha, sides, power)
    if math.isnan(stderr) or df is None:
        times = z_quantile(1 - alpha / sides) + z_quantile(power)
    else:
        times = _noncentral_shift(alpha, power, sides, df)
    return Detectable(times * stderr, stderr, alpha, power, sides)


def detectable_before(
    n: int,
    accuracy: float,
    correlation: float,
    *,
    cluster_size: float = 1,
    icc: float = 0,
    alpha: float = 0.05,
    power: float = 0.8,
    sides: Sides = 2,
) -> Detectable:
    """Smallest difference that n samples will detect, before a run; difference NaN for n < 1."""
    if n < 1:
        return Detectable(math.nan, math.nan, alpha, power, sides)
    stderr = difference_sd(accuracy, correlation) * math.sqrt(design_effect(cluster_size, icc) / n)
    return detectable_difference(stderr, alpha=alpha, power=power, sides=sides)


def samples_needed(
    difference: float, sd: float, *, alpha: float = 0.05, power: float = 0.8, sides: Sides = 2, deff: float = 1
) -> int:
    """Samples with which a difference is found with chance `power`, each sample's difference having spread `sd`.

    sd: `difference_sd(...)` before a run; after it `PairedDifference.stderr * sqrt(n)`, which holds the clusters, so
    that `deff` (the design effect) stays 1. At least 2. Normal, so a few more below about 30.
    """
    check_test(alpha, sides, power)
    if difference == 0 or not math.isfinite(difference) or not math.isfinite(sd):
        raise ValueError(f"no number of samples finds a difference of {difference} with a spread of {sd}")
    times = z_quantile(1 - alpha / sides) + z_quantile(power)
    return max(2, math.ceil((times * sd / difference) ** 2 * deff - 1e-9))


def _noncentral_shift(alpha: float, target: float, sides: Sides, df: float) -> float:
    """The difference, in standard errors, at which a t test has the power `target`."""
    critical = float(special.stdtrit(df, 1 - alpha / sides))

    def excess(shift: float) -> float:
        return power(shift, 1.0, alpha=alpha, sides=sides, df=df) - target

    upper = critical
    while excess(upper) < 0:
        upper *= 2
    return root(excess, 0.0, upper)


def _noncentral_cdf(df: float, shift: float, t: float) -> float:
    """Distribution of noncentral t; beyond the reach of scipy's, the normal form of Abramowitz and Stegun 26.7.10."""
    value = float(special.nctdtr(df, shift, t))
    if math.isnan(value):
        return float(special.ndtr((t * (1 - 1 / (4 * df)) - shift) / math.sqrt(1 + t * t / (2 * df))))
    return value


def check_test(alpha: float, sides: int, power: float = 0.5) -> None:
    """Raise ValueError for a level or power that is none, or another number of sides than one or two."""
    if not (0 < alpha < 1 and 0 < power < 1):
        raise ValueError(f"alpha and power lie between 0 and 1, got {alpha} and {power}")
    if sides not in (1, 2):
        raise ValueError(f"a test has one side or two, got {sides}")
