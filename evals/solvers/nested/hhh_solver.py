"""A solver that shows a base model conversations of an assistant before its task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.registry.typed_arguments import typed_arguments
from evals.solvers.prompts.hhh import HHH_MSGS
from evals.solvers.solver import NestedSolver, Solver, SolverResult
from evals.task_state import Message, TaskState


@typed_arguments
class HHHSolver(NestedSolver):
    """Puts conversations with a helpful, honest and harmless assistant before the task.

    For models that were not trained to chat: the examples make them answer like such an assistant. The idea is the
    prompt of Askell et al. 2021, arXiv:2112.00861; the conversations are our own. solver: a spec, or a solver.
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
