"""The grader `string_check`: two texts that are equal, differ, or contain one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.suite.graders.definitions import Definition
from evals.suite.graders.grade import Grade, Helpers
from evals.suite.graders.templates import Template, Variable

OPERATIONS = ("eq", "ne", "neq", "like", "ilike")
"`neq` is another spelling of `ne`: OpenAI's guide of graders has it."


def string_check(operation: str, input: str, reference: str) -> bool:
    """Whether the check holds. eq, ne: letter for letter. like: `input` contains `reference`; ilike: in any case.

    Nothing is stripped, and `%` and `_` are no wildcards. Source: OpenAI's guide "Graders" (2026).
    """
    if operation == "eq":
        return input == reference
    if operation in ("ne", "neq"):
        return input != reference
    if operation == "like":
        return reference in input
    return reference.lower() in input.lower()


@dataclass(frozen=True)
class StringCheckGrader:
    """Scores 1 if the check holds, else 0; 1 passes."""

    name: str
    operation: str
    input: Template
    reference: Template
    type: str = "string_check"

    @classmethod
    def read(cls, given: Definition) -> StringCheckGrader:
        """The grader of a definition. Raises UsageError if a key is missing, unknown or wrong."""
        given.only("input", "reference", "operation")
        operation = given.choice("operation", OPERATIONS)
        return cls(given.name, operation, given.template("input"), given.template("reference"))

    @property
    def variables(self) -> list[Variable]:
        return [*self.input.variables, *self.reference.variables]

    async def grade(self, values: Mapping[str, Any], helpers: Helpers) -> Grade:
        """1 or 0; details: `input` and `reference`, filled."""
        input, reference = self.input.filled(values), self.reference.filled(values)
        holds = string_check(self.operation, input, reference)
        return Grade(float(holds), holds, details={"input": input, "reference": reference})
