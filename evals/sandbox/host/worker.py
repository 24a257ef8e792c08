"""The supervisor's hold on one tester and, through it, its zygote."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from evals.sandbox.host.fork_server import START_S, Nursery
from evals.sandbox.host.launchers import placed
from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.removal import remove_tree
from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.process_tree import tree_of, waited_s
from evals.sandbox.tester.shapes import shape_of
from evals.sandbox.tester.tester import MAX_JOB
from evals.sandbox.tester.watch import longest_s

BACKSTOP_S = 1.5
"After the limit: when the tester itself hangs, in a comparison that does not end, it is killed."

SOON_S = 0.1
"Most testers answer within this; only then is it noted how long they have waited for a core."

MUCH_WAITING_S = 0.1
LET_GO_S = 5.0
MAX_KNOWN = 256
"Problems that a tester keeps, so that each is sent once."


@dataclass(frozen=True)
class Brief:
    """A problem as testers take it. data: with the shape of its tests. fault: why its tests cannot run."""

    number: int
    data: dict[str, Any]
    fault: str | None = None


class WorkerLost(Exception):
    """The tester is gone or cannot start; `str` says what it left behind. running: it had begun with a program."""

    def __init__(self, said: str, running: bool = False) -> None:
        super().__init__(said)
        self.running = running


class Hung(Exception):
    """The tester did not end a check in time, and was killed."""


class Worker:
    """One tester process, which judges one program at a time."""

    def __init__(self, config: dict[str, Any], nursery: Nursery) -> None:
        ours, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._nursery, self._zygote = nursery, 0
        with theirs:
            try:
                self.pid = nursery.fork(theirs.fileno(), self._said.fileno())
            except OSError as error:
                raise WorkerLost(f"no process can be started: {error}") from None
        self._scratch = "" if config["plan"]["namespaces"] else tempfile.mkdtemp(prefix="evals-sandbox-")
        config = placed(config, self._scratch)
        self._known: set[int] = set()
        self.channel = Channel(ours, MAX_JOB)
        try:
            self._send({**config, "path": [path for path in sys.path if path]})
            answer = self._heard(2 * START_S)
        except (WorkerLost, Hung):
            self.close()
            raise
        if "error" in answer:
            self.close()
            raise WorkerLost(str(answer["error"]))
        self._zygote = answer["zygote"]

    def check(
        self,
        brief: Brief,
        program: str,
        allowed: tuple[float, float],
        step_back: Callable[[], tuple[float, float]] | None = None,
    ) -> dict[str, Any]:
        """The tester's outcome. allowed: wall time, and processor time that is enough (see `watch.Allowance`).

        step_back: called once where the program takes long; returns what it is allowed then.
        Raises WorkerLost, or Hung.
        """
        job: dict[str, Any] = {"problem": brief.number, "program": program} | _allowance(*allowed)
        if brief.number not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
                job["forget"] = True
            self._known.add(brief.number)
            job["data"] = brief.data
        self._send(job)
        patience_s, running = 2 * START_S, False
        while True:
            try:
                answer = self._heard(patience_s)
            except WorkerLost as error:
                error.running = running
                raise
            if "started" in answer:
                patience_s, running = allowed[0] + BACKSTOP_S, True
            elif "late" in answer:
                patience_s = longest_s(allowed[0]) + BACKSTOP_S
            elif "stepped_back" in answer:
                if step_back is not None:
                    allowed = step_back()
                    self._send(_allowance(*allowed))
                    patience_s = allowed[0] + BACKSTOP_S
            else:
                return answer

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self.channel.send(dumps(message))
        except (EOFError, OSError):
            raise WorkerLost(f"the tester is gone; {self._left()}") from None

    def _heard(self, patience_s: float) -> dict[str, Any]:
        """The next message. A tester that had no core to run on is waited for longer."""
        began_s = time.monotonic()
        until_s = began_s + patience_s
        waited_before_s: float | None = None
        next_s = min(patience_s, SOON_S)
        while True:
            self.channel.sock.settimeout(max(0.05, next_s))
            try:
                answer: dict[str, Any] = loads(self.channel.receive())
                return answer
            except TimeoutError:
                waited_now_s = waited_s(self.pid)
                if waited_before_s is None:
                    waited_before_s, next_s = waited_now_s, until_s - time.monotonic()
                    continue
                late_s = time.monotonic() - began_s - patience_s
                if waited_now_s - waited_before_s < MUCH_WAITING_S or late_s >= patience_s:
                    raise Hung from None
                next_s, waited_before_s = waited_now_s - waited_before_s, waited_now_s
            except (EOFError, OSError, ValueError) as error:
                raise WorkerLost(f"the tester is gone ({type(error).__name__}); {self._left()}") from None

    def _left(self) -> str:
        try:
            self._said.seek(0)
            return self._said.read()[-2000:].decode("utf-8", "replace").strip()
        except ValueError:
            return "it was closed"

    def n_processes(self) -> int:
        """The zygote and its programs; 0 where they cannot be seen."""
        return len(tree_of(self._zygote)) if self._zygote else 0

    def leave(self) -> None:
        """Let the tester know that nothing more comes."""
        with contextlib.suppress(OSError):
            self.channel.sock.shutdown(socket.SHUT_WR)

    def close(self, patience_s: float = 0.0) -> None:
        """End the tester; its zygote and all programs end with it. One that is idle ends by itself."""
        self.leave()
        if patience_s:
            self.channel.sock.settimeout(patience_s)
            with contextlib.suppress(OSError):
                while self.channel.sock.recv(1 << 16):
                    pass
        self._nursery.end(self.pid)
        self.channel.close()
        self._said.close()
        self._remove_scratch()

    def _remove_scratch(self) -> None:
        """Remove the worker's folder; a zygote whose tester was killed may need a moment to let go of it."""
        until_s = time.monotonic() + LET_GO_S
        while self._scratch and os.path.exists(self._scratch):
            remove_tree(self._scratch)
            if time.monotonic() >= until_s:
                return
            time.sleep(0.01)


def brief_of(problem: Problem, number: int) -> Brief:
    """A problem as the tester's `problem_of` takes it."""
    tests, shape = problem.tests, None
    if isinstance(tests, FunctionTests):
        try:
            shape = asdict(shape_of(problem))
        except (SyntaxError, ValueError, RecursionError) as error:
            return Brief(number, {}, f"the tests cannot be read: {error}")
        shape = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in shape.items()}
    data = {
        "shape": shape,
        "problem_id": problem.problem_id,
        "prompt": problem.prompt,
        "tests": tests.source if isinstance(tests, FunctionTests) else [[c.stdin, c.stdout] for c in tests.cases],
        "entry_point": problem.entry_point,
        "timeout_s": problem.timeout_s,
        "memory_bytes": problem.memory_bytes,
    }
    return Brief(number, data)


def _allowance(limit_s: float, enough_s: float) -> dict[str, float]:
    return {"limit_s": limit_s, "enough_s": enough_s}
