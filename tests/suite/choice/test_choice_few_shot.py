"""Which few-shot examples stand before a question."""

from __future__ import annotations

import pytest

from evals.errors import UsageError
from evals.suite.choice.few_shot import FewShotExamples, rows_digest
from evals.suite.choice.questions import Question


def question(name: str, subject: str = "") -> Question:
    return Question(name, ("x", "y"), 0, subject=subject)


ROWS = [question(f"{subject}{k}", subject) for k in range(4) for subject in ("a", "b")]


def names(examples: FewShotExamples, subject: str) -> list[str]:
    return [example.question for example in examples.of(question("asked", subject))]


def test_rows_with_subjects_are_examples_of_their_subject_and_rows_without_one_of_all() -> None:
    assert names(FewShotExamples(ROWS, 2), "b") == ["b0", "b1"]
    assert names(FewShotExamples(ROWS, 3, scope="all"), "b") == ["a0", "b0", "a1"]
    plain = [question("p0"), question("p1")]
    assert names(FewShotExamples(plain, 2), "b") == ["p0", "p1"]
    assert names(FewShotExamples([*ROWS, question("p")], 1), "b") == ["a0"]


def test_a_draw_depends_on_seed_and_subject_alone() -> None:
    def draw(seed: int, subject: str) -> list[str]:
        return names(FewShotExamples(ROWS, 3, pick="seeded", seed=seed), subject)

    assert draw(1, "a") == draw(1, "a")
    assert len({tuple(draw(seed, "a")) for seed in range(20)}) > 5
    assert all(name.startswith("b") for name in draw(1, "b"))


@pytest.mark.parametrize("subject", ["a", "none of these"])
def test_too_few_rows_are_told_with_their_number(subject: str) -> None:
    n = 4 if subject == "a" else 0
    with pytest.raises(UsageError, match=f"num_few_shot is 5, and few_shot_jsonl has {n} rows"):
        FewShotExamples(ROWS, 5).of(question("asked", subject))


@pytest.mark.parametrize("pick", ["first", "seeded"])
def test_the_question_that_is_asked_is_never_its_own_example(pick: str) -> None:
    examples = FewShotExamples(ROWS, 3, pick=pick)
    for row in ROWS:
        shown = examples.of(row)
        assert row not in shown
        assert len(shown) == 3
    assert examples.of(Question("a0", ("y", "x"), 1, subject="a")) == examples.of(question("a0", "a"))
    assert {examples.overlap(row) for row in ROWS} == {"same", None}


def test_a_question_with_other_options_or_another_passage_is_another_one() -> None:
    examples = FewShotExamples([Question("Which?", ("x", "y"), 0), question("q")], 1)
    assert examples.of(Question("Which?", ("x", "z"), 0))[0].question == "Which?"
    assert examples.of(Question("Which?", ("x", "y"), 0, context="A passage."))[0].question == "Which?"
    assert examples.overlap(Question("which", ("x", "y"), 0)) == "near"


def test_where_only_the_question_itself_is_there_no_example_is() -> None:
    assert FewShotExamples([question("q")], 1).of(question("q")) == ()


def test_no_examples_need_no_rows() -> None:
    assert FewShotExamples().of(question("asked")) == ()


def test_the_hash_changes_with_any_row_and_with_their_order() -> None:
    assert rows_digest(ROWS) == rows_digest(list(ROWS))
    assert len({rows_digest(ROWS), rows_digest(ROWS[::-1]), rows_digest(ROWS[1:]), rows_digest([])}) == 4
