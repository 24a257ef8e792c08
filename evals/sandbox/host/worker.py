"""The evaluator's hold on one tester and, through it, on its zygote."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from typing import Protocol

from evals.sandbox.host.fork_server import ForkServer
from evals.sandbox.host.launchers import Launcher
from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.removal import remove_tree
from evals.sandbox.process_tree import tree_of, waited_s
from evals.sandbox.protocol import (
    BEGUN,
    MAX_JOB,
    START_S,
    Allowance,
    CannotStart,
    Check,
    Late,
    Outcome,
    ProblemSpec,
    Ready,
    Setup,
    SteppedBack,
    TakesLong,
    longest_s,
    read,
    write,
)
from evals.sandbox.typed_json import ProtocolError

BACKSTOP_S = 1.5
"After the limit: a tester that hangs, in a comparison that does not end, is killed then."

SOON_S = 0.1
"Most testers answer within this; only after it is noted how long they have waited for a core."

MUCH_WAITING_S = 0.1
"A tester that waited at least so long for a core since the last look may not hang: it gets that time back."

LET_GO_S = 5.0
"Time in which a zygote whose tester was killed lets go of its folder."

MAX_KNOWN = 256
"Problems that a tester keeps, so that each is sent once."


class Slow(Protocol):
    """What the evaluator does about a program that takes long."""

    def step_back(self) -> None:
        """Let another program start."""

    def allowance(self) -> Allowance:
        """What the program is allowed, now that the time of its reference counts."""


class WorkerLost(Exception):
    """The tester is gone or cannot start; `str` says what it wrote at last. running: it had begun with a program."""

    def __init__(self, said: str, running: bool = False) -> None:
        super().__init__(said)
        self.running = running


class Hung(Exception):
    """The tester did not end a check in time, and was killed."""


class Worker:
    """One tester process, which judges one program at a time.

    Raises:
        WorkerLost, Hung: tester or zygote cannot be started.
    """

    def __init__(self, launcher: Launcher, fork_server: ForkServer) -> None:
        ours, theirs = socket.socketpair()
        # A file for its standard error: a pipe that nobody reads would fill up and stop it.
        self._said = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._said.write(bytes(BEGUN.size))
        self._n_checks = 0
        self._fork_server, self.zygote_pid = fork_server, 0
        with theirs:
            try:
                self.pid = fork_server.fork(theirs.fileno(), self._said.fileno())
            except OSError as error:
                raise WorkerLost(f"no process can be started: {error}") from None
        self._scratch = "" if launcher.launch.plan.namespaces else tempfile.mkdtemp(prefix="evals-sandbox-")
        self._known: set[int] = set()
        self.channel = Channel(ours, MAX_JOB)
        try:
            self.zygote_pid = self._started(launcher.setup(self._scratch))
        except (WorkerLost, Hung):
            self.close()
            raise

    def _started(self, setup: Setup) -> int:
        """The zygote's process id, when tester and zygote are there."""
        self._send(setup)
        try:
            answer = read(self._heard(2 * START_S), Ready, CannotStart)
        except ProtocolError as error:
            raise WorkerLost(f"the tester cannot be understood: {error}") from None
        if isinstance(answer, CannotStart):
            raise WorkerLost(answer.reason)
        return answer.zygote_pid

    def check(
        self,
        problem: ProblemSpec,
        program: str,
        allowed: Allowance,
        slow: Slow | None = None,
        same_process: bool = False,
    ) -> Outcome:
        """The tester's outcome.

        slow: each of its methods is called at most once. same_process: see `protocol.Check`.

        Raises:
            WorkerLost: the tester is gone.
            Hung: it did not end the check in time, and must be killed.
        """
        self._n_checks += 1
        self._send(self._check(problem, program, allowed, same_process))
        patience_s, begun = allowed.limit_s + BACKSTOP_S, False
        while True:
            try:
                answer = read(self._heard(patience_s, begun), Outcome, SteppedBack, TakesLong, Late)
            except ProtocolError as error:
                raise WorkerLost(f"the tester cannot be understood: {error}", self._begun_s() is not None) from None
            except WorkerLost as error:
                error.running = self._begun_s() is not None
                raise
            if isinstance(answer, Outcome):
                return answer
            if isinstance(answer, Late):
                patience_s, begun = longest_s(allowed.limit_s) + BACKSTOP_S, True
            elif slow is not None and isinstance(answer, SteppedBack):
                slow.step_back()
            elif slow is not None:
                allowed = slow.allowance()
                self._send(allowed)
                patience_s, begun = allowed.limit_s + BACKSTOP_S, True

    def knows(self, number: int) -> bool:
        """Whether the tester has the problem of this number, and what it has found out about its tests."""
        return number in self._known

    def _check(self, problem: ProblemSpec, program: str, allowed: Allowance, same_process: bool = False) -> Check:
        """The message; with the problem itself if the tester does not have it."""
        known = problem.number in self._known
        forget = not known and len(self._known) >= MAX_KNOWN
        if forget:
            self._known.clear()
        self._known.add(problem.number)
        return Check(problem.number, program, allowed, None if known else problem, forget, same_process)

    def _send(self, message: Setup | Check | Allowance) -> None:
        try:
            self.channel.send(write(message))
        except (EOFError, OSError):
            raise WorkerLost(f"the tester is gone; {self._left()}") from None

    def _heard(self, patience_s: float, begun: bool = True) -> str:
        """The next message. A tester that had no core to run on is waited for up to twice as long.

        begun: else the tester has to begin with a program first, and is waited for so long from then on.

        Raises:
            WorkerLost, Hung: see `check`.
        """
        began_s = time.monotonic()
        until_s = began_s + (patience_s if begun else 2 * START_S)
        waited_before_s: float | None = None
        next_s = min(patience_s, SOON_S)
        while True:
            self.channel.sock.settimeout(max(0.05, next_s))
            try:
                return self.channel.receive()
            except TimeoutError:
                if not begun:
                    noted_s = self._begun_s()
                    if noted_s is None and time.monotonic() < until_s:
                        continue
                    begun, began_s = True, noted_s or began_s
                    until_s = began_s + patience_s
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

    def _begun_s(self) -> float | None:
        """When the tester began with the program of this check, by `time.monotonic`; None if it has not."""
        try:
            number, begun_s = BEGUN.unpack(os.pread(self._said.fileno(), BEGUN.size, 0))
        except (OSError, ValueError):  # closed meanwhile
            return None
        return begun_s if number == self._n_checks else None

    def _left(self) -> str:
        try:
            self._said.seek(BEGUN.size)
            return self._said.read()[-2000:].decode("utf-8", "replace").strip()
        except ValueError:
            return "it was closed"

    def n_processes(self) -> int:
        """How many processes the zygote and its programs are; 0 if they cannot be seen."""
        return len(tree_of(self.zygote_pid)) if self.zygote_pid else 0

    def leave(self) -> None:
        """Let the tester know that nothing more comes."""
        with contextlib.suppress(OSError):
            self.channel.sock.shutdown(socket.SHUT_WR)

    def close(self, patience_s: float = 0.0) -> None:
        """End the tester; its zygote and all programs end with it. patience_s: in which one that is idle may end."""
        self.leave()
        if patience_s:
            self.channel.sock.settimeout(patience_s)
            with contextlib.suppress(OSError):
                while self.channel.sock.recv(1 << 16):
                    pass
        self._fork_server.end(self.pid)
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
