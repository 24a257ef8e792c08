"""Answers that are the letter of an option in most rows, and words in a few."""

from __future__ import annotations

import pytest

from evals.suite.answers.answer_rules import make_rule

RULE = make_rule("letter_or_line", letters="ABCD")


def is_right(completion: str, ideal: str) -> bool:
    answer = RULE.extract(completion)
    return answer is not None and RULE.same(answer, ideal)


@pytest.mark.parametrize(
    "completion",
    ["B", "(B)", "Answer: B", "Answer: (B)", "**Answer: (B)**", "Answer: B.", "(A) is wrong.\n\nAnswer: (B) a tree",
     "A thought.\nSo the answer is (B).", "Answer: B) a tree", "Answer: B, as (A) is a stone"],
)  # fmt: skip
def test_a_letter_is_right_with_or_without_brackets(completion: str) -> None:
    assert is_right(completion, "(B)")
    assert not is_right(completion, "(A)")


@pytest.mark.parametrize(
    "completion",
    ["", "Answer: (A) or (B)", "Answer: A and B", "Answer: A, B", "(B) is no tree.\nAnswer: none of them",
     "(B) is near.\nSo the answer is (None of the above).", "Is it (B)?\nSo the answer is (E)."],
)  # fmt: skip
def test_a_last_line_that_states_something_else_hides_letters_before_it(completion: str) -> None:
    assert not is_right(completion, "(A)")
    assert not is_right(completion, "(B)")


def test_an_ideal_that_is_no_letter_is_compared_as_the_last_line() -> None:
    assert is_right("Hm.\nAnswer: Salt, and Pepper", "salt, and pepper")
    assert not is_right("Hm.\nAnswer: Pepper", "salt, and pepper")
    assert not is_right("Answer: A", "salt, and pepper")
    assert RULE.usable("salt, and pepper")
    assert not RULE.usable("two\nlines")


def test_the_letters_are_those_of_the_eval() -> None:
    assert make_rule("letter_or_line", letters="ABCDEFGHIJ").extract("Answer: (J)") == "J"
    assert RULE.completion_for("(A)") == "(A)"
