"""Completion functions as solvers and solvers as completion functions."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.completion_fns.dummy import DummyCompletionFn
from evals.completion_fns.function import FunctionCompletionFn
from evals.completion_fns.openai.models import OpenAIResponsesCompletionFn
from evals.errors import UsageError
from evals.solvers.completion_fn_solver import CompletionFnSolver
from evals.solvers.providers.openai.openai_solver import OpenAISolver
from evals.solvers.solver import DummySolver, Solver, SolverResult
from evals.solvers.solver_completion_fn import SolverCompletionFn
from evals.solvers.utils import as_completion_fn_or_solver, maybe_wrap_with_compl_fn, maybe_wrap_with_solver
from evals.task_state import Message, TaskState
from evals.testing.doubles import TestCompletionFn


class Listener:
    """A completion function of a plug-in: only callable; keeps what it was asked."""

    def __init__(self, answer: str = "ok") -> None:
        self.answer = answer
        self.asked: list[tuple[Any, dict[str, Any]]] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        self.asked.append((prompt, kwargs))
        return Completions([self.answer])


class Mirror(Solver):
    """Answers with what it sees; its state lasts as long as the copy."""

    def __init__(self) -> None:
        super().__init__()
        self.n_calls = 0

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        self.n_calls += 1
        messages = [(message.role, message.content) for message in task_state.messages]
        return SolverResult(repr((self.n_calls, task_state.task_description, messages, kwargs)))


def test_completion_functions_stay_as_they_are_in_plain_evals():
    fn = TestCompletionFn("a")
    assert maybe_wrap_with_compl_fn(fn) is fn


@pytest.mark.parametrize("wrap", [maybe_wrap_with_compl_fn, maybe_wrap_with_solver])
def test_what_cannot_be_called_is_a_value_error(wrap: Any):
    with pytest.raises(ValueError, match="Expected a completion function or a solver"):
        wrap("gpt-4")


def test_solvers_stay_as_they_are_in_solver_evals():
    solver = Mirror()
    assert maybe_wrap_with_solver(solver) is solver
    assert maybe_wrap_with_solver(SolverCompletionFn(solver)) is solver
    assert isinstance(maybe_wrap_with_solver(DummyCompletionFn()), DummySolver)


def test_any_completion_function_becomes_a_solver():
    fn = Listener("yes")
    solver = maybe_wrap_with_solver(fn)
    state = TaskState("task", [Message("user", "q"), Message("spacer", ""), Message("assistant", "a")])
    result = solver(state, max_tokens=2)
    assert result.output == "yes"
    expected = [
        {"role": "system", "content": "task"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a"},
    ]
    assert fn.asked == [(expected, {"max_tokens": 2})]


def test_an_empty_task_description_is_not_sent():
    fn = Listener()
    maybe_wrap_with_solver(fn)(TaskState("", [Message("user", "q")]))
    assert fn.asked[0][0] == [{"role": "user", "content": "q"}]


def test_a_backend_that_speaks_openai_gets_openai_s_solver_whoever_wrote_it():
    class Mine(OpenAIResponsesCompletionFn):
        pass

    class Other(Backend):
        speaks_openai = True
        model = "other-model"

        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            return Completions(["ok"])

    class Another(Other):
        speaks_openai = False

    assert isinstance(maybe_wrap_with_solver(Mine("m", "http://x.test/v1")), OpenAISolver)
    assert maybe_wrap_with_solver(Other()).name == "other-model"
    assert isinstance(maybe_wrap_with_solver(Other()), OpenAISolver)
    assert type(maybe_wrap_with_solver(Another())) is CompletionFnSolver


def test_python_objects_become_completion_functions_but_solvers_stay():
    solver = Mirror()
    assert as_completion_fn_or_solver(solver) is solver
    assert isinstance(as_completion_fn_or_solver(lambda prompt: "x"), FunctionCompletionFn)
    with pytest.raises(UsageError, match="Mirror is a class"):
        as_completion_fn_or_solver(Mirror)
