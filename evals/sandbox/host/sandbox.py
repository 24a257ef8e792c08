"""The sandbox: judges programs in worker processes, from any thread, so that none can forge what is said of it."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, get_args

from evals.errors import UsageError
from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.slots import Slots
from evals.sandbox.output import escaped
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.protocol import Allowance, Assurance, Outcome, ProblemSpec
from evals.sandbox.verdict import Status, Verdict

if TYPE_CHECKING:
    from evals.sandbox.host.pool import Pool

MAX_PROBLEMS = 1024
"Problems that are kept as testers take them, and whose references' times are."

FAIR_SHARE = 1 / 6
"Of its limit: processor time after which a program that ran beside others is timed out, where no reference tells more."

REFERENCE_TIMES = 10
FAIR_FLOOR_S = 0.2
"Where the reference's time is known: so many times that, and at least so much."

ROOM_FOR_REFERENCE = 4
MAX_RAISE = 10
"A limit is raised to so many times what the reference takes here, and at most to so many times itself."

_TRIED: set[str] = set()
"Launchers of which every property has been tried in this process."

SELF_TEST = FunctionTests("def check(candidate):\n    assert candidate() == 1\n")


@dataclass(frozen=True)
class Reference:
    """What a problem's reference takes on this machine; None if there is none, or it does not pass."""

    cpu_s: float | None = None
    own_s: float = 0.0
    "Wall time without the time in which it had no core."


class Sandbox:
    """Judges programs; a context manager.

    workers: programs that run at a time, by default the cores; those that take long step aside and are not counted.
    assurance: `strict` refuses what could be forged, `weak` judges it and says so in the verdict. launcher: `auto`,
    `bwrap` or `docker`.

    Raises:
        UsageError: there is no such assurance.
    """

    def __init__(self, workers: int | None = None, assurance: str = "weak", launcher: str = "auto") -> None:
        self.assurance, self.launcher = _assurance(assurance), launcher
        self._slots = Slots(workers or os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._pool: Pool | None = None
        self._pid = 0
        self._problems: dict[Problem, ProblemSpec] = {}
        self._n_problems = 0
        self._references: dict[Problem, Reference] = {}

    @property
    def n_threads(self) -> int:
        """How many threads can call `check` at the same time before they wait for one another."""
        return self._slots.workers + self._slots.background

    def __enter__(self) -> Sandbox:
        """Start a worker and, once in a process, try every property.

        Raises:
            UsageError: a property does not hold on this machine, or no program can be isolated at all.
        """
        if sys.platform != "linux":
            raise UsageError(
                f"the sandbox needs Linux, and this is {sys.platform}",
                fix="run in a Linux virtual machine, or see docs/sandbox.md",
            )
        # Only now: what it imports calls the C library of Linux.
        from evals.sandbox.host.isolation import open_pool, require, try_properties

        self._pid = os.getpid()
        self._pool, _ = open_pool(self.launcher, self.assurance)
        try:
            if self.launcher not in _TRIED:
                require(try_properties(self._pool))
                _TRIED.add(self.launcher)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all workers and all that runs in them."""
        if self._pool is not None and self._pid == os.getpid():
            self._pool.close()
        self._pool = None

    def check(self, problem: Problem, program: str) -> Verdict:
        """The verdict on one whole program. Blocks; may be called from several threads.

        Raises:
            RuntimeError: the sandbox is not open, or was closed meanwhile.
        """
        spec = self._spec(problem)
        with self._slots.one(background=1 if problem.reference is not None else 2) as slot:
            began_s = time.perf_counter()

            def step_back() -> Allowance:
                slot.step_back()
                return self._allowance(problem, spec)

            outcome = self._opened().check(spec, program, self._allowance(problem), step_back)
            wall_s = time.perf_counter() - began_s
        if outcome.lost and self._works(problem):
            detail = "twice the process of the tests ended on what the program gave"
            outcome = Outcome("failed", "wrong_type", detail)
        return verdict_of(outcome, wall_s)

    def _opened(self) -> Pool:
        # A fork of the evaluator shares its sockets: two processes that use them would take each other's answers.
        if self._pool is None or self._pid != os.getpid():
            raise RuntimeError("the sandbox is not open in this process: use it in a `with` block")
        return self._pool

    def _works(self, problem: Problem) -> bool:
        """Whether the sandbox can still judge a trivial program."""
        trivial = Problem("trivial", "", SELF_TEST, "f", 20.0, problem.memory_bytes)
        outcome = self._opened().check(self._spec(trivial), "def f():\n    return 1\n", Allowance(20.0, 20.0))
        return outcome.status == "passed"

    def _allowance(self, problem: Problem, spec: ProblemSpec | None = None) -> Allowance:
        """The time of a program; with `spec` the reference is measured first, if it has not been."""
        limit_s = problem.timeout_s
        known = self._references.get(problem)
        if known is None and spec is not None and problem.reference is not None:
            known = self._measured(problem, spec, problem.reference)
        if known is None or known.cpu_s is None:
            return Allowance(limit_s, FAIR_SHARE * limit_s)
        room_s = min(ROOM_FOR_REFERENCE * known.own_s, MAX_RAISE * limit_s)
        return Allowance(max(limit_s, room_s), max(FAIR_FLOOR_S, REFERENCE_TIMES * known.cpu_s))

    def _measured(self, problem: Problem, spec: ProblemSpec, reference: str) -> Reference | None:
        """What the reference takes on this machine; None while another thread measures it."""
        with self._lock:
            if problem in self._references:
                return self._references[problem]
            if len(self._references) >= MAX_PROBLEMS:
                self._references.clear()
            self._references[problem] = Reference()
        limit_s = MAX_RAISE * problem.timeout_s
        outcome = self._opened().check(spec, reference, Allowance(limit_s, limit_s))
        if outcome.status != "passed":
            return None
        self._references[problem] = found = Reference(outcome.cpu_s, outcome.own_s)
        return found

    def _spec(self, problem: Problem) -> ProblemSpec:
        """The problem as testers take it, made once."""
        with self._lock:
            found = self._problems.get(problem)
            if found is None:
                if len(self._problems) >= MAX_PROBLEMS:
                    self._problems.clear()
                # Numbers are never used twice: testers keep problems by them.
                self._n_problems += 1
                found = self._problems[problem] = problem_spec_of(problem, self._n_problems)
            return found


def _assurance(given: str) -> Assurance:
    for known in get_args(Assurance):
        if given == known:
            return known  # type: ignore[no-any-return]
    raise UsageError(f"assurance is {given!r}", fix="give weak (allowed, and labelled) or strict")


def verdict_of(outcome: Outcome, wall_s: float) -> Verdict:
    """A tester's outcome as a verdict, its texts escaped. wall_s: as the evaluator measured it."""
    return Verdict(
        Status(outcome.status),
        outcome.kind,
        escaped(outcome.detail),
        outcome.assurance,
        wall_s,
        outcome.cpu_s,
        escaped(outcome.stdout),
        escaped(outcome.stderr),
    )
