"""Runs a whole program on one input, and takes in what it prints; outputs are compared here, not there."""

from __future__ import annotations

import os
import select
from dataclasses import dataclass

from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.output import MAX_DETAIL
from evals.sandbox.problem import StdioCase
from evals.sandbox.protocol import ProgramJob, job_parts
from evals.sandbox.tester.exits import NotPython

ROOM_BYTES = 1 << 20
"What a program may print beyond what is expected, before it is ended."


@dataclass
class Printed:
    """What one run printed, and how it says that it ended. status: its exit code; None if it does not say."""

    stdout: bytes = b""
    stderr: bytes = b""
    status: int | None = None
    said: str = ""
    too_much: bool = False


def run_case(channel: Channel, job: ProgramJob, case: StdioCase) -> Printed:
    """Run the program on one input, until its process ends or it has printed too much.

    Raises:
        EOFError: its process is gone.
        NotPython: it cannot be compiled.
    """
    # A file and no pipe: however long the input is, nobody has to feed it, and programs may seek in it.
    given = os.memfd_create("stdin")
    with os.fdopen(given, "wb", closefd=False) as file:
        file.write(case.stdin.encode("utf-8", "surrogatepass"))
    os.lseek(given, 0, os.SEEK_SET)
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    try:
        channel.send(dumps(job_parts(job)), (given, out_end, err_end))
    finally:
        for fd in (given, out_end, err_end):
            os.close(fd)
    try:
        return _read(channel, out, err, len(case.stdout.encode("utf-8", "surrogatepass")) + ROOM_BYTES)
    finally:
        os.close(out)
        os.close(err)


def _read(channel: Channel, out: int, err: int, max_bytes: int) -> Printed:
    """All three are read as they fill: a program that prints into a full pipe would wait for ever."""
    found, parts, size = Printed(), [], 0
    poller = select.poll()
    for fd in (out, err, channel.fileno()):
        poller.register(fd, select.POLLIN)
    ended = False
    while not ended:
        for fd, _ in poller.poll():
            if fd == channel.fileno():
                ended = True
                _hear(channel, found)
                poller.unregister(fd)
                continue
            data = os.read(fd, 1 << 16)
            if not data:
                poller.unregister(fd)
            elif fd == out:
                parts.append(data)
                size += len(data)
            elif len(found.stderr) < MAX_DETAIL:
                found.stderr += data[:MAX_DETAIL]
        if size > max_bytes:
            found.too_much = True
            break
    parts.append(_rest(out, max_bytes))
    found.stderr += _rest(err, MAX_DETAIL)[:MAX_DETAIL]
    found.stdout = b"".join(parts)
    return found


def _hear(channel: Channel, found: Printed) -> None:
    """Take the one message that says how the run ended, if there is one. The program may have sent another."""
    try:
        message = loads(channel.receive())
        if message[0] == "syntax":
            raise NotPython(str(message[1]))
        found.status, found.said = int(message[1]), str(message[2])
    except Exception:
        return


def _rest(fd: int, max_bytes: int) -> bytes:
    """What is in a pipe now. Not until its end: a process that the program left behind may keep it open."""
    os.set_blocking(fd, False)
    data = b""
    try:
        while len(data) <= max_bytes:
            part = os.read(fd, 1 << 16)
            if not part:
                break
            data += part
    except BlockingIOError:
        pass
    return data
