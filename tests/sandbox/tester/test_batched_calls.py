"""Calls that are sent together: which are certain, and that a program sees them in no other order than it would have."""

from __future__ import annotations

import json

import pytest

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.shapes import shape_of


def arguments(tests: str) -> list:
    """The positional arguments of the calls that are certain; tuples and dictionaries are not in these tests."""
    return [json.loads(body)[0] for body in batch(tests)]


def batch(tests: str, prompt: str = "") -> tuple[str, ...]:
    return shape_of(Problem("p", prompt, FunctionTests(tests), "f")).batched_calls


def check(*lines: str, before: str = "") -> str:
    return before + "def check(candidate):\n" + "".join(f"    {line}\n" for line in lines)


def test_calls_with_literals_are_certain_in_the_order_in_which_python_makes_them():
    tests = check(
        '"""Says what it does."""',
        "assert candidate(1) == 20, 'message'",
        "assert abs(candidate(2.5, [1, 'a']) - candidate(-3)) < 1e-6",
        "assert [candidate(4), (candidate(5),)] == {candidate(6): candidate(7)}",
        "assert not candidate(8)",
        "assert sorted(candidate(9), reverse=True) == round(candidate(10))",
        before="import math\nMETADATA = {'author': 'x'}\n",
    )
    assert arguments(tests) == [[1], [2.5, [1, "a"]], [-3], [4], [5], [6], [7], [8], [9], [10]]


@pytest.mark.parametrize(
    "line",
    [
        "assert candidate(0) and candidate(1)",
        "assert candidate(0) if candidate(1) else candidate(2)",
        "assert 0 < candidate(1) < candidate(2)",
        "assert [candidate(i) for i in range(3)] == []",
        "assert helper(candidate(1))",
        "assert math.floor(candidate(1))",
        "assert candidate(1) == 2, f'not {candidate(1)}'",
        "assert sorted([1], key=candidate)",
        "assert candidate(x) == 1",
        "assert candidate({1, 2}) == 1",
        "assert candidate(n=1) == 1",
        "assert candidate(*[1]) == 1",
        "assert candidate(candidate(1)) == 1",
        "assert (lambda: candidate(1))",
        "candidate(1)",
        "x = candidate(1)",
        "if True: assert candidate(1)",
        "for i in range(2): assert candidate(i)",
        "try: assert candidate(1)\n    except ValueError: pass",
        "with open('x'): assert candidate(1)",
        "assert (y := candidate(1))",
    ],
)
def test_what_may_be_left_out_or_depends_on_more_ends_what_is_certain(line):
    before = "import math\nx = 1\ndef helper(y):\n    return y\n"
    found = arguments(
        check("assert candidate('a')", "assert candidate('b')", line, "assert candidate('c')", before=before)
    )
    assert found[:2] == [["a"], ["b"]]
    assert ["c"] not in found


@pytest.mark.parametrize(
    "tests",
    [
        check("assert candidate(1)", "assert candidate(2)", before="x = f(0)\n"),
        check("assert candidate(1)", "assert candidate(2)", before="def helper():\n    return f(0)\n"),
        check("assert candidate(1)", "assert abs(candidate(2))", before="def abs(x):\n    return x\n"),
        check("assert candidate(1)", "assert candidate(2)", before="@print\ndef other():\n    pass\n"),
        check("assert candidate(1)", "assert candidate(2)") + check("assert candidate(3)", "assert candidate(4)"),
        check("assert candidate(1)", "assert candidate(2)") + "check(print)\n",
        "def check(candidate, n=1):\n    assert candidate(1)\n    assert candidate(2)\n",
        "def check(*candidates):\n    assert candidates[0](1)\n    assert candidates[0](2)\n",
        "async def check(candidate):\n    assert candidate(1)\n    assert candidate(2)\n",
        check("assert candidate(1)"),
        check(f"assert candidate('{'x' * 40_000}')", "assert candidate(2)"),
    ],
)
def test_nothing_is_certain_where_tests_may_call_in_another_way_or_too_little_would_be_gained(tests):
    assert batch(tests) == ()


def test_nothing_is_certain_where_the_prompt_has_another_meaning_for_a_function_of_python():
    tests = check("assert candidate(1)", "assert abs(candidate(2))")
    assert len(batch(tests)) == 2
    assert batch(tests, "def abs(x):\n    return f(x)\n") == ()


@pytest.mark.parametrize(
    ("answer", "argument"),
    [("3", "3"), ("[1, 3, 2]", "[1, 3, 2]"), ("[1, 3, 2]", "[[1, 3, 2], 5]"), ("{'a': [7, 8]}", "[7, 8]"), ("'wxyz'", "'wxyzw'"),
     ("('a', 2)", "{('a', 2): 1}"), ("2.5", "2.5"), ("'b'", "'b'")],
)  # fmt: skip
def test_no_answer_is_sent_before_it_is_asked_for(answer, argument):
    assert batch(check(f"assert candidate('k') == {answer}", f"assert candidate({argument}) == 0")) == ()
    assert batch(check(f"assert candidate({argument}) == 0", f"assert candidate('k') == {answer}")) != ()


