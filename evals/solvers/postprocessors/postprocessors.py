"""Stock postprocessors: white space, quotes, final periods."""

from __future__ import annotations

from typing import Any

from evals.solvers.postprocessors.base import PostProcessor
from evals.solvers.solver import SolverResult


class Strip(PostProcessor):
    """Takes white space, newlines too, off both ends."""

    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        return SolverResult(result.output.strip(), **result.metadata)


class RemoveQuotes(PostProcessor):
    """Takes off one pair of equal quotes (' or ") around the whole; a lone or inner one stays."""

    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        text = result.output
        quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
        return SolverResult(text[1:-1] if quoted else text, **result.metadata)


class RemovePeriod(PostProcessor):
    """Takes off all periods that the answer ends in."""

    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        return SolverResult(result.output.rstrip("."), **result.metadata)
