"""A tester says how each check goes on and what came of it; what is wrong with a check is an outcome, not its end."""

from __future__ import annotations

import socket
import tempfile

import pytest
from sandbox_world import function_problem, new_pool

from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.inside.channel import Channel
from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests
from evals.sandbox.protocol import MAX_JOB, Allowance, Check, Outcome, Ready, SteppedBack, read, write
from evals.sandbox.tester.tester import limits_of

AMPLE = Allowance(20.0, 20.0)
ONE = function_problem("assert candidate() == 1")
RIGHT = "def f():\n    return 1\n"


@pytest.fixture(scope="module")
def tester(strict):
    """The evaluator's end of a strict tester."""
    pool = new_pool()
    server = pool._fork_server()
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with theirs:
            pid = server.fork(theirs.fileno(), said.fileno())
        channel = Channel(ours, MAX_JOB)
        channel.send(write(pool.launcher.setup(folder)))
        assert read(channel.receive(), Ready).zygote_pid > 0
        yield channel
    server.end(pid)
    pool.close()


def checked(tester: Channel, check: Check) -> tuple[list, Outcome]:
    """What is said of a program before its outcome, and that."""
    tester.send(write(check))
    before = []
    while True:
        message = read(tester.receive(), SteppedBack, Outcome)
        if isinstance(message, Outcome):
            return before, message
        before.append(message)


def test_a_check_starts_and_has_an_outcome_with_its_times(tester):
    before, outcome = checked(tester, Check(1, RIGHT, AMPLE, problem_spec_of(ONE, 1), False))
    assert (before, outcome.status) == ([], "passed")
    assert 0 < outcome.cpu_s <= outcome.own_s < 20
    assert checked(tester, Check(1, "def f(): return 2", AMPLE, None, False))[1].status == "failed"


def test_a_problem_that_was_never_sent_or_was_forgotten_is_an_outcome_too(tester):
    checked(tester, Check(2, RIGHT, AMPLE, problem_spec_of(ONE, 2), False))
    checked(tester, Check(3, RIGHT, AMPLE, problem_spec_of(ONE, 3), True))
    for number in (2, 99):
        _, outcome = checked(tester, Check(number, RIGHT, AMPLE, None, False))
        assert (outcome.status, outcome.lost, outcome.detail) == ("harness_error", True, f"KeyError: {number}")
    assert checked(tester, Check(3, RIGHT, AMPLE, None, False))[1].status == "passed"


def test_an_allowance_for_a_program_that_has_ended_is_passed_over(tester):
    tester.send(write(Allowance(1.0, 1.0)))
    assert checked(tester, Check(4, RIGHT, AMPLE, problem_spec_of(ONE, 4), False))[1].status == "passed"


@pytest.mark.parametrize(
    "tests", ["def check(candidate)", "x = '\0'", "def check(c):\n" + " " * 4 + "(" * 500 + ")" * 500]
)
def test_tests_that_cannot_be_read_are_an_error_of_ours_each_time(tester, tests):
    problem = Problem("p", "", FunctionTests(tests), "f", 20.0)
    for spec in (problem_spec_of(problem, 5), None):
        _, outcome = checked(tester, Check(5, RIGHT, AMPLE, spec, False))
        assert (outcome.status, outcome.lost) == ("harness_error", False)
        assert outcome.detail.startswith("the tests cannot be read: ")


def test_one_that_takes_long_steps_back_and_is_told_its_time(tester):
    slow = "import time\ndef f():\n    time.sleep(0.5)\n    return 1\n"
    before, outcome = checked(tester, Check(1, slow, AMPLE, problem_spec_of(ONE, 1), False))
    assert (before, outcome.status) == ([SteppedBack()], "passed")
    assert outcome.own_s > 0.2  # less than 0.5 by the time in which the tester had no core


def test_of_whole_programs_the_first_case_that_fails_is_told_and_the_time_of_all(tester):
    cases = tuple(StdioCase(str(number), str(2 * number)) for number in range(4))
    problem = Problem("s", "", StdioTests(cases), None, 20.0)
    spec = problem_spec_of(problem, 6)
    busy = "import time\nwhile time.process_time() < 0.1: pass\n"
    _, right = checked(tester, Check(6, f"{busy}print(2 * int(input()))", AMPLE, spec, False))
    _, wrong = checked(tester, Check(6, f"{busy}n = int(input())\nprint(2 * n if n < 2 else 0)", AMPLE, None, False))
    assert (right.status, right.cpu_s >= 0.4) == ("passed", True)
    assert (wrong.status, wrong.kind, wrong.detail, wrong.stdout) == ("failed", "wrong_output", "case 3 of 4", "0\n")
    assert wrong.cpu_s >= 0.3


def test_a_strict_tester_refuses_what_a_program_could_forge(tester):
    problem = function_problem("assert gc.get_objects()", setup="import gc")
    _, outcome = checked(tester, Check(7, RIGHT, AMPLE, problem_spec_of(problem, 7), False))
    assert (outcome.status, outcome.detail) == ("refused", "no strict verdict: the tests use gc")


def test_processor_time_is_limited_by_the_longest_time_that_a_program_can_have():
    assert limits_of(Problem("p", "", FunctionTests(""), "f", 3.0, 1 << 20)).cpu_s == 32
    assert limits_of(Problem("p", "", FunctionTests(""), "f", 0.1, 1 << 20)).cpu_s == 21
