"""Shows a base model what an assistant's conversations look like before its task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.registry.typed_arguments import typed_arguments
from evals.solvers.prompts.hhh import HHH_MSGS
from evals.solvers.solver import NestedSolver, Solver, SolverResult
from evals.task_state import Message, TaskState


@typed_arguments
class HHHSolver(NestedSolver):
    """Puts conversations with a helpful, honest, harmless assistant before the task.

    For models that were never tuned to chat: the examples make them go on as such an assistant would. The idea is
    the prompt of Askell et al. 2021, arXiv:2112.00861; the conversations are our own.
    """

    def __init__(self, solver: Any, postprocessors: Sequence[str] = (), registry: Any = None) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry, solver=solver)

    @property
    def solver(self) -> Solver:
        return self.get_solver("solver")

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        opening, *conversations = HHH_MSGS
        task = Message("system", task_state.task_description)
        task_state.messages = [*conversations, task, *task_state.messages]
        task_state.task_description = opening.content
        return self.solver(task_state=task_state, **kwargs)

    @property
    def name(self) -> str:
        return f"{self.solver.name}_hhh"
