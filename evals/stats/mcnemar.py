"""McNemar's test: did one of two models win more of the samples that they disagree on."""

from __future__ import annotations

from scipy import special


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
