"""The grader `python`: a function `grade(sample, item)` of the definition, run in the sandbox."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.errors import UsageError
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.verdict import Status, Verdict
from evals.suite.graders.definitions import Definition
from evals.suite.graders.grade import Grade, Helpers, NotGraded, passes
from evals.suite.graders.templates import Variable

MAX_SOURCE_BYTES = 256 * 1024
TIMEOUT_S = 120.0
MEMORY_BYTES = 2 << 30
"The limits of hosted Evals (OpenAI's guide of graders, 2026)."

_SCORE = "the grade is "

_CALL = """
import json, math, numbers

def check(grade):
    score = grade(json.loads({sample}), json.loads({item}))
    try:
        value = float(score) if isinstance(score, numbers.Real) else math.nan
    except Exception:
        value = math.nan
    raise AssertionError({said} + (repr(value) if math.isfinite(value) else "none: " + repr(score)[:100]))
"""
"The tests of a grader: they call it, and say what it gave. They run apart from it."


def problem_of(name: str, values: Mapping[str, Any]) -> Problem:
    """The problem whose check calls `grade` on an answer and a row, and says the grade."""
    sample, item = (repr(json.dumps(values[key], default=str)) for key in ("sample", "item"))
    source = _CALL.format(sample=sample, item=item, said=repr(_SCORE))
    return Problem(f"grader {name}", "", FunctionTests(source), "grade", TIMEOUT_S, MEMORY_BYTES)


def score_of_verdict(verdict: Verdict) -> float | None:
    """The grade that a verdict holds; None for an exception in `grade`, and for a grade that is no finite number.

    Raises:
        NotGraded: the grader could not be run: a module is missing, or a limit was reached.
    """
    if verdict.status is Status.FAILED and verdict.kind == "assertion":
        found = re.match(rf"{_SCORE}(none)?(\S+)", verdict.detail)
        return None if found is None or found[1] else float(found[2])
    if verdict.status is Status.FAILED and not verdict.detail.startswith(("ModuleNotFoundError", "ImportError")):
        return None
    detail = verdict.detail or verdict.status.value
    raise NotGraded(f"it could not be run: {verdict.status.value}, {detail[:200]}", fix=_fix_of(verdict))


def _fix_of(verdict: Verdict) -> str:
    if verdict.status is Status.FAILED:
        return "use the standard library, numpy, scipy, pandas or rapidfuzz: the sandbox has nothing else"
    return f"make the grader quicker or smaller: it has {TIMEOUT_S:g} s and {MEMORY_BYTES >> 30} GiB"


@dataclass(frozen=True)
class PythonGrader:
    """Scores what `grade(sample, item)` returns; a score from `pass_threshold` on passes.

    An exception in it, or a value that is no finite number, is an invalid grade of 0, as in hosted Evals: graders rely
    on that where an answer is, for example, no JSON.
    """

    name: str
    source: str
    pass_threshold: float | None
    type: str = "python"

    @classmethod
    def read(cls, given: Definition) -> PythonGrader:
        """The grader of a definition.

        Raises:
            UsageError: a key is missing, unknown or wrong, or the source does not define `grade`.
        """
        given.only("source", "image_tag", "pass_threshold")
        source = given.need("source")
        if not isinstance(source, str):
            raise given.wrong("source", "a text")
        _check_source(source, f"{given.where}.source")
        return cls(given.name, source, given.number("pass_threshold"))

    @property
    def variables(self) -> list[Variable]:
        return []

    async def grade(self, values: Mapping[str, Any], helpers: Helpers) -> Grade:
        """The grade; details: for an invalid one `problem`."""
        verdict = await helpers.run_program(problem_of(self.name, values), self.source)
        try:
            score = score_of_verdict(verdict)
        except NotGraded as error:
            raise NotGraded(f"grader {self.name!r}: {error.what}", fix=error.fix) from None
        if score is None:
            failed = None if self.pass_threshold is None else False
            return Grade(0.0, failed, invalid=True, details={"problem": verdict.detail[:500]})
        return Grade(score, passes(score, self.pass_threshold))


def _check_source(source: str, where: str) -> None:
    """Raise UsageError unless the source is Python that defines `grade`."""
    size_bytes = len(source.encode("utf-8", "replace"))
    if size_bytes > MAX_SOURCE_BYTES:
        raise UsageError(f"the source has {size_bytes:,} bytes", where=where, fix=f"at most {MAX_SOURCE_BYTES:,}")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise UsageError(f"the source is not Python: {error}", where=where, fix="correct it") from None
    if not any(_name_defined(statement) == "grade" for statement in ast.walk(tree)):
        raise UsageError(
            "the source defines no function 'grade'", where=where, fix="write def grade(sample, item): return 1.0"
        )


def _name_defined(statement: ast.AST) -> str | None:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return statement.name
    if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
        return statement.id
    return (statement.asname or statement.name) if isinstance(statement, ast.alias) else None
