"""A problem as testers take it: what the evaluator knows of it beyond that stays with the evaluator."""

from __future__ import annotations

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.protocol import ProblemSpec


def problem_spec_of(problem: Problem, number: int) -> ProblemSpec:
    """What is sent of a problem: all but its reference. number: by which later checks name it."""
    tests = problem.tests
    return ProblemSpec(
        number=number,
        problem_id=problem.problem_id,
        prompt=problem.prompt,
        entry_point=problem.entry_point,
        timeout_s=problem.timeout_s,
        memory_bytes=problem.memory_bytes,
        tests=tests.source if isinstance(tests, FunctionTests) else None,
        cases=() if isinstance(tests, FunctionTests) else tuple((case.stdin, case.stdout) for case in tests.cases),
        numbers="decimals" if isinstance(tests, FunctionTests) else tests.numbers,
    )
