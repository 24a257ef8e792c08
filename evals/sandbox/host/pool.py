"""The workers of one sandbox: taken and put back, started when none is idle, replaced when one is lost."""

from __future__ import annotations

import sys
import threading

from evals.sandbox.host.fork_server import ForkServer
from evals.sandbox.host.launchers import ZYGOTE, Launcher
from evals.sandbox.host.plan import command, python
from evals.sandbox.host.worker import Hung, Slow, Worker, WorkerLost
from evals.sandbox.protocol import N_AHEAD, Allowance, Outcome, ProblemSpec

_FORK_SERVER, _TESTER = "evals.sandbox.inside.fork_server", "evals.sandbox.tester.tester"

CLOSE_S = 5.0
"What an idle worker has to end by itself before it is killed."


class Pool:
    """Workers of one launcher. May be used from several threads."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        self._lock = threading.Lock()
        self._closed = False
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._fork_servers: list[ForkServer] = []
        "Pairs of one for zygotes and one for testers; the last pair is in use."

    def _live(self) -> None:
        """Raise RuntimeError if the pool was closed: its workers were killed, which says nothing of their programs."""
        if self._closed:
            raise RuntimeError("the sandbox was closed while it judged a program")

    def warm(self) -> None:
        """Start one worker.

        Raises:
            WorkerLost, Hung: it cannot be started.
        """
        self._put_back(self._start())

    def check(
        self,
        problem: ProblemSpec,
        program: str,
        allowed: Allowance,
        slow: Slow | None = None,
        same_process: bool = False,
    ) -> Outcome:
        """The outcome of one program, see `Worker.check`; a worker that is lost is replaced once.

        Raises:
            RuntimeError: the pool was closed.
        """
        for attempt in (1, 2):
            try:
                worker = self._take(problem.number)
            except (WorkerLost, Hung) as error:
                self._live()
                return Outcome("harness_error", detail=f"no worker can be started: {error}")
            try:
                outcome = worker.check(problem, program, allowed, slow, same_process)
            except Hung:
                self._drop(worker)
                return Outcome("timed_out", detail="in the tests, on what the program gave")
            except WorkerLost as error:
                self._drop(worker)
                self._live()
                if attempt == 2:
                    return Outcome("harness_error", detail=str(error), lost=error.running)
                continue
            self._live()
            if outcome.status == "harness_error":
                self._drop(worker)  # what is left of it may be wrong for the next program too
            else:
                self._put_back(worker)
            return outcome
        raise AssertionError("the second attempt returns")

    def _take(self, number: int = 0) -> Worker:
        """A worker, if possible an idle one that has judged a program of the problem of this number."""
        with self._lock:
            for worker in reversed(self._idle):
                if worker.knows(number):
                    self._idle.remove(worker)
                    return worker
            if self._idle:
                return self._idle.pop()
        return self._start()

    def _start(self) -> Worker:
        worker = Worker(self.launcher, self._fork_server())
        with self._lock:
            if not self._closed:
                self._all.add(worker)
                return worker
        worker.close()
        self._live()
        raise AssertionError("a closed pool raises")

    def _fork_server(self) -> ForkServer:
        """What forks testers; made anew if it is lost."""
        with self._lock:
            self._live()
            if not self._fork_servers or not all(server.is_alive for server in self._fork_servers[-2:]):
                # Both are made anew: testers order zygotes by a socket that only their own fork server has inherited.
                # LD_BIND_NOW: symbols of libraries are bound once here, and not in pages of each program.
                zygotes = ForkServer([*command(_FORK_SERVER, python()), ZYGOTE], {"LD_BIND_NOW": "1"}, "/")
                started = [*command(_FORK_SERVER, sys.executable), _TESTER]
                testers = ForkServer(started, self.launcher.environment, shared=zygotes.control)
                self._fork_servers += [zygotes, testers]
            return self._fork_servers[-1]

    def _put_back(self, worker: Worker) -> None:
        with self._lock:
            if worker in self._all:
                self._idle.append(worker)

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.close()

    def survivors(self) -> int:
        """Processes below idle workers beyond what belongs there: a zygote each, and the candidates that wait."""
        with self._lock:
            return sum(max(0, worker.n_processes() - 1 - N_AHEAD) for worker in self._idle)

    def close(self) -> None:
        """End all workers and all that runs in them."""
        # All are told first, so that they end at the same time.
        with self._lock:
            self._closed = True
            workers, idle, self._all, self._idle = self._all, set(self._idle), set(), []
        for worker in workers:
            worker.leave()
        for worker in workers:
            worker.close(CLOSE_S if worker in idle else 0.0)
        for server in reversed(self._fork_servers):
            server.close()
