"""The sandbox: judges programs in worker processes, from any thread, so that none can forge what is said of it."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, get_args

from evals.errors import UsageError
from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.references import References, Run
from evals.sandbox.host.slots import Slot, Slots
from evals.sandbox.output import escaped
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.protocol import Allowance, Assurance, Outcome, ProblemSpec
from evals.sandbox.verdict import Status, Verdict

if TYPE_CHECKING:
    from evals.sandbox.host.pool import Pool

MAX_PROBLEMS = 1024
"Problems that are kept as testers take them."

_TRIED: set[str] = set()
"Launchers of which every property has been tried in this process."

SELF_TEST = FunctionTests("def check(candidate):\n    assert candidate() == 1\n")


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
        self._references = References()

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
        outcome, wall_s, limit_s = self._run(problem, program)
        is_clear = outcome.status == "passed" or outcome.kind == "assurance" or outcome.lost
        if not is_clear and problem.reference is not None:
            outcome, wall_s = self._beside_reference(problem, program, outcome, wall_s, limit_s)
        return verdict_of(outcome, wall_s)

    def _run(self, problem: Problem, program: str, same_process: bool = False) -> tuple[Outcome, float, float]:
        """What came of a program, its wall time, and the limit that it began with."""
        spec = self._spec(problem)
        with self._slots.one(background=1 if problem.reference is not None else 2) as slot:
            began_s = time.perf_counter()
            allowed = self._references.allowance(problem)
            outcome = self._opened().check(spec, program, allowed, _Slow(self, slot, problem), same_process)
            wall_s = time.perf_counter() - began_s
        if outcome.lost and self._works(problem):
            detail = "twice the process of the tests ended on what the program gave"
            outcome = Outcome("failed", "wrong_type", detail)
        return outcome, wall_s, allowed.limit_s

    def _beside_reference(
        self, problem: Problem, program: str, outcome: Outcome, wall_s: float, limit_s: float
    ) -> tuple[Outcome, float]:
        """What the outcome of a program that did not pass means, given what came of the problem's reference.

        What the reference cannot pass, no program is called wrong for. A program that was timed out before the time of
        the reference was known is run again with the time that it is allowed.
        """
        known = self._references.known(problem, self._runner(problem))
        if known is None:
            return outcome, wall_s
        if known.cpu_s is not None:
            if outcome.status == "timed_out" and self._references.allowance(problem).limit_s > limit_s:
                return self._run(problem, program)[:2]
            return outcome, wall_s
        if not known.passes_beside_tests:
            return Outcome("refused", "reference", f"the problem's reference does not pass: {known.said}"), wall_s
        if outcome.assurance == "weak":  # it was there already
            return outcome, wall_s
        if self.assurance == "strict":
            said = f"no strict verdict: the problem's reference passes only in the process of the tests ({known.said})"
            return Outcome("refused", "assurance", said), wall_s
        return self._run(problem, program, same_process=True)[:2]

    def measured_allowance(self, problem: Problem) -> Allowance:
        """The time of a program, after the problem's reference was run if it never was."""
        return self._references.allowance(problem, self._runner(problem))

    def _runner(self, problem: Problem) -> Run:
        """Runs a program of a problem with this time; as part of another check, or after it."""
        spec = self._spec(problem)

        def run(program: str, limit_s: float, same_process: bool) -> Outcome:
            return self._opened().check(spec, program, Allowance(limit_s, limit_s), None, same_process)

        return run

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


class _Slow:
    """A program that takes long: see `worker.Slow`."""

    def __init__(self, sandbox: Sandbox, slot: Slot, problem: Problem) -> None:
        self._sandbox, self._slot, self._problem = sandbox, slot, problem

    def step_back(self) -> None:
        self._slot.step_back()

    def allowance(self) -> Allowance:
        return self._sandbox.measured_allowance(self._problem)


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
