"""A sandbox that trusts every program, for programs that stand in tests alone."""

from __future__ import annotations

from typing import Any

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.verdict import Status, Verdict


class Trusting:
    """Runs programs in this process and keeps them in `programs`."""

    def __init__(self) -> None:
        self.programs: list[str] = []

    def check(self, problem: Problem, program: str) -> Verdict:
        self.programs.append(program)
        assert isinstance(problem.tests, FunctionTests)
        space: dict[str, Any] = {}
        try:
            exec(program, space)
            exec(problem.tests.source, space)
            space["check"](space[str(problem.entry_point)])
        except SyntaxError:
            return Verdict(Status.SYNTAX_ERROR, detail="invalid syntax", assurance="unsafe")
        except AssertionError:
            return Verdict(Status.FAILED, "assertion", assurance="unsafe")
        except Exception as error:
            return Verdict(Status.FAILED, "exception", repr(error), assurance="unsafe")
        return Verdict(Status.PASSED, assurance="unsafe", wall_s=0.01)
