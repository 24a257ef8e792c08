"""The solver protocol: copies, postprocessors, nesting, specs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evals.record import DummyRecorder, RecorderBase
from evals.solvers.completion_fn_solver import CompletionFnSolver
from evals.solvers.solver import (
    DummySolver,
    NestedSolver,
    Solver,
    SolverResult,
    create_solver,
)
from evals.task_state import Message, TaskState
from evals.testing.doubles import TestCompletionFn

STOCK = "evals.solvers.postprocessors.postprocessors"
DUMMY_SPEC = {"class": "evals.solvers:DummySolver", "args": {}}


class EchoSolver(Solver):
    """A plug-in as openai/evals has them: no constructor of its own."""

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        return SolverResult(task_state.task_description, kwargs=kwargs)


class SpoilingSolver(Solver):
    """Changes what it was given and counts its calls, and never calls the parent's constructor."""

    def __init__(self) -> None:
        self.n_calls = 0

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        self.n_calls += 1
        task_state.messages.append(Message("user", "spoiled"))
        return SolverResult(str(self.n_calls))


class PairSolver(NestedSolver):
    """Asks two sub-solvers."""

    def __init__(self, first: Any, second: Any, **kwargs: Any) -> None:
        super().__init__(first=first, second=second, **kwargs)

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        outputs = [self.get_solver(name)(task_state, **kwargs).output for name in ("first", "second")]
        return SolverResult(" ".join(outputs))


def test_a_plug_in_solver_answers_and_gets_the_keywords():
    result = EchoSolver()(TaskState("say this", []), max_tokens=3)
    assert result.output == "say this"
    assert result.metadata == {"kwargs": {"max_tokens": 3}}


def test_the_task_state_of_the_caller_is_never_changed():
    state = TaskState("task", [Message("user", "hi")])
    SpoilingSolver()(state)
    assert state == TaskState("task", [Message("user", "hi")])


def test_a_copy_shares_no_state():
    solver = SpoilingSolver()
    solver(TaskState("", []))
    twin = solver.copy()
    assert [twin(TaskState("", [])).output, twin(TaskState("", [])).output] == ["2", "3"]
    assert solver.n_calls == 1


def test_postprocessors_are_applied_in_order_and_each_leaves_an_event():
    recorder = RecorderBase(None)
    solver = EchoSolver(postprocessors=[f"{STOCK}:Strip", f"{STOCK}:RemoveQuotes", f"{STOCK}:RemovePeriod"])
    with recorder.as_default_recorder("x"):
        result = solver(TaskState("\n'yes.'\n", []))
    assert result.output == "yes"
    assert [event.data for event in recorder.get_events("postprocessor")] == [
        {"name": "Strip", "input": "\n'yes.'\n", "output": "'yes.'"},
        {"name": "RemoveQuotes", "input": "'yes.'", "output": "yes."},
        {"name": "RemovePeriod", "input": "yes.", "output": "yes"},
    ]


def test_postprocessors_work_under_the_dummy_recorder_without_a_spec():
    recorder = DummyRecorder(None)
    with recorder.as_default_recorder("x"):
        assert EchoSolver(postprocessors=[f"{STOCK}:Strip"])(TaskState(" a ", [])).output == "a"


@pytest.mark.parametrize("path", [f"{STOCK}:Sprit", "evals.solvers.nowhere:Strip", "Strip"])
def test_an_unknown_postprocessor_is_a_value_error_that_names_it(path: str):
    with pytest.raises(ValueError, match=f"Invalid postprocessor: {path}"):
        EchoSolver(postprocessors=[path])


def test_a_result_as_json_has_output_and_metadata():
    assert json.loads(SolverResult("a", reasoning="b").to_json()) == {"output": "a", "reasoning": "b"}


def test_a_spec_becomes_a_solver_and_its_arguments_may_be_missing():
    state = TaskState("", [])
    assert create_solver(DUMMY_SPEC)(state).output == "This is a dummy response."
    assert isinstance(create_solver({"class": "evals.solvers:DummySolver"}), DummySolver)


def test_sub_solvers_are_specs_or_solvers():
    solver = PairSolver(first=DUMMY_SPEC, second=EchoSolver())
    assert solver(TaskState("task", [])).output == "This is a dummy response. task"


@pytest.mark.parametrize("wrong", ["evals.solvers:DummySolver", {"cls": "a:B"}, {"class": "a:B", "args": []}])
def test_anything_else_as_a_sub_solver_is_a_value_error_that_names_the_argument(wrong: Any):
    with pytest.raises(ValueError, match="Expected a sub-solver spec at 'second'"):
        PairSolver(first=DUMMY_SPEC, second=wrong)


def test_a_nested_solver_without_sub_solvers_is_refused():
    class Empty(EchoSolver, NestedSolver):
        pass

    with pytest.raises(ValueError, match="needs one sub-solver or more"):
        NestedSolver.__init__(Empty.__new__(Empty))


def test_a_copy_of_a_nested_solver_copies_sub_solvers_by_their_own_copy():
    class Marked(EchoSolver):
        n_copies = 0

        def copy(self) -> Any:
            twin = super().copy()
            twin.n_copies = self.n_copies + 1
            return twin

    solver = PairSolver(first=Marked(), second=SpoilingSolver())
    twin = solver.copy()
    assert twin.get_solver("first").n_copies == 1
    twin(TaskState("", []))
    assert solver.get_solver("second").n_calls == 0


def test_a_copy_shares_the_completion_function():
    fn = TestCompletionFn("a")
    solver = PairSolver(first=CompletionFnSolver(fn), second=DUMMY_SPEC)
    assert solver.copy().get_solver("first").completion_fn is fn


def test_the_model_version_of_a_nested_solver_has_one_of_each():
    assert PairSolver(first=DUMMY_SPEC, second=DUMMY_SPEC).model_version == {"first": {}, "second": {}}


def test_the_thoughts_of_a_solver_are_no_part_of_its_answer():
    result = EchoSolver()(TaskState("<think>Rome?</think>Paris"))
    assert result.output == "Paris"
    assert result.metadata["thoughts"] == ("Rome?",)
