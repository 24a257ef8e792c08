"""The judge: tries its sandbox first, scores nothing when the sandbox fails, and judges while others wait."""

from __future__ import annotations

import threading

import pytest
from trusting import Trusting

from evals.engine.loop import run_sync
from evals.errors import UsageError
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.unsafe_local import UnsafeLocal
from evals.sandbox.verdict import Status, Verdict
from evals.suite.code.judge import HarnessFailed, Judge, try_out

PROBLEM = Problem("p", "def f():\n", FunctionTests("def check(candidate):\n    assert candidate() == 1\n"), "f")
RIGHT, WRONG = "def f():\n    return 1\n", "def f():\n    return 2\n"


class Always:
    """A sandbox with one verdict for all programs."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def check(self, problem: Problem, program: str) -> Verdict:
        return self.verdict


def test_a_sandbox_is_tried_once_before_the_first_program():
    sandbox = Trusting()
    judge = Judge(sandbox)
    assert judge.open() is sandbox
    assert judge.open() is sandbox
    assert len(sandbox.programs) == 2
    assert judge.judge((PROBLEM, RIGHT)).passed


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict(Status.PASSED), "judges a wrong program as passed"),
        (Verdict(Status.FAILED, detail="no python"), "judges a right program as failed: no python"),
        (Verdict(Status.HARNESS_ERROR, detail="no memory"), "judges a right program as harness_error: no memory"),
    ],
)
def test_a_sandbox_that_cannot_tell_right_from_wrong_is_refused(verdict, said):
    with pytest.raises(HarnessFailed, match=said):
        try_out(Always(verdict))


def test_a_failure_of_the_sandbox_is_no_verdict():
    class FailsLater(Trusting):
        def check(self, problem: Problem, program: str) -> Verdict:
            told = super().check(problem, program)
            return Verdict(Status.HARNESS_ERROR, detail="worker died") if problem.problem_id == "p" else told

    with pytest.raises(HarnessFailed, match="the sandbox failed on a program for p") as failed:
        Judge(FailsLater()).judge((PROBLEM, RIGHT))
    assert failed.value.exit_code == 3
    assert "worker died" in str(failed.value)


def test_verdicts_come_in_the_order_of_the_programs_and_at_most_so_many_at_a_time():
    lock = threading.Lock()
    running, most = 0, 0

    class Counts(Trusting):
        def check(self, problem: Problem, program: str) -> Verdict:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            try:
                return super().check(problem, program)
            finally:
                with lock:
                    running -= 1

    judge = Judge(Counts(), workers=3)
    verdicts = run_sync(judge.start(PROBLEM, [RIGHT, WRONG] * 20).results())
    assert [verdict.passed for verdict in verdicts] == [True, False] * 20
    assert most <= 3


def test_a_sandbox_may_say_how_many_threads_may_wait_for_it():
    class Batches(Trusting):
        n_threads = 7

    barrier = threading.Barrier(7)

    class Meets(Batches):
        def check(self, problem: Problem, program: str) -> Verdict:
            if problem.problem_id == "p":
                barrier.wait(20)
            return super().check(problem, program)

    judge = Judge(Meets(), workers=1)
    judge.open()
    assert len(run_sync(judge.start(PROBLEM, [RIGHT] * 7).results())) == 7


def test_without_a_sandbox_programs_run_only_where_that_was_said():
    assert isinstance(Judge("unsafe-local").open(), UnsafeLocal)
    with pytest.raises(UsageError, match="no verdict is strict"):
        Judge("unsafe-local", assurance="strict").open()
