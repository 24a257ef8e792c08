"""What tests need of a program is read from their source: whether they can be kept apart, and what must be passed on."""

from __future__ import annotations

import pytest

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.shapes import Shape, parse_prompt, shape_of

POINT = "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\ndef f(p):\n    pass\n"
ADDING = (
    "class V:\n    def __add__(self, other): ...\n    def length(self): ...\nclass W(V):\n    def __abs__(self): ...\n"
)


def shape(body: str, prompt: str = "", before: str = "", entry: str = "f") -> Shape:
    """The shape of tests whose `check(candidate)` has this body."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return shape_of(Problem("p", prompt, FunctionTests(f"{before}\ndef check(candidate):\n{lines}"), entry))


@pytest.mark.parametrize(
    ("body", "before", "reason"),
    [
        ("assert 'x' in inspect.getsource(candidate)", "import inspect", "the tests use inspect"),
        ("assert gc.get_objects()", "from gc import get_objects", "the tests use gc"),
        ("assert globals()['f']", "", "the tests use globals"),
        ("assert candidate.__code__", "", "the tests use __code__"),
        ("candidate.cache_clear()", "", "the tests use cache_clear"),
        (
            "with patch('time.sleep'): candidate()",
            "from unittest.mock import patch",
            "the tests replace parts of modules",
        ),
        ("with mock.patch.object(time, 'sleep'): candidate()", "", "the tests replace parts of modules"),
        ("monkeypatch.setattr(time, 'sleep', print)", "", "the tests replace parts of modules"),
        (
            "candidate(Own())",
            "class Own:\n    def helps(self): ...",
            "the tests hand over objects of their own class Own",
        ),
    ],
)
def test_tests_that_need_live_objects_are_weak_and_it_is_said_why(body, before, reason):
    assert shape(body, before=before).weak_because == reason


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("assert candidate(1) == 2", ""),
        ("with patch('builtins.input', side_effect=['1']): candidate()", "from unittest.mock import patch"),
        ("with patch('sys.stdout', new=x): candidate()", "from unittest.mock import patch"),
        (
            "candidate(Own(1))",
            "class Own:\n    def __init__(self, n): self.n = n\n    def __eq__(self, other): return True",
        ),
        ("unittest.main()", "import unittest\nclass Tests(unittest.TestCase):\n    def test_it(self): ..."),
        ("assert {}.setdefault('a', 1) == candidate(dict(a=1))", ""),
    ],
)
def test_tests_that_can_be_kept_apart_are_strict(body, before):
    assert shape(body, before=before).weak_because is None


def test_a_class_that_decides_what_is_equal_cannot_be_tested_apart():
    prompt = "class V:\n    def __eq__(self, other): ...\n    def __lt__(self, other): ...\n"
    assert shape("pass", prompt, entry="V").weak_because == (
        "the class under test decides by itself what is equal (__eq__, __lt__)"
    )
    assert shape("pass", prompt + "def f(): ...", entry="f").weak_because is None


def test_classes_of_prompt_and_tests_travel_by_their_attributes_but_not_the_one_under_test():
    found = shape("pass", POINT, "class Own:\n    pass\n")
    assert found.classes == {"Point", "Own"}
    assert shape("pass", POINT, entry="Point").classes == frozenset()
    assert shape("pass", POINT, entry="Point").entry_is_class is True


def test_operators_of_the_class_under_test_and_of_what_it_derives_from_may_be_given_anything():
    assert shape("pass", ADDING, entry="W").operators == {"__add__", "__abs__"}
    assert shape("pass", ADDING, entry="V").operators == {"__add__"}
    assert shape("pass", ADDING, entry="f").operators == frozenset()


def test_names_that_nobody_else_defines_are_asked_of_the_program():
    body = (
        "x = helper(candidate(1))\nfor y in [1]: assert len(other) and x\ntry: pass\nexcept ValueError as error: error"
    )
    assert shape(body, "def other(): ...").names == {"helper"}


@pytest.mark.parametrize(
    ("body", "fed", "read", "stops"),
    [
        ("sys.stdin = x", True, False, False),
        ("builtins.input = x", True, False, False),
        ("with redirect_stdout(x): pass", False, True, False),
        ("sys.stdout = x", False, True, False),
        ("try: next(candidate())\nexcept StopIteration: pass", False, False, True),
        ("with patch('builtins.input'): pass", True, True, True),
        ("assert candidate() == 1", False, False, False),
    ],
)
def test_input_output_and_the_end_of_iteration_are_passed_on_only_where_tests_mention_them(body, fed, read, stops):
    found = shape(body)
    assert (found.feeds_input, found.reads_output, found.names_stop_iteration) == (fed, read, stops)


@pytest.mark.parametrize(
    ("body", "guards"),
    [
        ("with candidate() as x: assert x == 1", True),
        ("with candidate():\n    assert 1", True),
        ("with candidate() as x: pass", True),
        ("with candidate(): pass", False),
    ],
)
def test_a_with_block_guards_what_must_not_be_swallowed(body, guards):
    assert shape(body).guards_with is guards


def test_calls_are_batched_only_where_nothing_happens_between_them():
    body = "assert candidate(1) == 5\nassert candidate(2) == 6"
    assert len(shape(body).batched_calls) == 2
    assert shape(body, before="import sys\nsys.stdout").batched_calls == ()
    assert shape(f"{body}\nhelper()").batched_calls == ()
    assert shape(body, "class f: ...").batched_calls == ()


@pytest.mark.parametrize("source", ["def check(candidate)", "x = '\0'", "(" * 10_000])
def test_tests_that_cannot_be_read_are_an_error(source):
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError)):
        shape_of(Problem("p", "", FunctionTests(source), "f"))


@pytest.mark.parametrize(
    ("prompt", "n_statements"), [("x = 1\ny = 2", 2), ("def f(n):", 1), ("nonsense here", 0), ("", 0)]
)
def test_a_prompt_is_read_as_far_as_it_is_python(prompt, n_statements):
    assert len(parse_prompt(prompt).body) == n_statements
