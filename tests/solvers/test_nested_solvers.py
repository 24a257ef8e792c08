"""What the nested solvers send, message by message."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError
from evals.solvers.nested.cot_solver import CoTSolver
from evals.solvers.nested.fewshot_solver import FewShotSolver
from evals.solvers.nested.hhh_solver import HHHSolver
from evals.solvers.nested.self_consistency_solver import (
    SelfConsistencySolver,
    extract_answer,
    most_common_answer,
)
from evals.solvers.prompts.hhh import HHH_MSGS
from evals.solvers.solver import Solver, SolverResult
from evals.task_state import Message, TaskState


class Teller(Solver):
    """Answers from a list and keeps what it was asked; all copies write to the same lists."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[TaskState] = []
        self.kwargs: list[dict[str, Any]] = []

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        self.asked.append(task_state)
        self.kwargs.append(kwargs)
        return SolverResult(self.answers[len(self.asked) - 1])

    def copy(self) -> Teller:
        return self


def pairs(state: TaskState) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in state.messages]


def user(text: str) -> Message:
    return Message("user", text)


def test_cot_asks_for_reasoning_and_then_for_the_answer():
    reasoner, extractor = Teller("because"), Teller("42")
    solver = CoTSolver(reasoner, extractor, cot_template="THINK", extract_template="ANSWER")
    result = solver(TaskState("task", [user("why?")]), max_tokens=9)
    assert (result.output, result.metadata) == ("42", {"reasoning_output": "because"})
    assert reasoner.asked[0].task_description == "task"
    assert pairs(reasoner.asked[0]) == [("user", "why?"), ("system", "THINK")]
    assert pairs(extractor.asked[0]) == [*pairs(reasoner.asked[0]), ("assistant", "because"), ("system", "ANSWER")]
    assert reasoner.kwargs + extractor.kwargs == [{"max_tokens": 9}] * 2


def test_cot_sees_its_earlier_reasoning_in_the_second_turn():
    model = Teller("r1", "a1", "r2", "a2")
    solver = CoTSolver(model, model, cot_template="T", extract_template="E").copy()
    first = TaskState("task", [user("q1")])
    assert solver(first).output == "a1"
    second = TaskState("task", [*first.messages, Message("assistant", "a1"), user("q2")])
    assert solver(second).output == "a2"
    turn_1 = [("user", "q1"), ("system", "T"), ("assistant", "r1"), ("system", "E"), ("assistant", "a1")]
    assert pairs(model.asked[2]) == [*turn_1, ("user", "q2"), ("system", "T")]


def test_cot_without_memory_sees_only_what_the_eval_sends():
    model = Teller("r1", "a1", "r2", "a2")
    solver = CoTSolver(model, model, cot_template="T", extract_template="E", persistent_memory=False)
    solver(TaskState("", [user("q1")]))
    solver(TaskState("", [user("q2")]))
    assert pairs(model.asked[2]) == [("user", "q2"), ("system", "T")]


def test_cot_with_memory_refuses_a_rewritten_past():
    model = Teller("r1", "a1", "r2", "a2")
    solver = CoTSolver(model, model)
    solver(TaskState("", [user("q1")]))
    with pytest.raises(ValueError, match="message 0 of the task state is not the one remembered"):
        solver(TaskState("", [user("other"), Message("assistant", "a1"), user("q2")]))


def test_copies_of_cot_do_not_share_memories():
    model = Teller(*"abcdefgh")
    solver = CoTSolver(model, model)
    for question in ("q1", "q2"):
        assert solver.copy()(TaskState("", [user(question)])).output
    assert pairs(model.asked[2])[0] == ("user", "q2")


def test_cot_is_named_after_its_solvers():
    assert CoTSolver(Teller(), Teller()).name == "CoT_Teller_Teller"


