"""What graders take and give: the subject of a grade, the grade, and what a grader may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evals.errors import DataError
from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Verdict
from evals.suite.graders.templates import Variable


class NotGraded(DataError):
    """A grader gave no grade, for a reason that lies in the grader. The sample fails and is not scored."""

    record_type = "not graded"


@dataclass(frozen=True)
class Grade:
    """What a grader says of one answer."""

    score: float
    passed: bool | None
    "None if the grader has no threshold: it gives a score and no verdict."
    invalid: bool = False
    "Whether the score is the 0 that stands for a grade which is no number."
    details: Mapping[str, Any] = field(default_factory=dict)
    "Further keys of the grade's event."


class Helpers(Protocol):
    """What a grader may ask for beside its subject."""

    async def ask(self, model: str, messages: list[dict[str, Any]], options: Mapping[str, Any]) -> str:
        """The answer of the grader model to a chat."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The embedding of each text."""
        ...

    async def run_program(self, problem: Problem, program: str) -> Verdict:
        """What came of a program in the sandbox."""
        ...


class Grader(Protocol):
    """One grader, read from its definition."""

    @property
    def name(self) -> str:
        """The name of the criterion, for reports."""
        ...

    @property
    def type(self) -> str:
        """The kind, as definitions name it."""
        ...

    @property
    def variables(self) -> Sequence[Variable]:
        """All variables of its templates."""
        ...

    async def grade(self, values: Mapping[str, Any], helpers: Helpers) -> Grade:
        """The grade of one answer. values: `item`, the row, and `sample`, the answer.

        Raises:
            Absent: the answer lacks a part that the templates name. NotGraded: the grader failed.
        """
        ...


def passes(score: float, threshold: float | None) -> bool | None:
    """Whether a score passes: it does from the threshold on, the threshold itself included; None without one.

    The rule is that of OpenAI's API description 2.3.0: "greater than or equal indicates a passing grade".
    """
    return None if threshold is None else score >= threshold
