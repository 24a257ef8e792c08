"""Answers that are the same although they are written differently."""

from __future__ import annotations

from fractions import Fraction

import pytest

from evals.suite.answers.same_answer import bare_latex, same_number, same_text


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
