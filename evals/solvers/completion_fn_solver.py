"""Any completion function as a solver: task description and messages become one chat."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from evals.completion import ChatPrompt, CompletionFn
from evals.engine.traits import preflight, traits_of
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.solver import Solver, SolverResult
from evals.task_state import TaskState

SPACER = "spacer"
"The role of messages that only separate conversations in a text prompt; chat models never see them."


@typed_arguments
class CompletionFnSolver(Solver):
    """Sends the task description as a system message, then the messages, and answers with the first completion.

    completion_fn: a completion function, or its name in `registry` (the built-in registry where it is None). options:
    sampling arguments, laid over those that the eval sends.
    """

    def __init__(
        self,
        completion_fn: CompletionFn | str,
        options: dict[str, Any] | None = None,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
    ) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry)
        self.options = dict(options or {})
        self.completion_fn: Any = (
            make_completion_fn(completion_fn, registry) if isinstance(completion_fn, str) else completion_fn
        )

    def preflight(self) -> None:
        """The preflight of the completion function."""
        preflight(self.completion_fn)

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        result = self.completion_fn(prompt=chat_of(task_state), **{**kwargs, **self.options})
        return SolverResult(result.get_completions()[0], raw_completion_result=result)

    @property
    def name(self) -> str:
        return traits_of(self.completion_fn).model or type(self.completion_fn).__name__

    @property
    def model_version(self) -> str | dict[str, Any]:
        return traits_of(self.completion_fn).model or {}

    def __deepcopy__(self, memo: dict[int, Any]) -> CompletionFnSolver:
        twin: CompletionFnSolver = copied_around(self, memo, "completion_fn")
        return twin


def chat_of(task_state: TaskState) -> ChatPrompt:
    """The chat of a task state: the task description as a system message, unless it is empty, then the messages."""
    system = [{"role": "system", "content": task_state.task_description}] if task_state.task_description else []
    return [*system, *(message.to_dict() for message in task_state.messages if message.role != SPACER)]


def make_completion_fn(name: str, registry: Any = None) -> Any:
    """The completion function called `name` in `registry`; None stands for the built-in registry and `~/.evals`.

    Raises:
        RegistryError: no entry has this name, or its class cannot be made.
    """
    if registry is None:
        from evals.registry.lookup import Registry

        registry = Registry()
    return registry.make_completion_fn(name)


def copied_around(solver: Any, memo: dict[int, Any], *shared: str) -> Any:
    """A deep copy of `solver` that shares the attributes named in `shared` with it, such as clients."""
    twin = object.__new__(type(solver))
    memo[id(solver)] = twin
    for name, value in vars(solver).items():
        setattr(twin, name, value if name in shared else deepcopy(value, memo))
    return twin
