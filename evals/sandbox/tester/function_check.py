"""Judges a function or class: its tests run here, the program elsewhere."""

from __future__ import annotations

import contextlib
import io
import sys
import types
from functools import lru_cache
from typing import Any

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.calls import Program
from evals.sandbox.tester.exits import HarnessError
from evals.sandbox.tester.shapes import Shape, parse_prompt


@lru_cache(maxsize=256)
def prompt_code(prompt: str) -> types.CodeType:
    """The prompt, compiled; empty where it is no Python."""
    return compile(parse_prompt(prompt), "prompt.py", "exec", dont_inherit=True)


@lru_cache(maxsize=256)
def tests_code(source: str) -> types.CodeType:
    """The tests, compiled. Raises HarnessError where they are no Python."""
    try:
        return compile(source, "tests.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise HarnessError(f"the tests cannot be compiled: {error}") from None


def namespace_of(problem: Problem) -> dict[str, Any]:
    """What prompt and tests define, with no program in it. Raises HarnessError where the tests fail by themselves."""
    assert isinstance(problem.tests, FunctionTests)
    module = types.ModuleType("tests")
    sys.modules["tests"] = module
    namespace = module.__dict__
    with contextlib.suppress(Exception):
        exec(prompt_code(problem.prompt), namespace)
    namespace.pop(problem.entry_point or "", None)
    return namespace


def run_tests(program: Program, problem: Problem, shape: Shape) -> None:
    """Run the tests on a loaded program; returns where they pass, and raises what they raise."""
    assert isinstance(problem.tests, FunctionTests)
    assert problem.entry_point is not None
    namespace = program.namespace
    namespace[problem.entry_point] = candidate = program.loaded()
    for name in sorted(shape.names - namespace.keys()):
        with contextlib.suppress(NameError):
            namespace[name] = program.named(name)
    try:
        exec(tests_code(problem.tests.source), namespace)
        check = namespace["check"]
    except (HarnessError, KeyError, ImportError) as error:
        if id(error) in program.raised:
            raise
        raise HarnessError(f"the tests cannot be run: {error!r}") from None
    check(candidate)


@contextlib.contextmanager
def quiet() -> Any:
    """What tests print goes nowhere."""
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept
