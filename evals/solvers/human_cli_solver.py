"""A solver for which a person at the terminal answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from evals.record.current import record_sampling
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.solver import Solver, SolverResult
from evals.task_state import Message, TaskState

_at_the_keyboard = threading.Lock()


@typed_arguments
class HumanCliSolver(Solver):
    """Prints the conversation and reads one line from the keyboard, for one sample at a time.

    With conversations of several turns set EVALS_SEQUENTIAL=1, or turns of different samples alternate. input_prompt:
    printed before the cursor; None prints nothing.
    """

    def __init__(
        self,
        input_prompt: str | None = "assistant (you): ",
        postprocessors: Sequence[str] = (),
        registry: Any = None,
    ) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry)
        self.input_prompt = input_prompt

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        messages = [Message("system", task_state.task_description), *task_state.messages]
        lines = [f"{message.role}: {message.content}" for message in messages]
        prompt = "\n".join([*lines, self.input_prompt or ""])
        with _at_the_keyboard:
            answer = input(prompt)
        record_sampling(prompt=prompt, sampled=answer, model="human")
        return SolverResult(answer)

    @property
    def name(self) -> str:
        return "human"
