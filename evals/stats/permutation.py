"""The paired permutation test: every difference could as well have had the other sign."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evals.stats.arrays import Array, as_codes, as_pairs, cluster_sums

EXACT_UP_TO = 20
"Differences that are not 0, up to which all 2^n signs are tried (a million, 8 MB)."

BLOCK = 2**22
"Signs drawn at a time."


@dataclass(frozen=True)
class PermutationTest:
    """Two-sided p-value of no difference, and how many sign patterns it rests on."""

    p_value: float
    n_permutations: int
    exact: bool


def permutation_test(
    a: ArrayLike,
    b: ArrayLike,
    clusters: Iterable[Hashable] | None = None,
    *,
    rng: np.random.Generator,
    n_permutations: int = 10_000,
) -> PermutationTest:
    """Share of sign patterns whose mean difference is at least as far from 0 as the one seen.

    Fisher 1935, The Design of Experiments, section 21. The differences of a cluster change sign together.
    With up to `EXACT_UP_TO` differences (or cluster sums) that are not 0 all patterns are counted; else
    `n_permutations` are drawn, and p = (b + 1) / (m + 1), never 0 (Phipson and Smyth 2010,
    Statistical Applications in Genetics 9:39).
    p = 1 where all differences are 0; NaN for n = 0 or NaN among the scores.
    """
    first, second = as_pairs(a, b)
    differences: Array = first - second
    if len(differences) == 0 or np.isnan(differences).any():
        return PermutationTest(math.nan, 0, True)
    if clusters is not None:
        differences = cluster_sums(differences, as_codes(clusters, len(differences)))
    moved = differences[differences != 0]
    # Sums that are equal on paper may differ in the last bits: they count as equal.
    bound = abs(float(moved.sum())) - 1e-9 * float(np.abs(moved).sum())
    if len(moved) <= EXACT_UP_TO:
        return PermutationTest(float(np.mean(np.abs(_all_sums(moved)) >= bound)), 2 ** len(moved), True)
    hits = _drawn_hits(moved, bound, n_permutations, rng)
    return PermutationTest((hits + 1) / (n_permutations + 1), n_permutations, False)


def _all_sums(values: Array) -> Array:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _drawn_hits(values: Array, bound: float, n_permutations: int, rng: np.random.Generator) -> int:
    at_once, hits = max(1, BLOCK // len(values)), 0
    for start in range(0, n_permutations, at_once):
        signs = rng.integers(0, 2, (min(at_once, n_permutations - start), len(values)), dtype=np.int8) * 2 - 1
        hits += int(np.sum(np.abs(signs @ values) >= bound))
    return hits
