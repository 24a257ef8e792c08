"""A solver as a completion function."""

from __future__ import annotations

from typing import Any

import pytest

from evals.solvers.solver import Solver, SolverResult
from evals.solvers.solver_completion_fn import SolverCompletionFn, task_state_of
from evals.solvers.utils import maybe_wrap_with_compl_fn
from evals.task_state import Message, TaskState


class Mirror(Solver):
    """Answers with what it sees; its state lasts as long as the copy."""

    def __init__(self) -> None:
        super().__init__()
        self.n_calls = 0

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        self.n_calls += 1
        messages = [(message.role, message.content) for message in task_state.messages]
        return SolverResult(repr((self.n_calls, task_state.task_description, messages, kwargs)))


def test_a_text_prompt_is_the_task_description_of_a_wrapped_solver():
    fn = maybe_wrap_with_compl_fn(Mirror())
    assert fn("do it", max_tokens=1).get_completions() == [repr((1, "do it", [], {"max_tokens": 1}))]


def test_a_first_system_message_is_the_task_description():
    fn = SolverCompletionFn(Mirror())
    chat = [{"role": "system", "content": "do"}, {"role": "user", "content": "it", "name": "example_user"}]
    assert fn(prompt=chat).get_completions() == [repr((1, "do", [("user", "it")], {}))]


def test_a_chat_without_a_system_message_has_an_empty_task():
    fn = SolverCompletionFn(Mirror())
    assert fn(prompt=[{"role": "user", "content": "hi"}]).get_completions() == [repr((1, "", [("user", "hi")], {}))]


def test_each_call_gets_a_fresh_copy_of_the_solver():
    fn = SolverCompletionFn(Mirror())
    assert fn("a").get_completions() != fn("b").get_completions()
    assert fn("a").get_completions() == fn("a").get_completions()


@pytest.mark.parametrize("prompt", [[{"role": "system", "content": "a", "name": "b"}], ["a"], 3])
def test_prompts_that_a_solver_cannot_use_are_refused(prompt: Any):
    with pytest.raises(Exception, match=r"cannot use|takes a text"):
        SolverCompletionFn(Mirror())(prompt)


def test_a_spec_is_made_into_its_solver():
    fn = SolverCompletionFn({"class": "evals.solvers.solver:DummySolver"})
    assert fn("x").get_completions() == ["This is a dummy response."]


def test_a_later_system_message_stays_a_message():
    chat = [{"role": "user", "content": "u"}, {"role": "system", "content": "s"}]
    state = task_state_of(chat)
    assert (state.task_description, state.messages) == ("", [Message("user", "u"), Message("system", "s")])
