"""A solver as a completion function, so that it can run evals that know no solvers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion import Completions
from evals.errors import BadSample
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.solver import Solver, create_solver
from evals.task_state import Message, TaskState


@typed_arguments
class SolverCompletionFn:
    """Gives each prompt to a new copy of `solver`, so that nothing is kept between calls.

    solver: a solver, or its spec. A text prompt becomes the task description. Of a chat, a system message at the start
    becomes the task description, and the rest the messages, without the `name`s, which solvers do not have.
    """

    delegates = True
    gives_results = True

    def __init__(self, solver: Solver | Mapping[str, Any], registry: Any = None) -> None:
        self.solver = solver if isinstance(solver, Solver) else create_solver(solver)

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        result = self.solver.copy()(task_state_of(prompt), **kwargs)
        return Completions([result.output], prompt=prompt)


def task_state_of(prompt: Any) -> TaskState:
    """The task state for a prompt of an eval that knows no solvers.

    Raises:
        BadSample: the prompt is neither a text nor a chat, or its first system message has further keys.
    """
    if isinstance(prompt, str):
        return TaskState(prompt, [])
    if not isinstance(prompt, list) or not all(isinstance(message, dict) for message in prompt):
        raise BadSample(
            f"a solver takes a text or a list of messages, this prompt is a {type(prompt).__name__}",
            fix="run this eval with a completion function instead of a solver",
        )
    first = prompt[0] if prompt and prompt[0].get("role") == "system" else None
    if first is not None and set(first) != {"role", "content"}:
        raise BadSample(
            "the first system message has more than 'role' and 'content', which a solver cannot use",
            first,
            fix="run this eval with a completion function instead of a solver",
        )
    rest = prompt if first is None else prompt[1:]
    task = "" if first is None else first["content"]
    return TaskState(task, [Message(message["role"], message["content"]) for message in rest])
