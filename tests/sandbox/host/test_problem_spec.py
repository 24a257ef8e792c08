"""Testers get all of a problem but its reference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests
from evals.sandbox.protocol import ProblemSpec, read, write
from evals.sandbox.tester.tester import problem_of

FUNCTION = Problem(
    "p", "def f(n):\n", FunctionTests("def check(candidate): ..."), "f", 3, 1 << 20, "def f(n): return 1"
)
PROGRAM = Problem("q", "", StdioTests((StdioCase("1\n", "2\n"), StdioCase("", ""))), None, 2.5)


@pytest.mark.parametrize("problem", [FUNCTION, PROGRAM])
def test_a_problem_comes_back_without_its_reference(problem):
    sent = write(problem_spec_of(problem, 7))
    assert problem.reference is None or problem.reference not in sent
    spec = read(sent, ProblemSpec)
    assert spec.number == 7
    assert problem_of(spec) == replace(problem, reference=None)
