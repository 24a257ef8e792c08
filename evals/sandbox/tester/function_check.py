"""Judges a function or a class: its tests run here, the program elsewhere."""

from __future__ import annotations

import contextlib
import io
import sys
import types
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.calls import Program
from evals.sandbox.tester.exits import HarnessError
from evals.sandbox.tester.shapes import Shape, parse_prompt


@lru_cache(maxsize=256)
def prompt_code(prompt: str) -> types.CodeType:
    """The prompt, compiled; of no statements if it is not Python."""
    return compile(parse_prompt(prompt), "prompt.py", "exec", dont_inherit=True)


@lru_cache(maxsize=256)
def tests_code(source: str) -> types.CodeType:
    """The tests, compiled.

    Raises:
        HarnessError: they are not Python.
    """
    try:
        return compile(source, "tests.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise HarnessError(f"the tests cannot be compiled: {error}") from None


def namespace_of(problem: Problem) -> dict[str, Any]:
    """What the prompt defines, in a module for the tests; without the entry point, which is the program's."""
    assert isinstance(problem.tests, FunctionTests)
    module = types.ModuleType("tests")
    sys.modules["tests"] = module
    namespace = module.__dict__
    # A prompt may be cut off, or import what is not installed: what it defines up to there is used.
    with contextlib.suppress(Exception):
        exec(prompt_code(problem.prompt), namespace)
    namespace.pop(problem.entry_point or "", None)
    return namespace


def run_tests(program: Program, problem: Problem, shape: Shape) -> None:
    """Run the tests on a program that was given its source; returns if they pass, and raises what they raise.

    Raises:
        HarnessError: the tests cannot be run, whatever the program is.
        Exit: the check has ended before them.
    """
    assert isinstance(problem.tests, FunctionTests)
    assert problem.entry_point is not None
    namespace = program.namespace
    namespace[problem.entry_point] = candidate = program.loaded()
    # Tests may use helpers that the prompt asks for and only the program defines.
    for name in sorted(shape.names - namespace.keys()):
        with contextlib.suppress(NameError):
            namespace[name] = program.named(name)
    try:
        exec(tests_code(problem.tests.source), namespace)
        check = namespace["check"]
    except (HarnessError, KeyError, ImportError) as error:
        if id(error) in program.raised:
            raise  # the program raised it, in a call that the tests make as they are loaded
        raise HarnessError(f"the tests cannot be run: {error!r}") from None
    check(candidate)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let what tests print go nowhere."""
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept
