"""The postprocessors that come with the package: white space, quotes, final periods."""

from __future__ import annotations

from typing import Any

from evals.solvers.postprocessors.base import PostProcessor
from evals.solvers.solver import SolverResult


class Strip(PostProcessor):
    """Removes white space, and newlines, at both ends."""

    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        return SolverResult(result.output.strip(), **result.metadata)


class RemoveQuotes(PostProcessor):
    """Removes one pair of equal quotes (' or ") around the whole answer; other quotes stay."""

    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        text = result.output
        quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
        return SolverResult(text[1:-1] if quoted else text, **result.metadata)


class RemovePeriod(PostProcessor):
    """Removes all periods at the end."""

    def __call__(self, result: SolverResult, *args: Any, **kwargs: Any) -> SolverResult:
        return SolverResult(result.output.rstrip("."), **result.metadata)