@pytest.fixture
def train_jsonl(tmp_path: Path) -> str:
    path = tmp_path / "train.jsonl"
    rows = [{"input": f"q{i}", "ideal": f"a{i}"} for i in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_few_shot_examples_stand_before_the_question_and_are_distinct(train_jsonl: str):
    model = Teller("x")
    FewShotSolver(train_jsonl, 3, model)(TaskState("task", [user("now")]), temperature=0)
    sent = pairs(model.asked[0])
    assert len(sent) == 7
    assert sent[-1] == ("user", "now")
    questions = [content for role, content in sent[:-1] if role == "user"]
    assert len(set(questions)) == 3
    assert [content for role, content in sent if role == "assistant"] == [q.replace("q", "a") for q in questions]
    assert model.kwargs == [{"temperature": 0}]


def test_every_copy_of_a_few_shot_solver_draws_the_same_examples(train_jsonl: str):
    model = Teller("x", "y")
    solver = FewShotSolver(train_jsonl, 2, model)
    for _ in range(2):
        solver.copy()(TaskState("", [user("now")]))
    assert pairs(model.asked[0]) == pairs(model.asked[1])


def test_the_draw_of_few_shot_examples_is_the_one_of_random_sample_with_the_seed(train_jsonl: str):
    import random

    model = Teller("x")
    FewShotSolver(train_jsonl, 4, model, seed=7)(TaskState("", [user("now")]))
    drawn = random.Random(7).sample(range(6), 4)
    assert [content for role, content in pairs(model.asked[0]) if role == "assistant"] == [f"a{i}" for i in drawn]


def test_the_task_can_be_repeated_before_each_further_example(train_jsonl: str):
    model = Teller("x")
    FewShotSolver(train_jsonl, 3, model, repeat_task_description=True)(TaskState("task", [user("now")]))
    roles = [role for role, _ in pairs(model.asked[0])]
    assert roles == ["user", "assistant", "system", "user", "assistant", "system", "user", "assistant", "user"]


def test_few_shot_rows_may_be_chats_or_pairs_of_messages(tmp_path: Path):
    path = tmp_path / "train.jsonl"
    chat = {"input": [{"role": "user", "content": "q1"}], "ideal": "a1"}
    pair = [{"role": "user", "content": "q2"}, {"role": "assistant", "content": "a2"}]
    path.write_text(f"{json.dumps(chat)}\n{json.dumps(pair)}\n", encoding="utf-8")
    model = Teller("x")
    FewShotSolver(str(path), 2, model)(TaskState("", [user("now")]))
    assert sorted(content for _, content in pairs(model.asked[0])) == ["a1", "a2", "now", "q1", "q2"]


def test_a_question_that_is_among_the_examples_is_refused(train_jsonl: str):
    with pytest.raises(DataError, match="among the few-shot examples: 'q3'"):
        FewShotSolver(train_jsonl, 1, Teller("x"))(TaskState("", [user("q3")]))


def test_too_few_examples_are_refused_when_the_solver_is_made(train_jsonl: str):
    with pytest.raises(DataError, match="7 few-shot examples were asked for, but there are 6"):
        FewShotSolver(train_jsonl, 7, Teller())


def test_hhh_puts_conversations_before_the_task_and_its_opening_in_the_task_s_place():
    model = Teller("x")
    HHHSolver(model)(TaskState("task", [user("now")]))
    asked = model.asked[0]
    assert asked.task_description == HHH_MSGS[0].content
    assert asked.messages == [*HHH_MSGS[1:], Message("system", "task"), user("now")]


def test_the_hhh_conversations_take_turns_and_are_set_apart_by_spacers():
    assert HHH_MSGS[0].role == "system"
    assert {message.role for message in HHH_MSGS[1:]} == {"spacer", "user", "assistant"}
    for before, after in itertools.pairwise(HHH_MSGS[1:]):
        follows = {"spacer": {"user"}, "user": {"assistant"}, "assistant": {"user", "spacer"}}
        assert after.role in follows[before.role]
    assert HHH_MSGS[-1].role == "spacer"


def voter(*generations: str, **kwargs: Any) -> tuple[Teller, SelfConsistencySolver]:
    model = Teller(*generations)
    n = kwargs.pop("num_generations", len(generations))
    return model, SelfConsistencySolver(model, num_generations=n, cot_template="T {prefix}", **kwargs)


def test_the_most_common_answer_wins():
    model, solver = voter("The answer is 4", "hm, the answer is 5", "The answer is 5")
    result = solver(TaskState("task", [user("2+2?")]), temperature=0.0, max_tokens=5)
    assert result.output == "5"
    assert result.metadata["reasoning_completions"] == model.answers
    assert all(pairs(state) == [("user", "2+2?"), ("system", "T The answer is")] for state in model.asked)
    assert model.kwargs == [{"max_tokens": 5}] * 3


def test_no_generation_with_an_answer_is_no_consensus():
    _, solver = voter("four", "five")
    assert solver(TaskState("task", [user("2+2?")])).output == "[NO CONSENSUS]"


def test_a_judge_sees_all_generations_and_the_question():
    model, solver = voter(
        "The answer is 4", "The answer is four", "So the answer is 4", num_generations=2, mode="judge",
        judge_prompt="J {question} {prefix}",
    )  # fmt: skip
    assert solver(TaskState("task", [user("2+2?")])).output == "4"
    assert pairs(model.asked[2])[2:5] == [
        ("system", "J 2+2? The answer is"),
        ("user", "The answer is 4"),
        ("user", "The answer is four"),
    ]
    assert len(model.asked[2].messages) == 6


def test_a_second_turn_sees_the_generations_of_the_first():
    model, solver = voter(*[f"The answer is {n}" for n in "112233"], num_generations=3)
    first = TaskState("task", [user("q1")])
    answer = solver(first).output
    assert answer == "1"
    solver(TaskState("task", [*first.messages, Message("assistant", answer), user("q2")]))
    assert pairs(model.asked[3]) == [
        ("user", "q1"),
        ("system", "T The answer is"),
        *(("assistant", text) for text in model.answers[:3]),
        ("assistant", "1"),
        ("user", "q2"),
        ("system", "T The answer is"),
    ]


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("The answer is 4", "4"),
        ("so the answer is\n 4 ", "4"),
        ("four", None),
        ("the answer is 4, the answer is 5", "4,"),
    ],
)
def test_the_answer_follows_the_prefix(completion: str, answer: str | None):
    assert extract_answer(completion, "The answer is") == answer


def test_among_equally_common_answers_the_earlier_wins():
    assert most_common_answer(["A: x", "A: y", "A: y", "A: x"], "A:") == "x"
