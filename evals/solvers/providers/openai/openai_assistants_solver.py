"""The solver over OpenAI's Assistants API, which is not supported; plug-ins import it from here."""

from __future__ import annotations

from typing import Any

from evals.errors import RegistryError
from evals.solvers.solver import Solver, SolverResult
from evals.task_state import TaskState


class OpenAIAssistantsSolver(Solver):
    """Raises a RegistryError that says what to use instead. The name stays, so that old registries and imports load."""

    def __init__(self, model: str | None = None, *args: Any, **kwargs: Any) -> None:
        raise RegistryError(
            "solvers over OpenAI's Assistants API are not supported",
            notes=["OpenAI deprecated that API in 2025 in favour of the responses endpoint"],
            fix=f"use generation/direct/{model or 'MODEL'}, or a completion function on the responses endpoint",
        )

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        raise NotImplementedError
