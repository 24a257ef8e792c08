"""Judges a function or a class: its tests run here, the program elsewhere."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import types
from functools import lru_cache
from typing import Any

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.calls import Program
from evals.sandbox.tester.exits import HarnessError
from evals.sandbox.tester.guard import watched
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
    # A prompt may be cut off: what it defines up to there is used.
    try:
        exec(prompt_code(problem.prompt), namespace)
    except ImportError:
        _run_each(problem.prompt, namespace)
    except Exception:
        pass
    namespace.pop(problem.entry_point or "", None)
    return namespace


def _run_each(prompt: str, namespace: dict[str, Any]) -> None:
    """Run the statements of a prompt one by one, but for imports of what is not installed here."""
    for node in parse_prompt(prompt).body:
        with contextlib.suppress(Exception):
            exec(compile(ast.Module([node], []), "prompt.py", "exec", dont_inherit=True), namespace)


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
    source = problem.tests.source
    code = tests_code(source)
    try:
        with watched(program):
            exec(code, namespace)
            if "check" not in namespace:
                raise HarnessError("the tests cannot be run: they define no check")
            namespace["check"](candidate)
    except Exception as error:
        loading = "check" not in namespace
        if id(error) not in program.raised and _is_of_tests(error, source, loading, bool(program.n_asked)):
            raise HarnessError(f"the tests cannot be run: {error!r}") from None
        raise


def _is_of_tests(error: Exception, source: str, loading: bool, asked: bool) -> bool:
    """Whether tests raise an exception whatever the program is.

    loading: they do it before they define `check`. asked: something was asked of the program before. Then it may come
    from a value of the program, say of a name by which the tests import.
    """
    if isinstance(error, ImportError):
        return not asked or (error.name or "").split(".")[0] in _imported(source)
    # A name that is nowhere may be one that the program has to define.
    return loading and not asked and not isinstance(error, NameError | MemoryError)


@lru_cache(maxsize=256)
def _imported(source: str) -> frozenset[str]:
    """Top-level packages that a source names in its imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return frozenset(found)


class Quiet:
    """Lets what tests print in its `with` block go nowhere."""

    def __enter__(self) -> None:
        self._kept = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()

    def __exit__(self, *raised: object) -> None:
        sys.stdout, sys.stderr = self._kept
