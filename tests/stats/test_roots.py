"""Roots of functions of one number, against scipy's."""

from __future__ import annotations

import math

import pytest
from scipy import optimize

from evals.stats.roots import root


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (lambda x: x**3 - 2 * x - 5, 2.0, 3.0),
        (lambda x: math.exp(-x) - x, 0.0, 1.0),
        (lambda x: 1 - 0.9 / x**2, 0.01, 10.0),
        (lambda x: (x - 0.3) * (x * x + 1), -1.0, 1.0),
        (lambda x: math.atan(x - 7), -1e6, 1e6),
        (lambda x: -1.0 if x < 0.25 else 1.0, 0.0, 1.0),
        (lambda x: x * math.exp(-(x**-2)) if x else 0.0, -1.0, 4.0),
    ],
)
def test_the_root_is_that_of_scipy(function, low, high):
    found, scipys = root(function, low, high), optimize.brentq(function, low, high, xtol=1e-12)
    flat = abs(function(found)) <= abs(function(scipys)) + 1e-300
    assert flat or found == pytest.approx(scipys, abs=2e-12)
    assert low <= found <= high


def test_an_end_that_is_the_root_is_found():
    assert root(lambda x: x - 1, 1.0, 2.0) == 1.0
    assert root(lambda x: x - 2, 1.0, 2.0) == 2.0


def test_the_tolerance_is_kept():
    calls = []

    def function(x: float) -> float:
        calls.append(x)
        return x**2 - 2

    assert root(function, 0.0, 2.0, 1e-3) == pytest.approx(math.sqrt(2), abs=1e-3)
    assert len(calls) < 12


def test_ends_of_one_sign_are_an_error():
    with pytest.raises(ValueError, match="no change of sign between 1 and 2"):
        root(lambda x: x, 1, 2)