def test_a_prompt_that_calls_the_program_by_itself_is_tested_in_turn():
    tests = check("assert candidate(1)", "assert str(candidate(2))")
    assert len(batch(tests, "class A:\n    pass\ndef f(n):\n    pass\n")) == 2
    assert batch(tests, "class A:\n    def __str__(self):\n        return f(1)\ndef f(n):\n    pass\n") == ()


def verdict(sandbox, program: str, tests: str):
    return sandbox.check(Problem("p", "", FunctionTests(tests), "f", 20.0), program)


def test_a_program_sees_its_calls_in_the_order_of_the_tests_whatever_it_returns(strict):
    program = """
seen = []
def f(x):
    seen.append(x)
    if x == 2:
        return (seen.append(("step", n)) or n for n in range(2))
    return list(seen)
"""
    tests = check(
        "assert candidate(1) == [1]",
        "assert list(candidate(2)) == [0, 1]",
        "assert candidate(3) == [1, 2, ('step', 0), ('step', 1), 3]",
        "assert candidate(4) == [1, 2, ('step', 0), ('step', 1), 3, 4]",
    )
    assert len(batch(tests)) == 4
    assert verdict(strict, program, tests).status.value == "passed"


@pytest.mark.parametrize(
    "program",
    [
        "def f(n):\n    yield n\n",
        "def f(n):\n    return lambda: n\n",
        "def f(n):\n    return {n: 1}.keys()\n",
        "class A:\n    pass\ndef f(n):\n    return A()\n",
        "class f:\n    x = 5\n    def __new__(cls, n):\n        return cls\n",
    ],
)
def test_live_objects_come_one_call_at_a_time(strict, program):
    tests = check(*(f"assert candidate({n}) is not None" for n in range(4)), "assert candidate(5) is not None")
    assert len(batch(tests)) == 5
    assert verdict(strict, program, tests).status.value == "passed"


def test_a_program_cannot_look_up_its_answers_in_what_is_still_to_come(strict):
    program = """
import gc, json, sys
def f(x):
    frame = sys._getframe()
    while frame:
        bodies = frame.f_locals.get("bodies")
        if bodies:
            return json.loads(bodies[frame.f_locals["number"] % len(bodies)])[0][0]
        frame = frame.f_back
"""
    tests = check(
        "assert candidate([1, 2, 3]) == [1, 3, 2]",
        "assert candidate([1, 3, 2]) == [2, 1, 3]",
        "assert candidate([2, 1, 3]) == [1, 2, 3]",
    )
    assert verdict(strict, program, tests).status.value == "failed"


def test_an_exception_ends_the_calls_and_says_where_it_came_from(strict):
    tests = check("assert candidate(1) == 1", "assert candidate(0) == 1", "assert candidate(2) == 2")
    found = verdict(strict, "def f(x):\n    return 1 // x\n", tests)
    assert (found.status.value, found.kind) == ("failed", "exception")
    assert "ZeroDivisionError" in found.detail
    assert "line 2" in found.detail


def test_an_assertion_that_fails_is_the_first_one_even_if_a_later_call_never_ends(strict):
    program = "def f(x):\n    while x > 2:\n        pass\n    return x\n"
    tests = check("assert candidate(1) == 1", "assert candidate(2) == 0", "assert candidate(3) == 3")
    found = verdict(strict, program, tests)
    assert (found.status.value, found.kind) == ("failed", "assertion")
    assert "line 3" in found.detail


def test_arguments_that_are_changed_and_values_that_are_printed_belong_to_their_own_call(strict):
    program = "def f(xs):\n    print(len(xs))\n    xs.append(0)\n    return xs\n"
    tests = check(
        "assert candidate([]) == [0]", "assert candidate([1]) == [1, 0]", "assert candidate([1, 2]) == [1, 2, 0]"
    )
    found = verdict(strict, program, tests)
    assert found.status.value == "passed"
    assert found.stdout == "0\n1\n2\n"


@pytest.mark.parametrize(
    ("said", "times"),
    [('["dropped"]', 1), ('["dropped"]', 9), ('["value",[],null,""]', 1), ('["value",5,null,""]', 9), ("[]", 1)],
)
def test_a_program_that_answers_for_the_sandbox_is_not_believed(strict, said, times):
    """It finds the socket among the objects of its process and says that calls were dropped, or gives values itself."""
    program = f"""
import gc, struct
def f(x):
    text = b'{said}'
    for each in gc.get_objects():
        if type(each).__name__ == "Channel":
            each.sock.sendall((struct.pack(">I", len(text)) + text) * {times})
    return 0
"""
    tests = check("assert candidate(1) == 1", "assert candidate(2) == 2", "assert candidate(3) == 3")
    assert verdict(strict, program, tests).status.value == "failed"
