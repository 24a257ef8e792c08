"""What came of each problem's reference on this machine: the time programs get, and whether the tests can be passed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.protocol import Allowance, Outcome

MAX_REFERENCES = 1024

FAIR_SHARE = 1 / 6
"Of its limit: processor time after which a program that ran beside others is timed out, where no reference tells more."

REFERENCE_TIMES = 10
FAIR_FLOOR_S = 0.2
"Where the reference's time is known: so many times that, and at least so much."

ROOM_FOR_REFERENCE = 4
MAX_RAISE = 10
"A limit is raised to so many times what the reference takes here, and at most to so many times itself."


class Run(Protocol):
    """Runs one program of a problem."""

    def __call__(self, program: str, limit_s: float, same_process: bool) -> Outcome:
        """What came of it."""


@dataclass(frozen=True)
class Reference:
    """What came of a problem's reference on this machine."""

    cpu_s: float | None = None
    "None if it does not pass."
    own_s: float = 0.0
    "Wall time without the time in which it had no core."
    passes_beside_tests: bool = False
    "It passes only in the process of its tests: say, since they seed a generator that it uses."
    said: str = ""
    "Of one that does not pass: why."


class References:
    """References of problems, each measured once. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Problem, Reference | None] = {}
        self._measured: dict[Problem, threading.Event] = {}

    def allowance(self, problem: Problem, run: Run | None = None) -> Allowance:
        """The time of a program; with `run` the reference is measured first, unless another thread does it now."""
        known = self._found.get(problem)
        if run is not None and problem.reference is not None and self._is_first(problem):
            known = self._measure(problem, problem.reference, run)
        limit_s = problem.timeout_s
        if known is None or known.cpu_s is None:
            return Allowance(limit_s, FAIR_SHARE * limit_s)
        room_s = min(ROOM_FOR_REFERENCE * known.own_s, MAX_RAISE * limit_s)
        return Allowance(max(limit_s, room_s), max(FAIR_FLOOR_S, REFERENCE_TIMES * known.cpu_s))

    def known(self, problem: Problem, run: Run) -> Reference | None:
        """What came of the reference, measured now or awaited; None if there is none, or the sandbox failed on it."""
        if problem.reference is None:
            return None
        if self._is_first(problem):
            return self._measure(problem, problem.reference, run)
        with self._lock:
            measured = self._measured.get(problem)
        if measured is not None:
            measured.wait()
        return self._found.get(problem)

    def _is_first(self, problem: Problem) -> bool:
        """Whether nobody has measured the reference yet; if so, the caller has to."""
        with self._lock:
            if problem in self._measured:
                return False
            if len(self._measured) >= MAX_REFERENCES:
                self._forget()
            self._measured[problem] = threading.Event()
            return True

    def _forget(self) -> None:
        """Drop what is known of all that were measured."""
        for problem in [problem for problem, measured in self._measured.items() if measured.is_set()]:
            self._measured.pop(problem)
            self._found.pop(problem, None)

    def _measure(self, problem: Problem, reference: str, run: Run) -> Reference | None:
        try:
            found = self._found[problem] = _result(problem, reference, run)
            return found
        finally:
            with self._lock:
                measured = self._measured.get(problem)
            if measured is not None:
                measured.set()


def _result(problem: Problem, reference: str, run: Run) -> Reference | None:
    limit_s = MAX_RAISE * problem.timeout_s
    outcome = run(reference, limit_s, False)
    if outcome.status == "passed":
        return Reference(outcome.cpu_s, outcome.own_s)
    said = f"{outcome.status}: {outcome.detail}".removesuffix(": ")
    if isinstance(problem.tests, FunctionTests) and outcome.assurance == "strict":
        beside = run(reference, limit_s, True)
        if beside.status == "passed":
            return Reference(passes_beside_tests=True, said=said)
    return None if outcome.status == "harness_error" else Reference(said=said)
