"""The base class of postprocessors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from evals.solvers.solver import SolverResult


class PostProcessor(ABC):
    """Changes the answer of a solver into the one that the eval sees."""

    @abstractmethod
    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        """The result with the changed answer and the same metadata."""
