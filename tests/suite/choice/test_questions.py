"""Rows of multiple-choice datasets as questions."""

from __future__ import annotations

from typing import Any

import pytest

from evals.errors import BadSample
from evals.suite.choice.questions import read_question


def test_a_row_has_its_texts_and_the_place_of_the_right_option() -> None:
    row = {"question": "?", "choices": ["a", "b"], "answer": 1, "subject": "high_school_physics", "context": "c"}
    question = read_question(row)
    assert (question.n, question.right, question.labels) == (2, frozenset([1]), None)
    assert question.fields() == {
        "question": "?",
        "context": "c",
        "subject": "high school physics",
        "category": "",
    }


def test_labels_say_which_of_several_options_are_right() -> None:
    question = read_question({"question": "?", "choices": ["a", "b", "c"], "labels": [1, 0, 1]})
    assert (question.right, question.answer) == (frozenset([0, 2]), None)


@pytest.mark.parametrize("row", ["text", ["list"], None])
def test_a_row_that_is_no_object_is_refused(row: Any) -> None:
    with pytest.raises(BadSample, match="a sample must be an object"):
        read_question(row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": 4}, "'answer' is 4, which is none of the 4 options"),
        ({"answer": True}, "'answer' is True"),
        ({"answer": "B"}, "'answer' is 'B'"),
        ({"choices": ["one"]}, "'choices' is no list of two options or more"),
        ({"choices": ["one", 2]}, "'choices' holds 2, which is no text"),
        ({"question": None}, "'question' is None"),
        ({"labels": [1, 1, 1, 1]}, "'labels' has no right option, or no wrong one"),
        ({"labels": [1, 0]}, "'labels' is no list of 4 numbers"),
        ({"subject": 3}, "'subject' is 3, which is no text"),
    ],
)
def test_rows_that_are_no_questions_are_refused_in_plain_words(change: dict[str, Any], message: str) -> None:
    row = {"question": "?", "choices": ["a", "b", "c", "d"], "answer": 1, **change}
    with pytest.raises(BadSample) as caught:
        read_question(row)
    assert message in str(caught.value)


def test_an_option_with_the_text_of_the_right_one_is_right_too():
    row = {"question": "?", "choices": ["a", "b", " a ", "c"], "answer": 0}
    assert read_question(row).right == {0, 2}
    assert read_question({**row, "answer": 1}).right == {1}
    assert read_question({**row, "labels": [1, 0, 0, 1]}).right == {0, 3}
