"""Processes that have loaded what testers and zygotes need, and fork them in milliseconds, most of their memory shared.

One forks testers at the supervisor's word, another zygotes at the testers'. The latter was executed afresh with an
empty environment, like a zygote that starts by itself: it sees no test, and holds nothing but its socket.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from typing import Any

from evals.sandbox.inside import linux

START_S = 60.0
"Time for a process to be there, a zygote to move in, a candidate to be ready; generous: a loaded machine is no error."

LEAVE_S = 5.0
_FORK, _END, _QUIETLY = "fork", "end", b"quietly"


class Nursery:
    """One such process: `command` has it load a module, whose `main` its children run.

    folder: where it lives, by default where the evaluator does. shared: a socket that every child is to have.
    """

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        folder: str | None = None,
        shared: socket.socket | None = None,
    ) -> None:
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

    def fork(self, channel: int, said: int) -> int:
        """The id of a new child with these descriptors as standard input and error. Raises OSError."""
        return self._answer([_FORK], [channel, said])

    def end(self, pid: int) -> None:
        """Kill a child, if it has not ended, and let go of it."""
        with contextlib.suppress(OSError):
            self._answer([_END, pid], [])

    def _answer(self, order: list[Any], fds: list[int]) -> int:
        with self._lock:
            try:
                socket.send_fds(self.control, [json.dumps(order).encode()], fds)
                answer = self.control.recv(4096)
            except OSError:
                self.control.close()  # an answer that comes late must not be taken for that to another order
                raise
        if not answer:
            raise OSError("the process that forks testers is gone")
        number = int(json.loads(answer))
        if number < 0:
            raise OSError(-number, os.strerror(-number))
        return number

    @property
    def lives(self) -> bool:
        return self._process.poll() is None and self.control.fileno() >= 0

    def close(self) -> None:
        """Let it go; it ends when its children have."""
        self.control.close()
        try:
            self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def order_quietly(control: socket.socket, channel: int, said: int) -> None:
    """Have a child forked by a nursery whose socket several processes share: nothing is answered."""
    socket.send_fds(control, [_QUIETLY], [channel, said])


def main() -> None:
    """Load the module that is named, and fork until nobody is left who might ask. Further arguments: for its `main`."""
    name, *arguments = sys.argv[1:]
    module = importlib.import_module(name)
    module.load()
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    gc.collect()
    gc.freeze()
    while True:
        data, fds, _, _ = socket.recv_fds(control, 4096, 2)
        if not data:
            break
        if data == _QUIETLY:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how these children end
            _forked(module, control, fds, [])
            continue
        kind, *pid = json.loads(data)
        answer = _forked(module, control, fds, list(map(int, arguments))) if kind == _FORK else _ended(*pid)
        with contextlib.suppress(BrokenPipeError):
            control.send(str(answer).encode())
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def _forked(module: Any, control: socket.socket, fds: list[int], arguments: list[int]) -> int:
    try:
        pid = os.fork()
    except OSError as error:
        pid = -(error.errno or 1)
    if pid == 0:
        code = 1
        try:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sys.argv = [""]
            for target, fd in ((0, fds[0]), (2, fds[1])):
                os.dup2(fd, target)
                os.close(fd)
            module.main(*arguments)
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    for fd in fds:
        os.close(fd)
    return pid


def _ended(pid: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    return 0
