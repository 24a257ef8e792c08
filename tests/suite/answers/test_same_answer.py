"""Answers that are the same although they are written differently."""

from __future__ import annotations

from fractions import Fraction

import pytest

from evals.suite.answers.same_answer import bare_latex, same_number, same_number_text, same_text


@pytest.mark.parametrize(
    ("left", "right", "same"), [("Paris.", " paris", True), ("１", "1.0", True), ("a b", "ab", False)]
)
def test_texts_are_compared_without_case_and_spaces_around(left: str, right: str, same: bool) -> None:
    assert same_text(left, right) is same


def test_bare_latex_drops_sizes_and_spaces() -> None:
    assert bare_latex(r"$ \left\{ 1,\, \tfrac{1}{2} \right\} $.") == r"\{1,\frac{1}{2}\}"


@pytest.mark.parametrize(
    ("answer", "ideal", "tolerance", "same"),
    [
        (Fraction(1, 3), Fraction(1, 3), 0.0, True),
        (Fraction(101), Fraction(100), 0.01, True),
        (Fraction(-101), Fraction(-100), 0.01, True),
        (Fraction(102), Fraction(100), 0.01, False),
        (Fraction(1, 10**9), Fraction(0), 0.5, False),
        (None, Fraction(1), 1.0, False),
        (None, None, 1.0, False),
    ],
)
def test_the_tolerance_is_a_share_of_the_ideal(
    answer: Fraction | None, ideal: Fraction | None, tolerance: float, same: bool
) -> None:
    assert same_number(answer, ideal, tolerance) is same


@pytest.mark.parametrize(
    ("answer", "ideal", "same"),
    [
        ("57,500 $", "57500", True),
        ("$57,500", "57.5", True),
        ("-3,250", "-3250", True),
        ("3,250", "-3250", False),
        ("57,500", "57.500", True),
        ("57,50", "5750", False),
        ("0,125", "125", False),
        ("1234,567", "1234567", False),
        ("1,234.50", "1234.5", True),
    ],
)
def test_with_a_decimal_comma_a_comma_before_three_digits_may_also_part_thousands(
    answer: str, ideal: str, same: bool
) -> None:
    assert same_number_text(answer, ideal, decimal_comma=True) is same


def test_without_a_decimal_comma_a_comma_before_three_digits_parts_thousands_alone() -> None:
    assert same_number_text("57,500", "57500")
    assert not same_number_text("57,500", "57.5")
