"""A row of evalplus, and whether a program passes the tests of a row."""

from __future__ import annotations

from typing import Any

from trusting import Trusting

from evals.suite.code.problems import code_problem

PLUS = {
    "task_id": "HumanEval/x",
    "prompt": 'def half(a):\n    """Half."""\n',
    "entry_point": "half",
    "canonical_solution": "    return a / 2\n",
    "base_input": [[1], [3.0]],
    "plus_input": [[1e6], [-7]],
    "contract": "",
    "atol": 0,
}


def passes(row: dict[str, Any], program: str) -> bool:
    """Whether `program`, which stands in a test, passes the tests of `row`."""
    verdict = Trusting().check(code_problem(row).problem, program)
    assert verdict.kind in (None, "assertion"), verdict
    return verdict.passed
