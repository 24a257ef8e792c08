"""Answers in LaTeX boxes: boxes without braces, units, left sides, letters of options."""

from __future__ import annotations

import pytest

from evals.suite.answers.answer_places import last_boxed, last_boxes
from evals.suite.answers.boxed_rule import BoxedRule, units_differ, without_units


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"so \boxed 5", "5"),
        (r"so $\boxed5$.", "5"),
        (r"so $\boxed 12.5$", "12.5"),
        (r"so $\boxed -7$", "-7"),
        (r"so \(\boxed 2\sqrt3\) holds", r"2\sqrt3"),
        (r"so \boxed\frac{1}{2} of it", r"\frac{1}{2}"),
        (r"so \boxed\text{Ann} wins", r"\text{Ann}"),
        (r"so \framebox{7}", "7"),
        (r"so \fbox 7", "7"),
        (r"so \boxed{1} or rather \boxed 2", "2"),
        (r"a \boxedtext{7} is no box", None),
        (r"so \boxed{3", None),
        (r"so \boxed ", None),
    ],
)
def test_a_box_may_lack_its_braces(text: str, content: str | None) -> None:
    assert last_boxed(text) == content


@pytest.mark.parametrize(
    ("between", "n_boxes"),
    [
        (r"\quad \text{and} \quad", 2),
        (r" \text{ for part (a) and } ", 2),
        (r"\) and \( y_2 = ", 2),
        (r"$, $x_{2} = ", 2),
        (" or ", 2),
        (". No, it is ", 1),
        (r" \text{ is wrong, it is } ", 1),
    ],
)
def test_boxes_that_are_one_answer_are_read_together(between: str, n_boxes: int) -> None:
    found = last_boxes(r"\boxed{1}" + between + r"\boxed{2}")
    assert found is not None
    assert found.count("boxed") == n_boxes


@pytest.mark.parametrize(
    "answer",
    [
        "5",
        "5 cm",
        r"5\text{ cm}",
        r"5\,\mathrm{cm}^2",
        r"5 \mbox{ cm}^2",
        r"5~\text{m/s}",
        "5 apples",
        "5 square units",
        r"\text{5 apples}",
        r"x = 5\text{ cm}",
        "5 m",
        r"5^\circ",
        "5 degrees",
        r"\$5.00",
        "f(x) = 5",
        r"\text{(B) } 5",
        r"\textbf{(B)}\ 5",
    ],
)
def test_units_left_sides_and_letters_of_options_beside_a_number_do_not_count(answer: str) -> None:
    assert BoxedRule().same(answer, "5")


@pytest.mark.parametrize(
    "answer",
    [
        "5x",
        "5 x",
        "5 million",
        "5 pi",
        r"5\pi",
        "5 or 6",
        "5 hundredths",
        "5 halves",
        "5 mod 7",
        "(5, 6)",
        "5 dozen eggs",
    ],
)
def test_words_that_change_a_number_are_no_unit(answer: str) -> None:
    assert not BoxedRule().same(answer, "5")


def test_a_letter_beside_its_text_counts_as_either() -> None:
    rule = BoxedRule()
    assert rule.same(r"\text{(B) } 5", "B")
    assert rule.same(r"(B)\ \frac{1}{2}", r"\frac12")
    assert not rule.same(r"\text{(B) } 5", "C")
    assert not rule.same(r"\text{(B) } 5", "6")
    assert not rule.same("(1, 5)", "5")


@pytest.mark.parametrize(
    ("answer", "ideal", "differ"),
    [
        (r"5\text{ m}", r"5\text{ cm}", True),
        ("5 m", "5 cm", True),
        ("5 hours", "5 minutes", True),
        ("5 in", "5 inches", False),
        ("5", "5 cm", False),
        ("5 cm", "5", False),
        ("5 apples", "5 pears", False),
    ],
)
def test_common_units_that_differ_make_answers_differ(answer: str, ideal: str, differ: bool) -> None:
    assert units_differ(answer, ideal) is differ
    assert BoxedRule().same(answer, ideal) is not differ


def test_a_left_side_counts_only_where_both_have_one() -> None:
    assert BoxedRule().same("y = 2x + 1", "2x+1")
    assert BoxedRule().same("2x+1", "f(x) = 2x+1")
    assert not BoxedRule().same("y = 2x+1", "x = 2x+1")


def test_without_units_leaves_other_texts_alone() -> None:
    assert without_units("2x+1") == "2x+1"
    assert without_units("- 5 kg") == "-5"


def test_a_space_between_digits_parts_a_mixed_number() -> None:
    assert not BoxedRule().same("3 1/2", "31/2")
    assert BoxedRule().same("3 1/2", "7/2")
    assert not BoxedRule().same("x^1 2", "x^12")
