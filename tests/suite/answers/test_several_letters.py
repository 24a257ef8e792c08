"""Answers that are several letters together."""

from __future__ import annotations

import time

import pytest

from evals.suite.answers.answer_rules import make_rule

RULE = make_rule("letters", letters="ABCD")


def is_right(completion: str, ideal: str) -> bool:
    answer = RULE.extract(completion)
    return answer is not None and RULE.same(answer, ideal)


@pytest.mark.parametrize("ideal", ["AD", "A D", "A, D", "DA", "(A)(D)", '["A", "D"]', "ad"])
@pytest.mark.parametrize(
    "completion",
    ["AD", "A, D", "D and A", "(A) (D)", "So B is out.\nAnswer: AD", "The answer is A and D, as B is wrong.",
     r"\boxed{AD}", r"\boxed{\text{A, D}}", "**Answer: A, D**", "Both options A and D", "Answer: A\u548cD",
     "Answer: A\u3001D\u3002", "The correct options are A and D.", "**A** and **D** are both correct.", "- A\n- D", "A\nD",
     "The correct answers are:\n\n- A\n- D", "The options that are true are A and D.", "\u7b54\u6848\uff1aAD", "\u6545\u9009AD\u3002",
     "\u6b63\u89e3\u306fA\u3001D\u3067\u3059"],
)  # fmt: skip
def test_the_letters_count_and_neither_their_order_nor_what_is_between_them(completion: str, ideal: str) -> None:
    assert RULE.usable(ideal)
    assert is_right(completion, ideal)


@pytest.mark.parametrize(
    "completion",
    ["", "A", "D", "Answer: A", "Answer: A, B, D", "Answer: A or D", "A cat and a dog", "None", "Answer: a cat",
     "Answer: A cat and D", "The wrong options are A and D.", "A and D are not correct.", "None of A and D are correct.",
     "The correct options are A or D.", "A\nB\nD", "The options are A, B, C and D.", "AD is wrong.\nNothing else fits."],
)  # fmt: skip
def test_too_few_too_many_or_no_letters_are_wrong(completion: str) -> None:
    assert not is_right(completion, "AD")


@pytest.mark.parametrize("ideal", ["", "A or D", "AE", "All", "5"])
def test_an_ideal_that_is_not_letters_is_refused(ideal: str) -> None:
    assert not RULE.usable(ideal)


def test_a_completion_is_written_for_each_ideal() -> None:
    assert RULE.completion_for("A B D") == "A, B, D"
    assert is_right("A, B, D", "A B D")


def test_a_list_of_letters_is_not_read_as_its_last_letter():
    assert not is_right("- A\n- D", "D")


def test_a_long_completion_is_read_quickly():
    start = time.monotonic()
    for words in ("A, ", "A and ", "the correct options are ", "A\n"):
        is_right(words * 20_000, "AD")
    assert time.monotonic() - start < 2
