"""Answers that are several letters together."""

from __future__ import annotations

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
     "Answer: A\u3001D\u3002"],
)  # fmt: skip
def test_the_letters_count_and_neither_their_order_nor_what_is_between_them(completion: str, ideal: str) -> None:
    assert RULE.usable(ideal)
    assert is_right(completion, ideal)


@pytest.mark.parametrize(
    "completion",
    ["", "A", "D", "Answer: A", "Answer: A, B, D", "Answer: A or D", "A cat and a dog", "None", "Answer: a cat",
     "Answer: A cat and D", "AD is wrong.\nNothing else fits."],
)  # fmt: skip
def test_too_few_too_many_or_no_letters_are_wrong(completion: str) -> None:
    assert not is_right(completion, "AD")


@pytest.mark.parametrize("ideal", ["", "A or D", "AE", "All", "5"])
def test_an_ideal_that_is_not_letters_is_refused(ideal: str) -> None:
    assert not RULE.usable(ideal)


def test_a_completion_is_written_for_each_ideal() -> None:
    assert RULE.completion_for("A B D") == "A, B, D"
    assert is_right("A, B, D", "A B D")
