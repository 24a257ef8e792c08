"""The tester's hold on its zygote: a candidate is ordered before it is needed, taken when ready, and always ended."""

from __future__ import annotations

import _socket
import contextlib
import os
import select
import socket
import struct
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.sandbox.inside.channel import Channel
from evals.sandbox.protocol import (
    END,
    FORK,
    MAX_ORDER,
    N_AHEAD,
    START_S,
    CandidateEnded,
    CannotStart,
    Fork,
    ZygoteLaunch,
    ZygotePlan,
    ZygoteReady,
    read,
    write,
)
from evals.sandbox.tester.exits import HarnessError
from evals.sandbox.typed_json import ProtocolError

N_TRIES = 3
"Candidates that are tried before it is an error: one that waits may be killed, say if the machine has no memory left."

_CREDENTIALS, _FD, _TIME = struct.Struct("3i"), struct.Struct("i"), struct.Struct("ll")


@dataclass
class Spare:
    """A candidate: at first it waits for its program, then it runs it."""

    number: int
    channel: Channel
    pid: int = 0
    "As this process sees it; 0 if it cannot."


class ZygoteLink:
    """One zygote.

    fork_server: a socket by which one can be had, if the launch has no command. It is shared with other testers.

    Raises:
        HarnessError: the zygote cannot be started, or cannot be set up.
    """

    def __init__(self, launch: ZygoteLaunch, fork_server: socket.socket) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0
        self._spares: deque[Spare] = deque()
        self._control = self._connected(launch, fork_server)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):  # by the kernel: Python polls before each call
            self._control.setsockopt(socket.SOL_SOCKET, option, _TIME.pack(int(START_S), 0))
        self.pid = self._set_up(launch.plan)

    def _connected(self, launch: ZygoteLaunch, fork_server: socket.socket) -> socket.socket:
        """A socket to a new zygote."""
        if launch.socket is not None:
            return self._met(launch.command, launch.socket)
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            if launch.command:
                self._process = self._started(launch.command, theirs.fileno(), {}, launch.user)
            else:
                order = write(Fork(answer=False)).encode()
                socket.send_fds(fork_server, [order], [theirs.fileno(), self._said.fileno()])
        return control

    def _set_up(self, plan: ZygotePlan) -> int:
        """The zygote's process id as this process sees it, once it has done what the plan says."""
        # SO_PASSCRED: the kernel adds the sender's process id to each message, as this namespace sees it.
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._control.send(write(plan).encode())
        data, pid = self._heard()
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        answer = read(data, ZygoteReady, CannotStart)
        if isinstance(answer, CannotStart):
            raise HarnessError(f"the sandbox cannot be set up: {answer.reason}")
        return pid

    def _started(
        self, command: Sequence[str], stdin: int, environment: Mapping[str, str], user: int | None = None
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

    def _met(self, command: Sequence[str], path: str) -> socket.socket:
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

    def order(self, before: bytes = b"") -> None:
        """Have another candidate made. before: an order to the zygote that goes first. Raises HarnessError."""
        ours, theirs = _socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._number += 1
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, _FD.pack(theirs.fileno()))
        try:
            self._control.sendmsg([before + FORK + b"%d" % self._number], [rights])
        except OSError as error:
            raise HarnessError(f"the zygote is gone: {error}; {self.said()}") from None
        finally:
            theirs.close()
        self._spares.append(Spare(self._number, Channel(ours)))

    def take(self) -> Spare:
        """A candidate that has confined itself and is alive. One that was killed while it waited is replaced.

        Raises:
            HarnessError: no candidate can be forked, or confined.
        """
        for _ in range(N_TRIES):
            spare = self._ready()
            # It has nothing to say before it has a program: what can be read from its socket is its end.
            if not select.select([spare.channel], [], [], 0)[0]:
                return spare
            self.end(spare)
        raise HarnessError(f"candidates end before they are given a program; {self.said()}")

    def _ready(self) -> Spare:
        while len(self._spares) < N_AHEAD:
            self.order()
        spare = self._spares.popleft()
        try:
            data, ancillary = _first_message(spare.channel.sock)
        except OSError as error:
            raise HarnessError(f"a candidate was not ready in {START_S:.0f} s: {error}") from None
        if b'["ready"]' not in data:
            self._explain(spare, data)
        spare.pid = _sender(ancillary)
        spare.channel.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return spare

    def _explain(self, spare: Spare, data: bytes) -> None:
        """Raise what a candidate says that could not be confined, or what the zygote says of it."""
        said = data[4:].decode("utf-8", "replace") or self._killed(spare)
        raise HarnessError(f"a candidate could not be confined: {said}; {self.said()}")

    def end(self, spare: Spare) -> CandidateEnded:
        """Kill a candidate and everything that it started, and have another one made.

        Raises:
            HarnessError: the zygote is gone, or did not do it.
        """
        answer = self._killed(spare)
        try:
            ended = CandidateEnded.of(answer)
        except ProtocolError as error:
            raise HarnessError(f"{error}; {self.said()}") from None
        if ended.number != spare.number:
            raise HarnessError(f"the zygote answers {answer}; {self.said()}")
        return ended

    def _killed(self, spare: Spare) -> str:
        """What the zygote says once the candidate is gone."""
        spare.channel.close()
        self.order(END + b"%d " % spare.number)
        return self._heard()[0]

    def _heard(self) -> tuple[str, int]:
        """What the zygote says, and its process id if the socket passes it on."""
        try:
            data, ancillary, _, _ = self._control.recvmsg(MAX_ORDER, socket.CMSG_SPACE(_CREDENTIALS.size))
        except OSError as error:
            raise HarnessError(f"the zygote does not answer: {error}; {self.said()}") from None
        if not data:
            raise HarnessError(f"the zygote is gone; {self.said()}")
        return data.decode(), _sender(ancillary)

    def said(self) -> str:
        """What the zygote wrote to standard error."""
        self._said.seek(0)
        return self._said.read(2000).decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Let the zygote go, and wait until it has ended; all candidates end with it."""
        for spare in self._spares:
            spare.channel.close()
        self._control.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while self._control.recv(1 << 16):
                pass
        self._control.close()
        if self._process is not None:
            self._process.wait()
        # This process is their subreaper: what a launcher (bubblewrap) started comes back to it.
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _first_message(sock: _socket.socket) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    """What a candidate says first, and what the kernel adds. Raises OSError after `START_S`."""
    size = socket.CMSG_SPACE(_CREDENTIALS.size)
    try:  # most have said it before they are asked
        return sock.recvmsg(4096, size, socket.MSG_DONTWAIT)[:2]
    except BlockingIOError:
        sock.settimeout(START_S)
    found = sock.recvmsg(4096, size)[:2]
    sock.settimeout(None)
    return found


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The id of the process that sent a message, as this process sees it; 0 if the message does not tell."""
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(_CREDENTIALS.unpack_from(content)[0])
    return 0
