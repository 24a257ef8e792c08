"""Chain of thought as a solver: one call reasons, a second one answers; the eval sees the answer only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.registry.typed_arguments import typed_arguments
from evals.solvers.memory import PersistentMemoryCache
from evals.solvers.prompts.cot import DEFAULT_COT_TEMPLATE, DEFAULT_EXTRACT_ANSWER_TEMPLATE
from evals.solvers.solver import NestedSolver, Solver, SolverResult
from evals.task_state import Message, TaskState


@typed_arguments
class CoTSolver(NestedSolver):
    """Asks `cot_solver` to reason, then `extract_solver` for the answer.

    cot_solver, extract_solver: specs, or solvers. persistent_memory: show the model its reasoning of earlier turns,
    which the eval does not send. private_interaction_length: messages that a turn adds before its answer; they are the
    two templates and the reasoning.
    """

    def __init__(
        self,
        cot_solver: Any,
        extract_solver: Any,
        cot_template: str = DEFAULT_COT_TEMPLATE,
        extract_template: str = DEFAULT_EXTRACT_ANSWER_TEMPLATE,
        persistent_memory: bool = True,
        private_interaction_length: int = 3,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
    ) -> None:
        super().__init__(
            postprocessors=postprocessors, registry=registry, cot_solver=cot_solver, extract_solver=extract_solver
        )
        self._cot_template = cot_template
        self._extract_template = extract_template
        self.interaction_cache = PersistentMemoryCache(private_interaction_length) if persistent_memory else None

    @property
    def cot_solver(self) -> Solver:
        return self.get_solver("cot_solver")

    @property
    def extract_solver(self) -> Solver:
        return self.get_solver("extract_solver")

    def cot_template(self, task_state: TaskState) -> str:
        """The request to reason. A subclass may let it depend on the task."""
        return self._cot_template

    def extract_template(self, task_state: TaskState) -> str:
        """The request for the answer. A subclass may let it depend on the task."""
        return self._extract_template

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        if self.interaction_cache:
            task_state.messages = self.interaction_cache.load_private_interaction(task_state)
        task_state.messages.append(Message("system", self.cot_template(task_state)))
        reasoning = self.cot_solver(task_state=task_state, **kwargs).output
        task_state.messages.append(Message("assistant", reasoning))
        task_state.messages.append(Message("system", self.extract_template(task_state)))
        answer = self.extract_solver(task_state=task_state, **kwargs).output
        task_state.messages.append(Message("assistant", answer))
        if self.interaction_cache:
            self.interaction_cache.save_private_interaction(task_state)
        return SolverResult(answer, reasoning_output=reasoning)

    @property
    def name(self) -> str:
        return f"CoT_{self.cot_solver.name}_{self.extract_solver.name}"
