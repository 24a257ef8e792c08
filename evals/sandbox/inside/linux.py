"""System calls that Python has no name for, through the C library; numbers of x86_64 and aarch64."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Iterable
from typing import Any, NamedTuple

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x00020000, 0x02000000, 0x04000000
CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x08000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_REC, MS_PRIVATE = 1024, 2048, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 4, 24, 36, 38
PR_GET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 39, 47, 4
AT_RECURSIVE = 0x8000
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
M_ARENA_MAX, M_MXFAST = -8, 1

# Calls newer than Linux 5.0 have one number on all machines; these are older.
_NUMBERS = {
    "x86_64": {
        "pivot_root": 155, "seccomp": 317, "capset": 126, "mount": 165, "unshare": 272, "setns": 308,
        "mkdirat": 258, "chdir": 80, "setpgid": 109, "dup3": 292, "write": 1, "close": 3,
    },
    "aarch64": {
        "pivot_root": 41, "seccomp": 277, "capset": 91, "mount": 40, "unshare": 97, "setns": 268,
        "mkdirat": 34, "chdir": 49, "setpgid": 154, "dup3": 24, "write": 64, "close": 57,
    },
}  # fmt: skip
_COMMON = {
    "mount_setattr": 442,
    "landlock_create_ruleset": 444,
    "landlock_add_rule": 445,
    "landlock_restrict_self": 446,
    "close_range": 436,
}

MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())

# None: the C library that Python itself is linked to, glibc or musl.
libc = ctypes.CDLL(None, use_errno=True)

# Python's lock is kept in these calls: to let go of it and take it again touches pages that a fork then copies.
_locked = ctypes.PyDLL(None, use_errno=True)
_syscall = _locked.syscall


class Step(OSError):
    """A system call that failed; `str` names it and what it was for."""


def number(name: str) -> int:
    """The number of a system call on this machine.

    Raises:
        Step: the machine is of a kind whose numbers are not known here.
    """
    table = _NUMBERS.get(MACHINE)
    if table is None:
        raise Step(0, f"no system call numbers for {MACHINE}")
    return _COMMON.get(name) or table[name]


def checked(result: int, what: str) -> int:
    """The result of a call.

    Raises:
        Step: it is -1; with the error number that the C library keeps.
    """
    if result == -1:
        code = ctypes.get_errno()
        raise Step(code, f"{what}: {os.strerror(code)}")
    return result


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


class Prepared(NamedTuple):
    """A system call for later, its arguments converted."""

    name: str
    args: tuple[Any, ...]

    def __call__(self) -> int:
        """Make the call. Raises Step."""
        return checked(_syscall(*self.args), self.name)


def syscall(name: str, *args: Any) -> int:
    """One call by name, see `prepared`. Raises Step."""
    return prepared(name, *args)()


def prepared(name: str, *args: Any) -> Prepared:
    """A call for later, its arguments converted now, so that a process that was just forked has little to do."""
    # As `long`: ctypes passes integers as 32 bits, and leaves the rest of the register as it was.
    return Prepared(name, tuple(ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in (number(name), *args)))


def in_turn(calls: Iterable[Prepared]) -> None:
    """Make these calls, up to the first that fails. Raises Step."""
    for name, args in calls:
        if _syscall(*args) == -1:
            checked(-1, name)


def closing_all_but(fd: int, first: int) -> list[Prepared]:
    """The calls that close all descriptors from `first` on that are open now, but one."""
    last = (1 << 32) - 1
    try:
        syscall("close_range", last, last, 0)
    except Step:  # it came with Linux 5.9
        return [prepared("close", other) for other in range(first, 4096) if other != fd and _is_open(other)]
    below = [prepared("close_range", first, fd - 1, 0)] if fd > first else []
    return [*below, prepared("close_range", fd + 1, last, 0)]


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def fork() -> int:
    """fork(2) by the C library alone, of a process with one thread: 0 in the child.

    Python's own prepares for other threads, and takes locks anew in the child: a third of the pages that a child copies
    before it does anything. Hooks of `os.register_at_fork` are not run. Raises Step.
    """
    return checked(_locked.fork(), "fork")


def unshare(flags: int, what: str = "unshare") -> None:
    """Move this process into fresh namespaces. what: names it in errors. Raises Step."""
    checked(libc.unshare(flags), what)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2). Raises Step, which names source and target."""
    result = libc.mount(_bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(data))
    checked(result, f"mount {source or kind} on {target}")


def umount(target: str, flags: int = 0) -> None:
    """umount2(2). Raises Step."""
    checked(libc.umount2(_bytes(target), flags), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root of this mount namespace, and put the old root at `old`, below it. Raises Step."""
    syscall("pivot_root", _bytes(new), _bytes(old))


def prctl(option: int, *args: int) -> int:
    """prctl(2). Raises Step."""
    # All five arguments are given: the kernel refuses some options if unused ones are not 0.
    values = [ctypes.c_ulong(arg) for arg in (*args, 0, 0, 0, 0)[:4]]
    return checked(libc.prctl(option, *values), f"prctl {option}")


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def make_read_only(target: str) -> None:
    """Everything mounted at and below the target: read-only, no setuid programs, no devices."""
    attr = _MountAttr(attr_set=MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
    try:
        syscall("mount_setattr", -100, _bytes(target), AT_RECURSIVE, ctypes.byref(attr), ctypes.sizeof(attr))
    except Step as error:
        if error.errno != errno.ENOSYS:  # mount_setattr came with Linux 5.12
            raise
        flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
        mount(None, target, None, flags | _kept_flags(target))


def _kept_flags(target: str) -> int:
    """Flags of a mount that are locked in a user namespace: a remount without them is refused."""
    return os.statvfs(target).f_flag & (MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


_CAP_VERSION_3 = 0x20080522
_CAP_HEADER, _NO_CAPABILITIES = _CapHeader(_CAP_VERSION_3, 0), (_CapData * 2)()


def bar_capabilities() -> None:
    """No program that this process or a child of it executes ever has a capability. Those that it has now it keeps."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) == -1:
            break
    libc.prctl(PR_CAP_AMBIENT, ctypes.c_ulong(PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)


def dropped_capabilities() -> Prepared:
    """The call after which a process has no capability any more."""
    return prepared("capset", ctypes.byref(_CAP_HEADER), _NO_CAPABILITIES)


def plain_malloc() -> None:
    """Let threads share one heap: glibc reserves 128 MiB of address space for each heap, and RLIMIT_AS counts it.

    Small pieces that are free are joined at once, and not by the first program that wants a large one: it would copy
    the pages of all.
    """
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_MXFAST, 0)
