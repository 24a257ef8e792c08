"""An exception, an end or an output means one outcome, and what a program claims is taken only in its form."""

from __future__ import annotations

import signal

import pytest

from evals.sandbox.output import MAX_DETAIL
from evals.sandbox.problem import StdioCase
from evals.sandbox.protocol import CandidateEnded, Outcome
from evals.sandbox.tester.exits import CannotTravel, Died, HarnessError, NotPython, OutOfMemory, TimeUp, WrongType
from evals.sandbox.tester.outcomes import PASSED, claimed_outcome, outcome_of, outcome_of_output, shortened
from evals.sandbox.tester.stdio_check import Printed

KILLED = CandidateEnded(1, signal.SIGKILL, 0.0)
FINE = CandidateEnded(1, 0, 0.0)
CASE = StdioCase("1\n", "2 3\n")


def raised(source: str, filename: str = "tests.py") -> BaseException:
    """What a source raises that is compiled under this name."""
    try:
        exec(compile(source, filename, "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError("it raises nothing")


@pytest.mark.parametrize(
    ("error", "status", "kind", "detail"),
    [
        (TimeUp("3.0 s"), "timed_out", None, "3.0 s"),
        (NotPython("SyntaxError: x"), "syntax_error", None, "SyntaxError: x"),
        (WrongType("no value"), "failed", "wrong_type", "no value"),
        (OutOfMemory("much"), "memory", None, "much"),
        (CannotTravel("a file"), "refused", None, "a file"),
        (MemoryError(), "memory", None, "MemoryError in the tests"),
        (HarnessError("ours"), "harness_error", None, "ours"),
        (ImportError("no module"), "failed", "exception", "ImportError: no module"),
        (raised("x = 1\nassert x == 2, 'no two'"), "failed", "assertion", "no two (line 2 of the tests)"),
        (raised("\n\n{}['k']"), "failed", "exception", "KeyError: 'k' (line 3 of the tests)"),
        (raised("1 / 0", "other.py"), "failed", "exception", "ZeroDivisionError: division by zero"),
        (SystemExit(0), "failed", "exception", "SystemExit: 0"),
    ],
)
def test_what_ends_a_check_means_one_outcome(error, status, kind, detail):
    assert outcome_of(error, KILLED) == Outcome(status, kind, detail)


def test_what_came_out_of_the_program_is_the_program_s_whatever_it_is():
    for error, status, kind in ((AssertionError("x"), "failed", "exception"), (ImportError("x"), "failed", "exception"),
                                (MemoryError(), "memory", None)):  # fmt: skip
        known = {id(error): (error, "of the program (line 3)")}
        assert outcome_of(error, KILLED, known) == Outcome(status, kind, "of the program (line 3)")


class Unspeakable(Exception):
    def __str__(self):
        raise WrongType("the program is gone")


def test_an_exception_that_cannot_be_asked_is_no_error_of_its_own():
    assert outcome_of(Unspeakable(), KILLED).detail == "Unspeakable: (an object of the program)"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (3 << 8, Outcome("failed", "exception", "the process ended with code 3 and no result")),
        (0, Outcome("failed", "exception", "the process ended with code 0 and no result")),
        (signal.SIGSEGV, Outcome("failed", "exception", "the process was ended by SIGSEGV")),
        (signal.SIGRTMIN + 3, Outcome("failed", "exception", f"the process was ended by signal {signal.SIGRTMIN + 3}")),
        (signal.SIGXCPU, Outcome("timed_out", None, "processor time")),
    ],
)
def test_a_process_that_ended_by_itself_is_told_by_its_status(status, outcome):
    assert outcome_of(Died("gone"), CandidateEnded(1, status, 0.0)) == outcome


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (["passed"], PASSED),
        (["syntax", "SyntaxError: x"], Outcome("syntax_error", detail="SyntaxError: x")),
        (["raised", ["AssertionError", "Exception"], "no", 0], Outcome("failed", "assertion", "no")),
        (["raised", ["Own", "AssertionError"], "no", 0], Outcome("failed", "assertion", "no")),
        (["raised", ["MemoryError"], "", 0], Outcome("memory")),
        (["raised", ["KeyError", "Exception"], "'k'", 3], Outcome("failed", "exception", "KeyError: 'k' (line 3)")),
    ],
)
def test_what_a_shared_process_says_is_taken_in_its_form(message, outcome):
    assert claimed_outcome(message) == outcome


@pytest.mark.parametrize(
    "message", [None, [], 5, "passed", ["raised"], ["raised", [], "", 0], ["raised", 3, "", 0], {"a": 1}, [[]]]
)
def test_anything_else_is_no_pass(message):
    assert claimed_outcome(message) == Outcome("failed", "wrong_type", "what the program says cannot be read")


@pytest.mark.parametrize(
    ("printed", "ended", "outcome"),
    [
        (Printed(b" 2  3", status=0), FINE, PASSED),
        (Printed(b"2 3\n"), FINE, PASSED),
        (Printed(b"2\n3\n", status=0), FINE, Outcome("failed", "wrong_output")),
        (Printed(b"\xff", status=0), FINE, Outcome("failed", "wrong_output")),
        (Printed(b"2 3", status=0, too_much=True), FINE, Outcome("failed", "wrong_output", "it prints without end")),
        (Printed(b"2 3", status=3), FINE, Outcome("failed", "exception", "exit code 3")),
        (Printed(b"2 3", status=1, said="KeyError: 1"), FINE, Outcome("failed", "exception", "KeyError: 1")),
        (Printed(b"2 3", status=1, said="MemoryError: "), FINE, Outcome("memory", detail="MemoryError: ")),
        (Printed(b"2 3"), KILLED, Outcome("failed", "exception", "the process was ended by SIGKILL")),
    ],
)
def test_a_whole_program_is_judged_by_what_it_printed_and_how_it_ended(printed, ended, outcome):
    assert outcome_of_output(printed, CASE, "decimals", ended) == outcome


def test_long_texts_are_cut_and_others_are_left():
    long = Outcome("failed", "assertion", "x" * 5000, stdout="y" * 5000, stderr="z")
    assert shortened(long) == Outcome("failed", "assertion", "x" * MAX_DETAIL, stdout="y" * MAX_DETAIL, stderr="z")
    assert shortened(PASSED) is PASSED
