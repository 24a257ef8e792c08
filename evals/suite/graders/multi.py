"""The grader `multi`: several graders, and a formula that makes one score of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.errors import UsageError, did_you_mean
from evals.suite.graders.definitions import Definition
from evals.suite.graders.formula import FUNCTIONS, BadFormula, Formula, read_formula
from evals.suite.graders.grade import Grade, Grader, Helpers, NotGraded, passes
from evals.suite.graders.templates import Absent, Variable


@dataclass(frozen=True)
class MultiGrader:
    """Scores the value of `calculate_output`; a score from `pass_threshold` on passes, if there is one."""

    name: str
    graders: Mapping[str, Grader]
    formula: Formula
    pass_threshold: float | None
    type: str = "multi"

    @classmethod
    def read(cls, given: Definition, graders: Mapping[str, Grader]) -> MultiGrader:
        """The grader of a definition. graders: those of its key `graders`, read.

        Raises:
            UsageError: a key is missing, unknown or wrong, or the formula cannot be computed from the graders.
        """
        given.only("graders", "calculate_output", "pass_threshold")
        text = given.need("calculate_output")
        if not isinstance(text, str):
            raise given.wrong("calculate_output", 'a formula, such as "(a + b) / 2"')
        return cls(given.name, graders, _formula(text, graders, given.where), given.number("pass_threshold"))

    @property
    def variables(self) -> list[Variable]:
        return [variable for grader in self.graders.values() for variable in grader.variables]

    async def grade(self, values: Mapping[str, Any], helpers: Helpers) -> Grade:
        """The value of the formula; details: `scores`, those of the graders by their keys.

        A grader that names a part which the answer does not have gives 0, and the others are asked as usual.
        """
        grades: dict[str, Grade] = {}
        for key, grader in self.graders.items():
            try:
                grades[key] = await grader.grade(values, helpers)
            except Absent as error:
                grades[key] = Grade(0.0, False, details={"problem": str(error)})
        scores = {key: grade.score for key, grade in grades.items()}
        try:
            score = self.formula.value(scores)
        except BadFormula as error:
            raise NotGraded(f"grader {self.name!r}: {error}", notes=[f"scores: {scores}"]) from None
        invalid = any(grade.invalid for grade in grades.values())
        return Grade(score, passes(score, self.pass_threshold), invalid, {"scores": scores})


def _formula(text: str, graders: Mapping[str, Grader], where: str) -> Formula:
    place = f"{where}.calculate_output"
    try:
        formula = read_formula(text)
    except BadFormula as error:
        fix = f"use the graders' keys, numbers, + - * / ^, brackets, {', '.join(FUNCTIONS)}"
        raise UsageError(f"the formula {text!r} cannot be read: {error}", where=place, fix=fix) from None
    for name in formula.names:
        if name not in graders:
            raise UsageError(
                f"the formula names {name!r}, and no grader has this key",
                where=place,
                notes=[did_you_mean(name, graders), f"keys: {', '.join(graders)}"],
                fix="correct the formula, or add the grader",
            )
    return formula
