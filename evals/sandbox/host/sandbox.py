"""The sandbox: judges programs in worker processes, from any thread, so that none can forge what is said of it."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from evals.errors import UsageError
from evals.sandbox.host.slots import Places
from evals.sandbox.output import escaped
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.verdict import Status, Verdict

if TYPE_CHECKING:
    from evals.sandbox.host.pool import Pool
    from evals.sandbox.host.worker import Brief

MAX_BRIEFS = 1024
FAIR_SHARE = 1 / 6
"Of its limit: processor time after which a program that ran beside others is timed out, where no reference tells more."

REFERENCE_TIMES = 10
FAIR_FLOOR_S = 0.2
"Where the reference's time is known: so many times that, and at least so much."

ROOM_FOR_REFERENCE = 4
MOST_ROOM = 10
"A limit is raised to so many times what the reference takes here, and at most to so many times itself."

_TRIED: set[str] = set()
"Kinds of which every property has been tried in this process."

SELF_TEST = FunctionTests("def check(candidate):\n    assert candidate() == 1\n")


@dataclass(frozen=True)
class Reference:
    """What a problem's reference takes on this machine; None where there is none, or it does not pass."""

    cpu_s: float | None = None
    own_s: float = 0.0
    "Wall time without the time in which it had no core."


class Sandbox:
    """Judges programs; a context manager.

    workers: programs that run at a time, by default the cores; those that take long step aside and are not counted.
    assurance: `strict` refuses what could be forged, `weak` judges it and says so in the verdict. kind: `auto`.
    """

    def __init__(self, workers: int | None = None, assurance: str = "weak", kind: str = "auto") -> None:
        self.assurance, self.kind = assurance, kind
        self._places = Places(workers or os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._pool: Pool | None = None
        self._pid = 0
        self._briefs: dict[Problem, Brief] = {}
        self._references: dict[Problem, Reference] = {}
        self._n_briefs = 0

    @property
    def n_threads(self) -> int:
        """Threads that may usefully call `check` at a time."""
        return self._places.workers + self._places.lane

    def __enter__(self) -> Sandbox:
        """Start a worker and, once in a process, try every property. Raises UsageError where one does not hold."""
        if sys.platform != "linux":
            raise UsageError(
                f"the sandbox needs Linux, and this is {sys.platform}",
                fix="run in a Linux virtual machine, or see docs/sandbox.md",
            )
        from evals.sandbox.host.isolation import open_pool, require, try_properties

        self._pid = os.getpid()
        self._pool, _ = open_pool(self.kind, self.assurance)
        try:
            if self.kind not in _TRIED:
                require(try_properties(self._pool))
                _TRIED.add(self.kind)
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
        """The verdict on one whole program. Blocks; may be called from several threads."""
        brief = self._brief(problem)
        if brief.fault is not None:
            return Verdict(Status.HARNESS_ERROR, detail=escaped(brief.fault))
        units = 1 if problem.reference is not None else 2
        with self._places.one(units) as place:
            began_s = time.perf_counter()

            def step_back() -> tuple[float, float]:
                place.step_back()
                return self._allowance(problem, brief)

            outcome = self._opened().check(brief, program, *self._allowance(problem), step_back)
            wall_s = time.perf_counter() - began_s
        if outcome.get("lost") and self._works(problem):
            detail = "twice the process of the tests ended on what the program gave"
            outcome = {"status": "failed", "kind": "wrong_type", "detail": detail}
        return verdict_of(outcome, wall_s)

    def _opened(self) -> Pool:
        if self._pool is None or self._pid != os.getpid():
            raise RuntimeError("the sandbox is not open in this process: use it in a `with` block")
        return self._pool

    def _works(self, problem: Problem) -> bool:
        """Whether the sandbox can still judge a trivial program."""
        trivial = Problem("trivial", "", SELF_TEST, "f", 20.0, problem.memory_bytes)
        outcome = self._opened().check(self._brief(trivial), "def f():\n    return 1\n", 20.0, 20.0)
        return str(outcome["status"]) == "passed"

    def _allowance(self, problem: Problem, brief: Brief | None = None) -> tuple[float, float]:
        """Wall time of a program, and processor time that is enough; with a brief the reference is measured first."""
        limit_s = problem.timeout_s
        known = self._references.get(problem)
        if known is None and brief is not None and problem.reference is not None:
            known = self._measured(problem, brief)
        if known is None or known.cpu_s is None:
            return limit_s, FAIR_SHARE * limit_s
        room_s = min(ROOM_FOR_REFERENCE * known.own_s, MOST_ROOM * limit_s)
        return max(limit_s, room_s), max(FAIR_FLOOR_S, REFERENCE_TIMES * known.cpu_s)

    def _measured(self, problem: Problem, brief: Brief) -> Reference | None:
        """What the reference takes on this machine; None while another thread measures it."""
        with self._lock:
            if problem in self._references:
                return self._references[problem]
            if len(self._references) >= MAX_BRIEFS:
                self._references.clear()
            self._references[problem] = Reference()
        assert problem.reference is not None
        limit_s = MOST_ROOM * problem.timeout_s
        outcome = self._opened().check(brief, problem.reference, limit_s, limit_s)
        if outcome["status"] != "passed":
            return None
        self._references[problem] = found = Reference(outcome["cpu_s"], outcome["own_s"])
        return found

    def _brief(self, problem: Problem) -> Brief:
        """What testers are told of a problem, made once."""
        from evals.sandbox.host.worker import brief_of

        with self._lock:
            found = self._briefs.get(problem)
            if found is None:
                if len(self._briefs) >= MAX_BRIEFS:
                    self._briefs.clear()
                self._n_briefs += 1
                found = self._briefs[problem] = brief_of(problem, self._n_briefs)
            return found


def verdict_of(outcome: dict[str, Any], wall_s: float) -> Verdict:
    """A tester's outcome as a verdict, its texts escaped."""
    return Verdict(
        Status(outcome["status"]),
        outcome.get("kind"),
        escaped(str(outcome.get("detail") or "")),
        str(outcome.get("assurance", "strict")),
        wall_s,
        float(outcome.get("cpu_s", 0.0)),
        escaped(str(outcome.get("stdout") or "")),
        escaped(str(outcome.get("stderr") or "")),
    )
