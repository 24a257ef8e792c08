"""Program and tests in one process: the tests get the program's live objects, and what came of them is said."""

from __future__ import annotations

import pytest
from sandbox_world import candidate

from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.protocol import Limits, SameProcessJob, job_parts


def said(source: str, tests: str) -> list:
    """What the process says of a program with the entry point f."""
    with candidate() as channel:
        channel.send(dumps(job_parts(SameProcessJob(source, Limits(1 << 30, 30), "f", tests))))
        return loads(channel.receive())


def check(line: str, before: str = "") -> str:
    return f"{before}\ndef check(candidate):\n    {line}\n"


def test_tests_that_look_into_a_program_pass():
    tests = check(
        "assert 'return 3' in inspect.getsource(candidate) and candidate.__code__.co_argcount == 1", "import inspect"
    )
    assert said("def f(n):\n    return 3\n", tests) == ["passed"]


def test_tests_see_what_the_program_defines_and_change_none_of_it():
    source = "limit = 3\ndef f():\n    return limit\n"
    assert said(source, check("assert candidate() == 3 and limit == 4", "limit = 4")) == ["passed"]


@pytest.mark.parametrize(
    ("source", "first", "text", "line"),
    [
        ("def f(): return 1", "AssertionError", "no two", 0),
        ("def f():\n    return 1 / 0", "ZeroDivisionError", "division by zero", 2),
        ("def g(): pass", "KeyError", "'f'", 0),
        ("import sys\nsys.exit(3)", "SystemExit", "3", 2),
        ("class Bad(Exception):\n    def __str__(self): raise self\nraise Bad", "Bad", "", 3),
    ],
)
def test_what_is_raised_is_said_with_its_classes_and_the_line_of_the_program(source, first, text, line):
    what, names, told, where = said(source, check("assert candidate() == 2, 'no two'"))
    assert (what, names[0], told, where) == ("raised", first, text, line)
    assert names[-1] == "object"


def test_what_cannot_be_compiled_is_said():
    assert said("def f(", check("pass"))[0] == "syntax"


def test_there_is_no_input_and_output_goes_nowhere():
    source = "def f():\n    print('x' * 10**6)\n    try: input()\n    except EOFError: return 1\n"
    assert said(source, check("assert candidate() == 1")) == ["passed"]
