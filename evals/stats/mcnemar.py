"""McNemar's test: did one of two models win more of the samples that they disagree on, and how often it sees that."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from evals.stats.arrays import Codes
from evals.stats.power import Sides, check_test


def mcnemar(a_only: int, b_only: int, mid_p: bool = False) -> float:
    """Two-sided p-value of no difference, from the samples that only a, and only b, got right.

    Exact: the smaller count against Binomial(a_only + b_only, 1/2), McNemar 1947 (Psychometrika 12:153).
    mid_p: half of the observed table's probability is left out; not exact, closer to its level in practice
    (Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91). 1 for no disagreement.
    """
    if a_only < 0 or b_only < 0:
        raise ValueError(f"counts of samples are at least 0, got {a_only} and {b_only}")
    n, fewer = a_only + b_only, min(a_only, b_only)
    if n == 0:
        return 1.0
    tail = float(special.bdtr(fewer, n, 0.5))
    if mid_p:
        here = tail - (float(special.bdtr(fewer - 1, n, 0.5)) if fewer else 0.0)
        return 1.0 if a_only == b_only else 2 * tail - here
    return min(1.0, 2 * tail)


def mcnemar_power(
    n: int, a_only: float, b_only: float, *, alpha: float = 0.05, sides: Sides = 2, mid_p: bool = False
) -> float:
    """Exact chance that McNemar's test rejects, from the chances that only a, and only b, is right on a sample.

    Summed over the number of disagreements (Binomial in n) and their split. One side: only a better counts.
    """
    check_test(alpha, sides)
    apart = a_only + b_only
    if min(a_only, b_only) < 0 or apart > 1:
        raise ValueError(f"chances of disagreement {a_only} and {b_only}: each at least 0, together at most 1")
    if apart == 0 or n == 0:
        return 0.0
    m = np.arange(n + 1)
    limit = _largest_losses(m, alpha / sides, mid_p)
    reject = np.where(limit >= 0, stats.binom.cdf(limit, m, b_only / apart), 0.0)
    if sides == 2:
        reject = reject + np.where(limit >= 0, stats.binom.cdf(limit, m, a_only / apart), 0.0)
    return float(stats.binom.pmf(m, n, apart) @ reject)


def _largest_losses(m: Codes, tail: float, mid_p: bool) -> Codes:
    """For each number of disagreements the most losses that still reject; -1 where none do."""
    start = np.asarray(stats.binom.ppf(tail, m, 0.5), dtype=np.int64)
    limit = np.full(len(m), -1, dtype=np.int64)
    # The quantile is the first count at or beyond the tail; the mid-p may still hold it, and one more.
    for losses in (start - 1, start, start + 1):
        inside = stats.binom.cdf(losses, m, 0.5) - (stats.binom.pmf(losses, m, 0.5) / 2 if mid_p else 0)
        limit = np.where((losses >= 0) & (losses <= m) & (inside <= tail * (1 + 1e-12)), losses, limit)
    return limit
