"""Landlock: a process gives up, for ever, all files but those named, TCP, and signals to processes outside."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence

from evals.sandbox.inside import linux

_READ = 1 | 4 | 8
"Execute, read files, list folders."

# Rights that a version knows; to ask for others is an error.
_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_FILE_ONLY = 1 | 2 | 4 | (1 << 14) | (1 << 15)
"Rights that a rule for a file, not a folder, may hold."

# From version 4 on: no bind and no connect of TCP. From 6 on: no signals and no abstract sockets to processes outside.
NO_TCP, SCOPED = 3, 3
RULE_PATH_BENEATH = 1


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1  # as the kernel declares it
    _fields_ = [("allowed", ctypes.c_uint64), ("fd", ctypes.c_int32)]


def abi() -> int:
    """The version of Landlock in this kernel; 0 if it has none."""
    try:
        return linux.syscall("landlock_create_ruleset", None, 0, 1)
    except linux.Step:
        return 0


class Rules:
    """A set of rules, at first with no path. Needs NO_NEW_PRIVS to be put on.

    version: of Landlock, from 1. Raises `linux.Step`.
    """

    def __init__(self, version: int) -> None:
        self.handled = _BY_ABI[min(version, 5)]
        wanted = _Ruleset(self.handled, NO_TCP if version >= 4 else 0, SCOPED if version >= 6 else 0)
        # An older kernel knows only the first fields, and refuses a longer structure.
        size = 8 if version < 4 else 16 if version < 6 else 24
        self.fd = linux.syscall("landlock_create_ruleset", ctypes.byref(wanted), size, 0)
        self.restrict = linux.prepared("landlock_restrict_self", self.fd, 0)
        "Puts the rules on this process. They cannot be taken off."

    def allow(self, path: str, write: bool) -> None:
        """Let a path be read and run, or all be done to it. A path that is not there is left out."""
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        try:
            rights = self.handled if write else _READ & self.handled
            if not os.path.isdir(path):
                rights &= _FILE_ONLY
            rule = _PathBeneath(rights, opened)
            linux.syscall("landlock_add_rule", self.fd, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(opened)


def rules(version: int, readable: Sequence[str], writable: Sequence[str]) -> Rules:
    """Rules that leave a process only these paths, and what is mounted below them later."""
    found = Rules(version)
    for path in readable:
        found.allow(path, write=False)
    for path in writable:
        found.allow(path, write=True)
    return found
