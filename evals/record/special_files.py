"""Tells files from pipes, devices and the system's own files in /proc: what is read from those may never end."""

from __future__ import annotations

import functools
import os
import stat
from pathlib import Path

from evals.errors import DataError


def refuse_special(path: str | Path, *, pipes: bool = False) -> None:
    """Raise DataError if `path` is a pipe, a socket, a device or a file of the system: reading it may never end.

    pipes: whether a pipe may be read, once: what writes into it ends. Nothing is raised for a path that is not there,
    and for a folder.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return
    if stat.S_ISDIR(found.st_mode) or (pipes and stat.S_ISFIFO(found.st_mode)):
        return
    if not stat.S_ISREG(found.st_mode):
        what = "this is a pipe or a device, a file is needed"
        raise DataError(what, where=str(path), fix="write the data to a file first")
    if is_of_the_system(found):
        raise DataError("this is a file of the system, which may have no end", where=str(path), fix="name another file")


def is_of_the_system(found: os.stat_result) -> bool:
    """Whether a regular file lies in /proc. There, /proc/kmsg waits for messages and /proc/self/mem has no end."""
    return found.st_dev == _device_of_proc()


@functools.cache
def _device_of_proc() -> int | None:
    try:
        return os.stat("/proc").st_dev if os.path.exists("/proc/self/status") else None
    except OSError:
        return None
