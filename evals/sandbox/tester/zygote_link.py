"""The tester's hold on its zygote: candidates are ordered one ahead, taken when ready, and always ended."""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from evals.sandbox.host.fork_server import START_S, order_quietly
from evals.sandbox.inside.channel import Channel
from evals.sandbox.tester.exits import HarnessError

SO_PASSCRED, SCM_CREDENTIALS = 16, 2
_CREDENTIALS = struct.Struct("3i")


@dataclass
class Spare:
    """A candidate that waits for its program."""

    number: int
    channel: Channel
    pid: int = 0
    "As this process sees it; 0 where it cannot."


@dataclass(frozen=True)
class Used:
    """How a candidate ended and what it used. status: as `os.wait4` gives it."""

    status: int
    cpu_s: float


class ZygoteLink:
    """One zygote, started by `command` with an empty environment; where there is none, forked by a nursery."""

    def __init__(self, command: list[str], plan: dict[str, Any], nursery: socket.socket) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None
        if not command:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            order_quietly(nursery, theirs.fileno(), self._said.fileno())
            theirs.close()
        elif plan.get("socket"):
            self._control = self._connected(command, plan["socket"])
        else:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._process = self._started(command, theirs.fileno(), {}, plan.get("user"))
            theirs.close()
        self._control.settimeout(START_S)
        self._number = 0
        self._spare: Spare | None = None
        self._control.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)
        self._control.send(json.dumps(plan).encode())
        answer, self.pid = self._hear()
        self._control.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 0)
        if answer != b"ready":
            raise HarnessError(f"the sandbox cannot be set up: {answer.decode()}")

    def _started(
        self, command: list[str], stdin: int, environment: dict[str, str], user: int | None = None
    ) -> subprocess.Popen[bytes]:
        another: Any = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        try:
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env=environment,
                cwd="/",
                close_fds=True,
                **another,
            )
        except OSError as error:
            raise HarnessError(f"{command[0]} cannot be started: {error}") from None

    def _connected(self, command: list[str], path: str) -> socket.socket:
        """The control socket of a zygote in a container, which connects to a path that is mounted there."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path)
            os.chmod(path, 0o777)
            listener.listen(1)
            listener.settimeout(1.0)
            process = self._process = self._started(command, subprocess.DEVNULL, dict(os.environ))
            until_s = time.monotonic() + START_S
            while time.monotonic() < until_s and process.poll() is None:
                try:
                    control, _ = listener.accept()
                except TimeoutError:
                    continue
                os.unlink(path)
                return control
        raise HarnessError(f"{command[0]} did not start Python: {self.said()}")

    def order(self) -> None:
        """Have the next candidate made while this one runs."""
        if self._spare is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)
        self._number += 1
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))
        try:
            self._control.sendmsg([b"f%d" % self._number], [rights])
        except OSError as error:
            raise HarnessError(f"the zygote is gone: {error}; {self.said()}") from None
        finally:
            theirs.close()
        self._spare = Spare(self._number, Channel(ours))

    def take(self) -> Spare:
        """A candidate that has confined itself and is alive: one that was killed as it waited is replaced."""
        for _ in range(3):
            spare = self._ready()
            if not select.select([spare.channel], [], [], 0)[0]:
                return spare
            self.end(spare)
        raise HarnessError(f"candidates end before they are given a program; {self.said()}")

    def _ready(self) -> Spare:
        self.order()
        spare, self._spare = self._spare, None
        assert spare is not None
        spare.channel.sock.settimeout(START_S)
        try:
            data, ancillary, _, _ = spare.channel.sock.recvmsg(4096, socket.CMSG_SPACE(_CREDENTIALS.size))
        except OSError as error:
            raise HarnessError(f"a candidate was not ready in {START_S:.0f} s: {error}") from None
        if b'["ready"]' not in data:
            self._explain(spare, data)
        spare.pid = _sender(ancillary)
        spare.channel.sock.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 0)
        spare.channel.sock.settimeout(None)
        return spare

    def _explain(self, spare: Spare, data: bytes) -> None:
        """Raise what a candidate says that could not be confined."""
        spare.channel.close()
        self._control.send(b"e%d" % spare.number)
        answer, _ = self._hear()
        said = (data[4:] or answer).decode("utf-8", "replace")
        raise HarnessError(f"a candidate could not be confined: {said}; {self.said()}")

    def end(self, spare: Spare) -> Used:
        """Kill a candidate and everything that it started."""
        spare.channel.close()
        try:
            self._control.send(b"e%d" % spare.number)
        except OSError as error:
            raise HarnessError(f"the zygote is gone: {error}; {self.said()}") from None
        data, _ = self._hear()
        number, *values = data.split()
        if int(number) != spare.number or len(values) != 2:
            raise HarnessError(f"the zygote answers {data.decode()}; {self.said()}")
        return Used(int(values[0]), float(values[1]))

    def _hear(self) -> tuple[bytes, int]:
        """What the zygote says, and its process as this one sees it, where it is asked for."""
        try:
            data, ancillary, _, _ = self._control.recvmsg(1 << 16, socket.CMSG_SPACE(_CREDENTIALS.size))
        except OSError as error:
            raise HarnessError(f"the zygote does not answer: {error}; {self.said()}") from None
        if not data:
            raise HarnessError(f"the zygote is gone; {self.said()}")
        return data, _sender(ancillary)

    def said(self) -> str:
        """What the zygote wrote to standard error."""
        self._said.seek(0)
        return self._said.read(2000).decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Let the zygote go; all candidates end with it."""
        if self._spare is not None:
            self._spare.channel.close()
        self._control.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while self._control.recv(1 << 16):
                pass
        self._control.close()
        if self._process is not None:
            self._process.wait()
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The process that sent a message, as this one sees it; 0 where the message does not tell."""
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == SCM_CREDENTIALS:
            return int(_CREDENTIALS.unpack_from(content)[0])
    return 0
