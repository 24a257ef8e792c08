"""Worked examples are told from the question that is asked."""

from __future__ import annotations

import pytest

from evals.report.few_shot import Examples, examples_in_chat, examples_in_text, examples_words

PAIR = ["user", "assistant"]


@pytest.mark.parametrize(
    ("roles", "found"),
    [
        (["system", *PAIR * 3, "user"], Examples(1, 7, 3)),
        ([*PAIR * 2, "user"], Examples(0, 4, 2)),
        (["system", "example_user", "example_assistant", "user"], Examples(1, 3, 1)),
        ([*PAIR, "user"], None),
        (["user"], None),
        (["system", "user"], None),
        (["user", "assistant", "tool", "assistant", "user"], None),
        (["system", "example_user", "example_assistant"], None),
        ([], None),
    ],
)
def test_examples_of_a_chat(roles: list[str], found: Examples | None) -> None:
    assert examples_in_chat(roles) == found


@pytest.mark.parametrize(
    ("before", "examples", "asked", "n"),
    [
        ("", "Question: 1+1?\nAnswer: 2\n\nQuestion: 1+2?\nAnswer: 3\n\n", "Question: 2+2?\nAnswer:", 2),
        ("Add the numbers.\n\n", "Q: a\nA: b\n\n", "Q: c\nA:", 1),
        ("Read.\n\n", "Q: a\n\nworked out\nA: b\n\n", "Q: c\nA:", 1),
    ],
)
def test_examples_of_a_text_open_as_the_question_does(before: str, examples: str, asked: str, n: int) -> None:
    found = examples_in_text(before + examples + asked)
    assert found == Examples(len(before), len(before + examples), n)


@pytest.mark.parametrize("text", ["Question: 1+1?\nAnswer:", "a\n\nb", "", "Passage: x\n\nQuestion: y"])
def test_a_text_without_examples_has_none(text: str) -> None:
    assert examples_in_text(text) is None


def test_the_number_of_examples_in_words() -> None:
    assert [examples_words(1), examples_words(8)] == ["1 few-shot example", "8 few-shot examples"]
