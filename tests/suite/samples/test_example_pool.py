"""Which few-shot examples are the row that is asked, and which are nearly it."""

from __future__ import annotations

import pytest

from evals.suite.samples.example_pool import (
    Example,
    ExamplePool,
    NearCopies,
    Solved,
    solved_messages,
    solved_prompt,
    until_enough,
)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


def example(question: str, *before: dict[str, str]) -> Example:
    messages = [*before, user(question), {"role": "assistant", "content": "yes"}]
    return Example(messages, solved_messages(messages))


def test_a_row_is_known_with_or_without_the_instructions_before_it() -> None:
    pool = ExamplePool([example("q1"), example("q2", system("Be brief."))], 1)
    assert pool.overlap([solved_prompt([system("Think."), user("q1 ")])]) == "same"
    assert pool.overlap([solved_prompt("q1")]) == "same"
    assert pool.messages_for([solved_prompt("q1")]) == example("q2", system("Be brief.")).messages
    assert pool.messages_for([solved_prompt("q3")]) == example("q1").messages


def test_where_the_question_stands_in_the_instructions_all_of_the_prompt_is_compared() -> None:
    pool = ExamplePool([example("Is it so?", system(passage)) for passage in ("One.", "Two.", "Three.")], 2)
    assert pool.overlap([solved_prompt([system("Four."), user("Is it so?")])]) != "same"
    shown = pool.messages_for([solved_prompt([system("Two."), user("Is it so?")])])
    assert [message["content"] for message in shown if message["role"] == "system"] == ["One.", "Three."]


def test_one_message_is_a_question_and_several_end_with_an_answer() -> None:
    assert solved_messages([user("q")]) == Solved("q", (), "q")
    assert solved_messages([user("q"), user("a")]) == Solved("q", ("a",), "q")


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (Solved("Capital of France?", ("Paris",)), Solved("capital of  FRANCE", ("Paris",)), True),
        (Solved("Capital of France?", ("Paris",)), Solved("What is the capital of France?", ("paris",)), True),
        (Solved("Capital of France?", ("Paris",)), Solved("Capital of Italy?", ("Rome",)), False),
        (Solved("12 + 1", ("13",)), Solved("12 - 1", ("11",)), False),
        (Solved("1 + 1", ("2",)), Solved("21 + 1", ("22",)), False),
        (Solved("Tom has 5 pens and gets 3. How many are there now?", ("It is 8",)),
         Solved("Tom has 6 pens and gets 2. How many are there now?", ("8",)), False),
        (Solved("a b c d e f g h i j k l m n o p q r s t", ("8",)), Solved("a b c d e f g h i j k l m n o p q r s u", ("8",)),
         True),
    ],
)  # fmt: skip
def test_a_near_copy_is_the_same_but_for_case_spaces_and_points_or_shares_its_words_and_answer(
    one: Solved, other: Solved, near: bool
) -> None:
    assert NearCopies([Solved("another one", ("7",)), one]).has(other) is near
    assert NearCopies([other]).has(one) is near


def test_rows_are_read_until_enough_are_left_without_any_one_question() -> None:
    assert list(until_enough("abcd", 2, str)) == ["a", "b", "c"]
    assert list(until_enough("aabbc", 2, str)) == ["a", "a", "b", "b"]
    assert list(until_enough("abc", None, str)) == ["a", "b", "c"]
    assert list(until_enough("abc", 0, str)) == []
