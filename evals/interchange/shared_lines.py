"""A file of lines that several processes append to, such as votes or labels of several people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BINARY = getattr(os, "O_BINARY", 0)


@contextmanager
def alone_in(path: str | Path) -> Iterator[int]:
    """A descriptor to read and append by, of a file that nobody else in such a block writes; a new file is private.

    Without the lock a line that another process is just writing looks like one that a crash has torn. Where there are
    no locks (Windows, some network file systems), there is none.

    Raises:
        OSError: the file cannot be opened.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o600)
    try:
        _wait_for_lock(fd)
        yield fd
    finally:
        os.close(fd)


def write_whole(fd: int, line: bytes) -> None:
    """Append a line in one write, and wait until it is on the disk. Raises OSError, also where a part was written."""
    if os.write(fd, line) != len(line):
        raise OSError(None, "the disk took only a part of the line")
    os.fsync(fd)


def _wait_for_lock(fd: int) -> None:
    try:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX)
    except (ImportError, OSError):
        return
