"""The root of a function of one number, without scipy.optimize, which takes longer to import than most comparisons."""

from __future__ import annotations

from collections.abc import Callable

_STEPS = 200


def root(function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-12) -> float:
    """Where a continuous function is 0 between `low` and `high`, at which its signs differ, to within `tolerance`.

    Inverse quadratic steps where they are safe, else halves (Chandrupatla 1997, Advances in Engineering Software 28).

    Raises:
        ValueError: the function has the same sign at both ends.
    """
    a, b = high, low
    at_a, at_b = function(a), function(b)
    if at_a == 0 or at_b == 0:
        return a if at_a == 0 else b
    if (at_a > 0) == (at_b > 0):
        raise ValueError(f"no change of sign between {low} and {high}: {at_b} and {at_a}")
    c, at_c, step = b, at_b, 0.5
    for _ in range(_STEPS):
        middle = a + step * (b - a)
        found = function(middle)
        if (found > 0) == (at_a > 0):
            c, at_c = a, at_a
        else:
            c, b, at_c, at_b = b, a, at_b, at_a
        a, at_a = middle, found
        best, at_best = (a, at_a) if abs(at_a) < abs(at_b) else (b, at_b)
        least = (4e-16 * abs(best) + tolerance / 2) / max(abs(b - a), 1e-300)
        if least > 0.5 or at_best == 0:
            return best
        step = min(max(_next_step(a, b, c, at_a, at_b, at_c), least), 1 - least)
    return best


def _next_step(a: float, b: float, c: float, at_a: float, at_b: float, at_c: float) -> float:
    """How far from a to b to look next: by the inverse quadratic through three points, or half of the way."""
    if at_b == at_c or c == b:
        return 0.5
    place, height = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (height**2 < place and (1 - height) ** 2 < 1 - place):
        return 0.5
    return at_a / (at_b - at_a) * at_c / (at_b - at_c) + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
