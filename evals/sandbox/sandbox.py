"""The sandbox: judges programs in worker processes, from any thread, so that none can forge what is said of it."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType
from typing import Any

from evals.errors import UsageError
from evals.sandbox.plan import command, plan, python
from evals.sandbox.problem import Problem
from evals.sandbox.unsafe_local import escaped
from evals.sandbox.verdict import Status, Verdict
from evals.sandbox.worker import Hung, Worker, WorkerLost


class Sandbox:
    """Judges programs; a context manager.

    workers: programs that run at a time; by default the cores. assurance: `strict` refuses what could be forged, `weak`
    judges it and says so in the verdict. kind: `auto`.
    """

    def __init__(self, workers: int | None = None, assurance: str = "weak", kind: str = "auto") -> None:
        if kind != "auto":
            raise UsageError(f"the sandbox {kind!r} is not there yet", fix="leave out --sandbox, or give auto")
        self.workers = workers or os.cpu_count() or 1
        self.assurance, self.kind = assurance, kind
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(self.workers)
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._config: dict[str, Any] = {}

    def __enter__(self) -> Sandbox:
        """Start one worker. Raises UsageError where this machine cannot isolate programs."""
        self._config = {
            "plan": plan(),
            "command": command("evals.sandbox.inside.zygote", python()),
            "assurance": self.assurance,
        }
        try:
            self._put_back(self._start())
        except (WorkerLost, Hung) as error:
            raise UsageError(
                "programs cannot be isolated on this machine",
                notes=[str(error)[:300]],
                fix="see `evals sandbox doctor`",
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all workers and all that runs in them."""
        with self._lock:
            workers, self._all, self._idle = self._all, set(), []
        for worker in workers:
            worker.close()

    def check(self, problem: Problem, program: str) -> Verdict:
        """The verdict on one whole program. Blocks; may be called from several threads."""
        with self._slots:
            began_s = time.perf_counter()
            outcome = self._outcome(problem, program)
            return verdict_of(outcome, time.perf_counter() - began_s)

    def _outcome(self, problem: Problem, program: str) -> dict[str, Any]:
        for attempt in (1, 2):
            try:
                worker = self._take()
            except (WorkerLost, Hung) as error:
                return {"status": "harness_error", "detail": f"no worker can be started: {error}"}
            try:
                outcome = worker.check(problem, program, problem.timeout_s)
            except Hung:
                self._drop(worker)
                return {"status": "timed_out", "detail": "in the tests, on what the program gave"}
            except WorkerLost as error:
                self._drop(worker)
                if attempt == 2:
                    return {"status": "harness_error", "detail": str(error)}
                continue
            if outcome["status"] == "harness_error":
                self._drop(worker)
            else:
                self._put_back(worker)
            return outcome
        raise AssertionError("the second attempt returns")

    def _take(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._start()

    def _start(self) -> Worker:
        worker = Worker(self._config)
        with self._lock:
            self._all.add(worker)
        return worker

    def _put_back(self, worker: Worker) -> None:
        with self._lock:
            if worker in self._all:
                self._idle.append(worker)

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.close()


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
