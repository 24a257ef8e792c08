"""Places in a completion where an answer stands: after a phrase, in a box."""

from __future__ import annotations

import pytest

from evals.suite.answers.answer_places import after_phrases, answer_number, last_boxed


def test_phrases_are_found_through_emphasis_from_the_last_backwards() -> None:
    text = "The **answer** is *4*.\nthe answer  is 5\n**Answer:**\n\n6"
    assert [answer_number(rest) for rest in after_phrases(text, ["answer is", "answer:"])] == ["6", "5", "4"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (" 18 dollars, 2 of them in coins", "18"),
        (" 5 + 3 = 8 apples, 2 of them red", "8"),
        (" 2 * 3 + 4 = 10", "10"),
        (" 10-12 apples", "10"),
        (" 5 + 3", "5"),
        (" unknown", None),
    ],
)
def test_the_right_side_of_an_equation_is_the_answer(text: str, answer: str | None) -> None:
    assert answer_number(text) == answer


def test_a_phrase_at_the_end_of_a_line_takes_the_next_line_with_text() -> None:
    assert list(after_phrases("Answer:\n\n**18**\nDone.", ["answer:"])) == ["**18**"]


def test_without_phrases_nothing_is_found() -> None:
    assert list(after_phrases("The answer is 4.", [])) == []


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{1} and \boxed{2", "1"),
        (r"\boxed {3}", "3"),
        (r"\boxed{" + "4" * 5000 + "}", None),
        (r"\boxed{ }", None),
        ("no box", None),
    ],
)
def test_the_last_complete_box_is_read(text: str, content: str | None) -> None:
    assert last_boxed(text) == content
