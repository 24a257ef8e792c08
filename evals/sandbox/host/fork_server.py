"""The evaluator's hold on a process that forks testers or zygotes, see `inside.fork_server`."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence

from evals.sandbox.protocol import MAX_ORDER, START_S, Done, End, Fork, read, write

LEAVE_S = 5.0
"Time for it to end after its children."


class ForkServer:
    """One such process.

    command: runs `inside.fork_server.main` with the module whose `main` the children run. folder: its working folder,
    by default the evaluator's. shared: a socket that every child gets.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: str | None = None,
        shared: socket.socket | None = None,
    ) -> None:
        # SEQPACKET keeps messages apart, so that an order and its descriptors arrive as one.
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        passed = (shared.fileno(),) if shared else ()
        self._process = subprocess.Popen(
            [*command, *map(str, passed)],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
            pass_fds=passed,
            start_new_session=True,  # Ctrl-C is for the evaluator alone
        )
        theirs.close()
        self.control.settimeout(START_S)

    def fork(self, stdin: int, stderr: int) -> int:
        """The process id of a new child with these descriptors as standard input and error.

        Raises:
            OSError: no process could be made, or the fork server is gone.
        """
        done = self._answer(Fork(answer=True), [stdin, stderr])
        if done.errno:
            raise OSError(done.errno, os.strerror(done.errno))
        return done.pid

    def end(self, pid: int) -> None:
        """Kill a child, if it has not ended, and let go of it."""
        with contextlib.suppress(OSError):
            self._answer(End(pid), [])

    def _answer(self, order: Fork | End, fds: list[int]) -> Done:
        with self._lock:
            try:
                socket.send_fds(self.control, [write(order).encode()], fds)
                answer = self.control.recv(MAX_ORDER)
            except OSError:
                self.control.close()  # an answer that comes late must not be taken for that to another order
                raise
        if not answer:
            raise OSError("the process that forks testers is gone")
        return read(answer.decode(), Done)

    @property
    def is_alive(self) -> bool:
        """Whether children can still be had from it."""
        return self._process.poll() is None and self.control.fileno() >= 0

    def close(self) -> None:
        """Let it go; it ends when its children have."""
        self.control.close()
        try:
            self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
