"""The protocol of a postprocessor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from evals.solvers.solver import SolverResult


class PostProcessor(ABC):
    """Takes what a solver answered and gives the answer that the eval sees."""

    @abstractmethod
    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        """The repaired result, metadata kept."""
