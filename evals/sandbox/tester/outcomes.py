"""What came of a program: what an exception, a printed text or a process's end means, as an outcome."""

from __future__ import annotations

import os
import signal
import traceback
from dataclasses import replace
from typing import Any

from evals.sandbox.output import MAX_DETAIL, NumberRule, same_output
from evals.sandbox.problem import StdioCase
from evals.sandbox.protocol import CandidateEnded, Failure, Outcome, StatusName
from evals.sandbox.tester.exits import (
    CannotTravel,
    Died,
    Exit,
    HarnessError,
    NeedsOneProcess,
    NotPython,
    OutOfMemory,
    TimeUp,
    WrongType,
)
from evals.sandbox.tester.stdio_check import Printed

PASSED = Outcome("passed")

_OF_EXITS: tuple[tuple[type[Exit], StatusName, Failure | None], ...] = (
    (TimeUp, "timed_out", None),
    (NotPython, "syntax_error", None),
    (WrongType, "failed", "wrong_type"),
    (OutOfMemory, "memory", None),
    (CannotTravel, "refused", None),
    (NeedsOneProcess, "refused", None),
)


def outcome_of(
    error: BaseException, ended: CandidateEnded, raised: dict[int, tuple[BaseException, str]] | None = None
) -> Outcome:
    """The outcome that an exception means.

    raised: exceptions that came out of the program, by id, each with what to say of it.
    """
    if isinstance(error, Died):
        return _of_death(ended)
    for kind, status, failure in _OF_EXITS:
        if isinstance(error, kind):
            return Outcome(status, failure, str(error))
    # Exceptions of the program come first: an AssertionError of the program is no failed test.
    _, from_program = (raised or {}).get(id(error), (None, None))
    if isinstance(error, MemoryError):
        return Outcome("memory", detail=from_program or "MemoryError in the tests")
    if from_program is not None:
        return Outcome("failed", "exception", from_program)
    if isinstance(error, AssertionError):
        return Outcome("failed", "assertion", f"{_text(error)}{_place(error)}")
    if isinstance(error, HarnessError):
        return Outcome("harness_error", detail=_text(error))
    return Outcome("failed", "exception", f"{type(error).__name__}: {_text(error)}{_place(error)}")


def _text(error: BaseException) -> str:
    """What an exception says. It may hold an object of the program, which cannot be asked any more."""
    try:
        return str(error)
    except BaseException:
        return "(an object of the program)"


def _place(error: BaseException) -> str:
    """Where in the tests an exception came up."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "tests.py"]
    return f" (line {frames[-1].lineno} of the tests)" if frames else ""


def _of_death(ended: CandidateEnded) -> Outcome:
    """The outcome of a process that ended by itself during its tests."""
    if os.WIFSIGNALED(ended.status):
        number = os.WTERMSIG(ended.status)
        if number == signal.SIGXCPU:  # it used up RLIMIT_CPU
            return Outcome("timed_out", detail="processor time")
        return Outcome("failed", "exception", f"the process was ended by {_signal_name(number)}")
    code = os.WEXITSTATUS(ended.status)
    return Outcome("failed", "exception", f"the process ended with code {code} and no result")


def _signal_name(number: int) -> str:
    """The signal's name, or its number: of the real-time signals Python names only the first and the last."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def claimed_outcome(message: Any) -> Outcome:
    """The outcome that is claimed by a process which holds program and tests: it may be forged."""
    try:
        if message[0] == "passed":
            return PASSED
        if message[0] == "syntax":
            return Outcome("syntax_error", detail=str(message[1]))
        _, names, text, line = message
        if names[0] == "MemoryError":
            return Outcome("memory", detail=str(text))
        if "AssertionError" in names:
            return Outcome("failed", "assertion", str(text))
        return Outcome("failed", "exception", f"{names[0]}: {text} (line {line})")
    except Exception:
        return Outcome("failed", "wrong_type", "what the program says cannot be read")


def outcome_of_output(printed: Printed, case: StdioCase, numbers: NumberRule, ended: CandidateEnded) -> Outcome:
    """The outcome of one run of a whole program that has ended."""
    if printed.too_much:
        return Outcome("failed", "wrong_output", "it prints without end")
    if printed.status is None and ended.status != 0:
        return _of_death(ended)
    if printed.said.startswith("MemoryError"):
        return Outcome("memory", detail=printed.said)
    if printed.status:
        return Outcome("failed", "exception", printed.said or f"exit code {printed.status}")
    if not same_output(printed.stdout.decode("utf-8", "replace"), case.stdout, numbers):
        return Outcome("failed", "wrong_output")
    return PASSED


def shortened(outcome: Outcome) -> Outcome:
    """The outcome with no text longer than `MAX_DETAIL`."""
    if max(map(len, (outcome.detail, outcome.stdout, outcome.stderr))) <= MAX_DETAIL:
        return outcome
    detail, stdout, stderr = (text[:MAX_DETAIL] for text in (outcome.detail, outcome.stdout, outcome.stderr))
    return replace(outcome, detail=detail, stdout=stdout, stderr=stderr)
