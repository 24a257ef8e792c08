"""A candidate answers calls with values and objects with numbers, exceptions are told, and printed text is passed on."""

from __future__ import annotations

import contextlib

import pytest
from sandbox_world import candidate

from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.protocol import FunctionJob, Limits, job_parts

LIMITS = Limits(1 << 30, 30)


class Called:
    """The tester's end of a program that has loaded."""

    def __init__(self, channel, source: str, classes=(), max_output_bytes: int = 100) -> None:
        self.channel = channel
        channel.send(dumps(job_parts(FunctionJob(source, LIMITS, "f", classes, max_output_bytes))))
        self.loaded = self.heard()

    def heard(self):
        return loads(self.channel.receive())

    def asked(self, operation, target=0, name="", args=(), kwargs=None, feeds=()):
        """What comes back first for one request."""
        self.channel.send(dumps([operation, target, name, list(feeds)]) + "\n" + dumps([list(args), kwargs or []]))
        return self.heard()


@pytest.fixture
def program():
    """Starts programs, each in a process of its own."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **named: Called(stack.enter_context(candidate()), *args, **named)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def f(): pass", "function"),
        ("f = len", "function"),
        ("class f: pass", "class"),
        ("async def f(): pass", "coroutine"),
        ("f = 3", "value"),
    ],
)
def test_it_says_what_its_entry_point_is_and_what_loading_printed(program, source, kind):
    assert program(f"print('hello')\n{source}").loaded == ["loaded", kind, "hello\n"]


def test_what_cannot_be_compiled_is_said(program):
    what, said = program("def f(").loaded
    assert what == "syntax"
    assert said.startswith("SyntaxError: ")


@pytest.mark.parametrize(
    ("source", "shown", "text", "line"),
    [
        ("import sys\nsys.exit(0)", "SystemExit", "0", 2),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "", 1),
        ("def g(): pass", "NameError", "the program defines no f", 0),
    ],
)
def test_a_module_that_raises_or_has_no_entry_point_is_told(program, source, shown, text, line):
    message = program(source).loaded
    assert (message[0], message[1], message[4], message[6]) == ("raised", shown, text, line)


def test_values_and_changed_arguments_come_back(program):
    called = program("def f(items, n=0):\n    items.append(n)\n    print(n)\n    return len(items)\n")
    assert called.asked("call", args=[[1]], kwargs=[["n", 5]]) == ["value", 2, [[1, 5]], "5\n"]
    assert program("def f(items): return 1").asked("call", args=[[1]]) == ["value", 1, None, ""]


def test_live_objects_get_numbers_by_which_they_are_used(program):
    called = program("class A:\n    x = 3\n    def __len__(self): return 7\ndef f(): return A()\ndef g(): yield 1\n")
    _, value, _, _ = called.asked("call")
    assert value == {"h": ["object", 1, 2, "A", ["__len__"], []]}
    assert called.asked("get", 1, "x")[1] == 3
    assert called.asked("operator", 1, "__len__")[1] == 7
    assert called.asked("set", 1, "y", [[4]])[:2] == ["value", None]
    assert called.asked("get", 1, "y")[1] == [4]
    assert called.asked("value", "g")[1] == {"h": ["function", 3, "g"]}
    assert called.asked("call", "g")[1] == {"h": ["generator", 4]}
    assert called.asked("method", 4, "__next__")[1] == 1
    assert called.asked("method", 4, "__next__")[1] == "StopIteration"


def test_comparisons_are_never_done_for_the_tester(program):
    called = program("class A:\n    def __eq__(self, other): return True\ndef f(): return A()\n")
    called.asked("call")
    message = called.asked("operator", 1, "__eq__", [3])
    assert (message[0], message[1], message[4]) == ("raised", "TypeError", "__eq__ is never forwarded")


def test_an_exception_is_told_by_its_true_classes(program):
    source = "class ValueError(KeyError):\n    pass\ndef f():\n    error = ValueError('x', 3)\n    error.code = 5\n    raise error\n"
    what, shown, names, args, text, held, line, _, _ = program(source).asked("call")
    assert (what, shown, line) == ("raised", "ValueError", 6)
    assert names == ["KeyError", "LookupError", "Exception", "BaseException", "object"]
    assert (args, text, held) == (["x", 3], "('x', 3)", [["code", 5]])


def test_an_exception_that_raises_as_it_is_looked_at_is_told_without_its_text(program):
    source = "class Bad(Exception):\n    def __str__(self): raise self\ndef f(): raise Bad(1)\n"
    what, shown, names, args, text, *_ = program(source).asked("call")
    assert (what, shown, args, text) == ("raised", "Bad", [], "")
    assert names == ["Exception", "BaseException", "object"]


def test_batched_calls_are_done_in_turn_up_to_a_live_object(program):
    called = program("seen = []\ndef f(n):\n    seen.append(n)\n    return iter(seen) if n == 2 else n\n")
    called.channel.send('["calls",0,"",[]]\n' + "\n".join(f"[[{n}],[]]" for n in (1, 2, 3)))
    assert called.heard() == ["value", 1, None, ""]
    assert called.heard()[1]["h"][0] == "iterator"
    assert called.heard() == ["dropped"]
    assert called.asked("value", "seen")[1] == [1, 2]


def test_functions_of_the_tests_are_asked_for_and_may_call_back(program):
    called = program("def f(g): return g(1) + 1\ndef h(): return 10\n")
    assert called.asked("call", args=[{"cb": 0}]) == ["ask", "call", 0, [[1], {"M": {}}]]
    assert called.asked("call", "h")[1] == 10
    called.channel.send(dumps(["answer", 5]))
    assert called.heard()[:2] == ["value", 6]


def test_an_exception_of_a_function_of_the_tests_comes_up_in_the_program(program):
    called = program("def f(g):\n    try: g()\n    except KeyError as error: return error.args[0]\n")
    assert called.asked("call", args=[{"cb": 3}])[:3] == ["ask", "call", 3]
    called.channel.send(dumps(["answer_raised", [["KeyError", "LookupError"], ["k"]]]))
    assert called.heard()[:2] == ["value", "k"]


def test_input_is_asked_for_only_where_the_tests_give_it(program):
    called = program("import sys\ndef f(): return [input('? '), sys.stdin.readline(), sys.stdin.read(3)]\n")
    assert called.asked("call", feeds=["input", "stdin"]) == ["ask", "input", 0, [["? "], {"M": {}}]]
    called.channel.send(dumps(["answer", "a"]))
    assert called.heard() == ["ask", "stdin", 0, [["readline", -1], {"M": {}}]]
    called.channel.send(dumps(["answer", "b\n"]))
    assert called.heard() == ["ask", "stdin", 0, [["read", 3], {"M": {}}]]
    called.channel.send(dumps(["answer", "c"]))
    assert called.heard()[1] == ["a", "b\n", "c"]
    assert called.asked("call")[1] == "EOFError"


def test_output_beyond_the_limit_is_dropped(program):
    called = program("def f(n):\n    print('x' * n)\n", max_output_bytes=10)
    assert called.asked("call", args=[8])[3] == "x" * 8 + "\n"
    assert called.asked("call", args=[8])[3] == "x"
    assert called.asked("call", args=[8])[3] == ""


def test_an_answer_that_is_too_long_is_said(program):
    called = program("def f(): return 'x' * (1 << 25)")
    what, said = called.asked("call")
    assert what == "wrong_type"
    assert "at most 16,777,216 are taken" in said


def test_what_is_no_value_is_said(program):
    what, said = program("import numpy\ndef f(): return numpy.array([object()])").asked("call")
    assert (what, said) == ("wrong_type", "an array of object cannot travel")


def test_memory_is_limited_before_the_program_is_loaded(program):
    assert program("def f(): return 1\nx = bytearray(2 << 30)").loaded[1] == "MemoryError"
