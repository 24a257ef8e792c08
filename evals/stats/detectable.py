"""What a second run can show before it is made: the smallest drop that is found, in plain Python for the run path."""

from __future__ import annotations

import math

from evals.stats.intervals import Z95

DETECTABLE_STDERRS = Z95 + 0.8416212335729143
"A difference of so many of its standard errors is found with power 80 % at the 5 % level (two-sided)."

MAX_COUNTED = 500
"Samples up to which power is counted over all outcomes; beyond, the normal approximation is as good."


def detectable_drop(accuracy: float, n: int, correlation: float, power: float = 0.8) -> float:
    """The smallest true drop that n right-or-wrong samples show with chance `power`, at the 5 % level of two sides.

    The test is McNemar's with continuity correction, which is what `paired_method` makes of a comparison with more than
    50 samples; below, the exact test finds a little more. correlation: of the scores of two runs over samples; that of
    neighbouring models often lies between 0.3 and 0.7 (Miller 2024, arXiv:2411.00640). NaN where not even a fall to 0
    is found so often.
    """
    low, high = 0.0, accuracy
    if not accuracy > 0 or power_of_drop(accuracy, high, n, correlation) < power:
        return math.nan
    while high - low > 2e-4:
        middle = (low + high) / 2
        if power_of_drop(accuracy, middle, n, correlation) >= power:
            high = middle
        else:
            low = middle
    return high


def power_of_drop(accuracy: float, drop: float, n: int, correlation: float) -> float:
    """The chance that n samples show a drop from `accuracy`."""
    lost, won = chances_of_drop(accuracy, drop, correlation)
    if n > MAX_COUNTED:
        return approximate_power(n, lost, won, Z95)
    return _counted(n, lost + won, lost / (lost + won)) if lost + won > 0 else 0.0


def chances_of_drop(accuracy: float, drop: float, correlation: float) -> tuple[float, float]:
    """The chances that a sample is lost, and that it is won, where two runs' scores have this correlation."""
    fewer = max(0.0, accuracy - drop)
    spread = math.sqrt(accuracy * (1 - accuracy) * fewer * (1 - fewer))
    both = max(accuracy + fewer - 1, min(fewer, accuracy * fewer + correlation * spread))
    return max(0.0, accuracy - both), max(0.0, fewer - both)


def approximate_power(n: int, lost: float, won: float, z: float) -> float:
    """The normal approximation of the chance that the score test with continuity correction shows a drop."""
    error = math.sqrt(max(1e-12, lost + won - (lost - won) ** 2) / n)
    critical = (z * math.sqrt(lost + won) + 1 / math.sqrt(n)) / math.sqrt(n)
    return math.erfc((critical - lost + won) / error / math.sqrt(2)) / 2


def _counted(n: int, apart: float, share_lost: float) -> float:
    """Summed over the number of samples that change, binomial, and over how many of them are lost."""
    centre, spread = n * apart, 7 * math.sqrt(n * apart * (1 - apart)) + 8
    first, last = max(0, math.floor(centre - spread)), min(n, math.ceil(centre + spread))
    total = 0.0
    for changed in range(first, last + 1):
        fewest = math.ceil((changed + 1 + Z95 * math.sqrt(changed)) / 2)
        if fewest <= changed:
            total += _chance(n, changed, apart) * _upper_tail(changed, fewest, share_lost)
    return total


def _upper_tail(n: int, fewest: int, p: float) -> float:
    """The chance of at least `fewest` of n; terms far out are too small to count."""
    if p >= 1:
        return 1.0
    term, total = _chance(n, fewest, p), 0.0
    for k in range(fewest, n + 1):
        total += term
        term *= (n - k) / (k + 1) * p / (1 - p)
        if term < 1e-12 and k > n * p:
            break
    return min(1.0, total)


def _chance(n: int, k: int, p: float) -> float:
    if p >= 1 or p <= 0:
        return float(k == (n if p >= 1 else 0))
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(p) + (n - k) * math.log1p(-p))
