"""Tables of multiple choice in the forms of public benchmarks, as rows of question, choices and answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evals.errors import DataError, UsageError
from evals.interchange.choice_columns import choice_rows
from evals.suite.choice.questions import read_question

LETTERED = {"text": ["x", "y", "z"], "label": ["A", "B", "C"]}
NUMBERED = {"text": ["x", "y", "z"], "label": ["1", "2", "3"]}
FORMS: dict[str, tuple[list[dict[str, Any]], list[str], str]] = {
    "ARC, Hugging Face": (
        [{"question": "q", "choices": LETTERED, "answerKey": "B"}, {"question": "q", "choices": NUMBERED, "answerKey": "3"}],
        ["y", "z"],
        "labels",
    ),
    "ARC, its own file": (
        [{"question": {"stem": "q", "choices": [{"text": "x", "label": "A"}, {"text": "y", "label": "B"}]}, "answerKey": "B"}],
        ["y"],
        "labels",
    ),
    "HellaSwag": (
        [{"ctx": "q", "endings": ["w", "x", "y", "z"], "label": str(nr)} for nr in range(3)],
        ["w", "x", "y"],
        "numbers from 0",
    ),
    "WinoGrande": (
        [{"sentence": "q", "option1": "x", "option2": "y", "answer": answer} for answer in ("1", "2")],
        ["x", "y"],
        "numbers from 1",
    ),
    "PIQA": ([{"goal": "q", "sol1": "x", "sol2": "y", "label": nr} for nr in (0, 1)], ["x", "y"], "numbers from 0"),
    "SocialIQA": (
        [{"question": "q", "answerA": "x", "answerB": "y", "answerC": "z", "label": str(nr)} for nr in (1, 3)],
        ["x", "z"],
        "numbers from 1",
    ),
    "OpenBookQA": ([{"question_stem": "q", "choices": LETTERED, "answerKey": "C"}], ["z"], "labels"),
    "MedQA": ([{"question": "q", "options": {"A": "x", "B": "y"}, "answer_idx": "B"}], ["y"], "labels"),
    "MedMCQA": ([{"question": "q", "opa": "x", "opb": "y", "cop": nr} for nr in (0, 1)], ["x", "y"], "numbers from 0"),
    "RACE": ([{"question": "q", "options": ["x", "y"], "answer": "B"}], ["y"], "letters"),
    "MMLU, a table": ([{"Question": "q", "A": "5", "B": "6", "C": "7", "D": "8", "Answer": "C"}], ["7"], "letters"),
    "AGIEval": (
        [{"question": "q", "options": ["(A)x", "(B)y"], "label": "B", "answer": None, "passage": None}], ["y"], "letters"
    ),
    "texts": ([{"question": "q", "options": ["Paris", "Rome"], "answer": "Rome"}], ["Rome"], "texts"),
    "a list in a cell": ([{"question": "q", "choices": json.dumps(["x", "y"]), "answer": "B"}], ["y"], "letters"),
    "empty cells at the end": (
        [{"question": "q", "option_a": "x", "option_b": "y", "option_c": None, "answer": "b"}], ["y"], "letters"
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_right_option_is_found_in_the_forms_of_public_benchmarks(form: str) -> None:
    rows, right, reading = FORMS[form]
    found, made = choice_rows(rows, "own.jsonl")
    questions = [read_question(row) for row in made]
    assert [question.choices[question.answer or 0] for question in questions] == right
    assert {question.question for question in questions} == {"q"}
    assert found.reading == reading


def test_passage_and_subject_are_kept() -> None:
    row = {"article": "Long ago.", "question": "q", "options": ["x", "y"], "answer": "A", "subject": "history"}
    _, [made] = choice_rows([row], "own.jsonl")
    assert (made["context"], made["subject"]) == ("Long ago.", "history")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"question": "q", "options": ["w", "x", "y"], "label": 1}], "numbers from 0 or as numbers from 1"),
        ([{"question": "q", "options": ["2", "3", "1"], "answer": "1"}], "may be read as texts or as numbers from 0"),
    ],
)
def test_an_answer_that_can_be_read_in_two_ways_is_refused(rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choice_rows(rows, "own.jsonl")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"question": "q", "options": ["x", "y"], "label": ["A", "B"]},
            "row 2: 'label' is .*names none of the 2 options",
        ),
        ({"question": "q", "options": ["x", "y"], "label": "C"}, "row 2: 'label' is 'C'"),
        ({"question": "q", "options": ["x", ""], "label": "A"}, "row 2: 2 options, one of them empty"),
        ({"question": "q", "options": ["x"], "label": "A"}, "row 2: 1 options"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        choice_rows([{"question": "q", "options": ["x", "y"], "label": "B"}, row], "own.jsonl")


def test_a_column_of_words_that_repeat_is_no_question() -> None:
    rows = [{"question": "cause", "choice1": "x", "choice2": "y", "label": nr % 2} for nr in range(10)]
    with pytest.raises(UsageError, match="only a few different texts in 10 rows"):
        choice_rows(rows, "own.jsonl")


def test_rows_without_options_or_answers_are_refused_with_their_columns() -> None:
    with pytest.raises(UsageError, match="no columns look like the options"):
        choice_rows([{"question": "q", "answer": "x"}], "own.jsonl")
    with pytest.raises(UsageError, match="no column looks like the right option"):
        choice_rows([{"question": "q", "options": ["x", "y"]}], "own.jsonl")
