"""Chances that k completions hold a right one, are all right, elect a right one, or rank one first."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from fractions import Fraction


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that at least one of k completions passes, from n drawn of which c passed.

    Unbiased: 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, arXiv:2107.03374), the mean over all subsets of k. Computed as
    -expm1(sum log1p(-max(c, k) / (n - i))) over i < min(c, k), which keeps all digits where the chance is small.

    Raises:
        ValueError: n < k; the estimate does not exist.
    """
    _check(n, c, k, "pass@")
    if n - c < k:
        return 1.0
    larger = max(c, k)
    return -math.expm1(math.fsum(math.log1p(-larger / (n - i)) for i in range(min(c, k))))


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Chance that all of k completions pass ("pass^k"): C(c, k) / C(n, k), unbiased for p^k.

    Yao et al. 2024 (tau-bench), arXiv:2406.12045. The quotient of whole numbers is rounded once.

    Raises:
        ValueError: n < k.
    """
    _check(n, c, k, "pass^")
    return math.comb(c, k) / math.comb(n, k)


def maj_at_k(answers: Sequence[Hashable | None], correct: Sequence[bool], k: int) -> float:
    """Chance that the commonest answer of k completions is right, the mean over all subsets of k.

    Equal answers share one verdict: that of the first. None is no vote. Answers that tie share the win evenly; no votes
    at all are wrong.

    Raises:
        ValueError: fewer than k answers, or lists of different lengths.
    """
    n = len(answers)
    if len(correct) != n:
        raise ValueError(f"{n} answers, but {len(correct)} verdicts")
    _check(n, 0, k, "maj@")
    counts: dict[Hashable, int] = {}
    right: dict[Hashable, bool] = {}
    for answer, is_right in zip(answers, correct, strict=True):
        if answer is not None:
            counts[answer] = counts.get(answer, 0) + 1
            right.setdefault(answer, bool(is_right))
    silent = n - sum(counts.values())
    wins = Fraction(0)
    for answer, is_right in right.items():
        if is_right:
            others = [count for other, count in counts.items() if other != answer]
            wins += _subsets_won(counts[answer], others, silent, k)
    return float(wins / math.comb(n, k))


def best_of_n(scores: Sequence[float], correct: Sequence[bool], k: int) -> float:
    """Chance that the best-scored of k completions is right, the mean over all subsets of k.

    By order statistics: with h completions scored higher, a group of g with one score holds the best of
    C(n-h, k) - C(n-h-g, k) of the C(n, k) subsets; within a group each is as likely.

    Raises:
        ValueError: fewer than k scores, lists of different lengths, or a score that is NaN.
    """
    n = len(scores)
    if len(correct) != n:
        raise ValueError(f"{n} scores, but {len(correct)} verdicts")
    if any(math.isnan(score) for score in scores):
        raise ValueError("a score is NaN: it has no rank")
    _check(n, 0, k, "best-of-")
    groups: dict[float, list[bool]] = {}
    for score, is_right in zip(scores, correct, strict=True):
        groups.setdefault(score, []).append(bool(is_right))
    total, higher = Fraction(0), 0
    for score in sorted(groups, reverse=True):
        group = groups[score]
        subsets = math.comb(n - higher, k) - math.comb(n - higher - len(group), k)
        total += Fraction(subsets * sum(group), len(group))
        higher += len(group)
    return float(total / math.comb(n, k))


def _check(n: int, c: int, k: int, name: str) -> None:
    if k < 1:
        raise ValueError(f"{name}{k} does not exist: k is 1 or more")
    if not 0 <= c <= n:
        raise ValueError(f"{c} of {n} completions cannot have passed")
    if n < k:
        raise ValueError(f"{name}{k} needs {k} or more completions a problem, got {n}: draw more or lower k")


def _subsets_won(count: int, others: Sequence[int], silent: int, k: int) -> Fraction:
    """Subsets of k in which an answer given `count` times is the commonest; one that it shares counts for its part."""
    won = Fraction(0)
    for votes in range(1, min(count, k) + 1):
        ways = math.comb(count, votes)
        for tied, subsets in _rest(others, silent, votes, k - votes).items():
            won += Fraction(ways * subsets, tied + 1)
    return won


def _rest(others: Sequence[int], silent: int, votes: int, size: int) -> dict[int, int]:
    """Ways to fill `size` places with answers that have at most `votes` each, by how many have exactly `votes`."""
    ways = {(0, 0): 1}
    for count in others:
        grown: dict[tuple[int, int], int] = {}
        for (used, tied), number in ways.items():
            for taken in range(min(count, votes, size - used) + 1):
                key = (used + taken, tied + (taken == votes))
                grown[key] = grown.get(key, 0) + number * math.comb(count, taken)
        ways = grown
    filled: dict[int, int] = {}
    for (used, tied), number in ways.items():
        filled[tied] = filled.get(tied, 0) + number * math.comb(silent, size - used)
    return filled
