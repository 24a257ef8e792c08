"""Moves a process into fresh namespaces, as a user without rights."""

from __future__ import annotations

import os

from evals.sandbox.inside import linux, root_fs
from evals.sandbox.protocol import ZygotePlan

_FRESH = linux.CLONE_NEWNS | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET | linux.CLONE_NEWPID


def move_in(plan: ZygotePlan) -> dict[int, int]:
    """Become process 1 of fresh namespaces, as an unprivileged user; returns descriptors of two of them, by flag.

    Raises:
        OSError: the kernel allows no namespaces to this user, or a mount is refused.
    """
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)  # the new tree has none
    # Root lays out the tree before it gives up its rights: what it can read may be closed to others. An ordinary user
    # may mount only within his own user namespace, so he does it afterwards.
    if plan.uid is not None:
        linux.unshare(linux.CLONE_NEWNS, "unshare mount")
        root_fs.build(plan.root_fs)
        give_up_root(plan.uid)
    uid, gid = os.getuid(), os.getgid()
    linux.unshare(linux.CLONE_NEWUSER | _FRESH, "unshare user, mount, net, ipc, uts, pid")
    # "deny" comes first: without it the kernel lets nobody but root map a group.
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
        _write_at(proc, f"self/{name}", text)
    if plan.uid is None:
        root_fs.build(plan.root_fs)
    if os.fork() != 0:  # only a child is in the new process namespace
        os._exit(0)
    kinds = ((linux.CLONE_NEWPID, "pid"), (linux.CLONE_NEWNS, "mnt"))
    own = {kind: os.open(f"self/ns/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc) for kind, name in kinds}
    os.close(proc)
    return own


def give_up_root(uid: int) -> None:
    """Become this user, with the group of the same number and no other. Raises OSError."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # A process that changed its user owns none of its files in /proc any more, and could not write its uid_map.
    linux.prctl(linux.PR_SET_DUMPABLE, 1)


def _write_at(folder: int, path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
