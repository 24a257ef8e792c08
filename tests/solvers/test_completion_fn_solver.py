"""A completion function as a solver."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.completion_fns.dummy import DummyCompletionFn
from evals.errors import RegistryError, UsageError
from evals.solvers.completion_fn_solver import CompletionFnSolver, chat_of, copied_around
from evals.task_state import Message, TaskState


class Model(Backend):
    model = "a-model"

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        return Completions([f"{len(prompt)} messages, {sorted(kwargs.items())}"])

    def preflight(self) -> None:
        raise UsageError("no key")


def test_options_of_the_solver_lie_over_those_of_the_eval():
    solver = CompletionFnSolver(Model(), options={"temperature": 0.7})
    result = solver(TaskState("task", [Message("user", "q")]), temperature=0.0, max_tokens=3)
    assert result.output == "2 messages, [('max_tokens', 3), ('temperature', 0.7)]"
    assert result.metadata["raw_completion_result"].texts == [result.output]


def test_it_is_called_like_its_model_or_the_class_without_one():
    assert (CompletionFnSolver(Model()).name, CompletionFnSolver(Model()).model_version) == ("a-model", "a-model")
    plain = CompletionFnSolver(DummyCompletionFn())
    assert (plain.name, plain.model_version) == ("DummyCompletionFn", {})


def test_a_name_is_made_by_the_registry():
    assert isinstance(CompletionFnSolver("dummy").completion_fn, DummyCompletionFn)
    with pytest.raises(RegistryError, match="pocket/2k"):
        CompletionFnSolver("pocket/2k")


def test_what_must_fail_in_the_completion_function_fails_in_the_preflight():
    with pytest.raises(UsageError, match="no key"):
        CompletionFnSolver(Model()).preflight()
    CompletionFnSolver(DummyCompletionFn()).preflight()


def test_the_task_comes_first_and_spacers_are_not_sent():
    state = TaskState("task", [Message("spacer", ""), Message("user", "q")])
    assert chat_of(state) == [{"role": "system", "content": "task"}, {"role": "user", "content": "q"}]
    assert chat_of(TaskState("", [])) == []


def test_a_copy_shares_what_is_named_and_nothing_else():
    class Holder:
        def __init__(self) -> None:
            self.client, self.notes = object(), ["a"]

        def __deepcopy__(self, memo: dict[int, Any]) -> Any:
            return copied_around(self, memo, "client")

    holder = Holder()
    twin = copy.deepcopy(holder)
    assert twin.client is holder.client
    assert twin.notes == holder.notes
    assert twin.notes is not holder.notes
