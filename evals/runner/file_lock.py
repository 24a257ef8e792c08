"""A file that one process at a time may hold; others wait for it, but not forever."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from evals.errors import EvalsError

_POLL_S = 0.05


@contextlib.contextmanager
def held(path: Path, wait_s: float) -> Iterator[IO[str]]:
    """The open file `path`, held until the block ends or the process dies; it is made, and stays.

    Raises:
        EvalsError: somebody else holds it for longer than `wait_s`, or it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise EvalsError(f"the lock cannot be made: {error.strerror or error}", where=str(path)) from None
    with file:
        deadline_s = time.monotonic() + wait_s
        while not _taken(file.fileno()):
            if time.monotonic() >= deadline_s:
                raise EvalsError(
                    f"another process has held this for more than {wait_s:g} s",
                    where=str(path),
                    fix="look for a process that hangs, or wait longer",
                )
            time.sleep(_POLL_S)
        try:
            yield file
        finally:
            _let_go(file.fileno())


def _taken(fd: int) -> bool:
    if os.name == "nt":
        return _taken_on_windows(fd)
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _let_go(fd: int) -> None:
    if os.name == "nt":
        _let_go_on_windows(fd)
        return
    import fcntl

    fcntl.flock(fd, fcntl.LOCK_UN)


_FAR = 1 << 30
"Windows locks bytes, and locked ones cannot be read: a byte that no file of ours reaches."


def _taken_on_windows(fd: int) -> bool:
    import msvcrt

    os.lseek(fd, _FAR, os.SEEK_SET)
    try:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


def _let_go_on_windows(fd: int) -> None:
    import msvcrt

    os.lseek(fd, _FAR, os.SEEK_SET)
    msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
