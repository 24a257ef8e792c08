"""Formulas of multi graders, against Python's own arithmetic."""

from __future__ import annotations

import math
import random

import pytest

from evals.suite.graders.formula import BadFormula, read_formula

SCORES = {"a": 0.25, "b": 4.0, "name": 1.0}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("a", 0.25),
        ("(name + a) / 2", 0.625),
        ("0.5 * name + 0.5*a", 0.625),
        ("1 - 2 - 3", -4.0),
        ("8 / 4 / 2", 1.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("2 ^ -1", 0.5),
        ("2 * -3 - -1", -5.0),
        ("--a", 0.25),
        ("min(a, b, 0.1) + max(a, b)", 4.1),
        ("abs(a - b)", 3.75),
        ("floor(b / 3) + ceil(b / 3)", 3.0),
        ("exp(log(b)) + sqrt(b)", 6.0),
        ("1e-2 + .5 + 2.", 2.51),
    ],
)
def test_a_formula_has_the_value_of_arithmetic(formula: str, value: float) -> None:
    assert read_formula(formula).value(SCORES) == pytest.approx(value)


def test_random_formulas_agree_with_python() -> None:
    rng = random.Random(5)

    def made(depth: int) -> str:
        if depth == 0:
            return rng.choice(["a", "b", "name", str(rng.randint(1, 9)), "0.5"])
        left, right = made(depth - 1), made(depth - 1)
        kind = rng.choice(
            ["{} + {}", "{} - {}", "({}) * ({})", "({} - 20) / ({} + 100)", "min({}, {})", "-({}) + ({})"]
        )
        return kind.format(left, right)

    for _ in range(300):
        text = made(rng.randint(0, 4))
        expected = eval(text, {"min": min}, SCORES)
        assert read_formula(text).value(SCORES) == pytest.approx(expected)


def test_the_names_are_known_before_there_are_scores() -> None:
    assert read_formula("max(b, a) + b * 2").names == ("b", "a")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("", "the end is not expected"),
        ("a +", "the end is not expected after 'a \\+'"),
        ("a b", "'b' is not expected after 'a'"),
        ("(a", "the end is not expected"),
        ("a ** 2", r"'\*' is not expected"),
        ("a.b", "'.' is not expected"),
        ("__import__('os')", "no function '__import__'"),
        ("min", "the end is not expected"),
        ("sqrt(a, b)", "takes one value"),
        ("min()", "not expected"),
        ("a if b else 1", "'if' is not expected"),
        ("(" * 200 + "a" + ")" * 200, "brackets lie in one another"),
        ("2^" * 500 + "2", "powers lie in one another"),
    ],
)
def test_what_is_no_formula_is_refused(formula: str, said: str) -> None:
    with pytest.raises(BadFormula, match=said):
        read_formula(formula)


@pytest.mark.parametrize(
    "formula", ["1 / (a - a)", "log(0 - a)", "sqrt(-b)", "exp(10000)", "(-1) ^ 0.5", "10 ^ 400", "floor(1e308 * 10)"]
)
def test_a_formula_without_a_value_says_so(formula: str) -> None:
    with pytest.raises(BadFormula):
        read_formula(formula).value(SCORES)


def test_the_logarithm_is_the_natural_one() -> None:
    assert read_formula("log(b)").value(SCORES) == pytest.approx(math.log(4))
