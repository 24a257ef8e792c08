"""The layers that a process puts on itself before it runs a program. None can be taken off again."""

from __future__ import annotations

import contextlib
import resource
from dataclasses import dataclass

from evals.sandbox.inside import linux
from evals.sandbox.inside.landlock import Rules
from evals.sandbox.inside.seccomp import Filter

MAX_FILE_BYTES = 1 << 24
MAX_PROCESSES = 64
MAX_OPEN_FILES = 64

NO_CORE_BYTES = 1
"Of a core dump: too few for a file, and to Linux a sign not to start what `core_pattern` names, which 0 is not."

STACK_BYTES = 100 << 20
"More than the usual 8 MiB: programs of contests recurse deeply, and set the interpreter's own limit high for it."

REHEARSALS = 24
"More often than Python runs code before it specialises it, which is 8 times in 3.11."


@dataclass(frozen=True)
class Layers:
    """Which layers are put on; None for one that this machine lacks. All was tried before the first program."""

    seccomp: Filter | None
    landlock: Rules | None


def rehearse() -> None:
    """Go through what `confine` does, by calls that have no effect; `jobs.rehearse` says why."""
    nothing = [linux.prepared("setns", -1, 0)]
    for _ in range(REHEARSALS):
        lower((resource.RLIMIT_CORE, NO_CORE_BYTES))
        with contextlib.suppress(OSError):
            linux.in_turn(nothing)


def confining(layers: Layers) -> list[linux.Prepared]:
    """The calls that put on everything but what is inherited, and the limits that depend on the problem."""
    calls = [linux.dropped_capabilities()]
    if layers.landlock is not None:
        calls.append(layers.landlock.restrict)
    if layers.seccomp is not None:
        calls.append(layers.seccomp.install)
    return calls


def inherited() -> None:
    """What is the same for every program, and is put on the process that programs are forked from."""
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    lower(
        (resource.RLIMIT_CORE, NO_CORE_BYTES),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 256),  # counted for a user: else one program could use up what others have
        (resource.RLIMIT_STACK, STACK_BYTES),
    )


def limits_of_problem(memory_bytes: int, cpu_s: int) -> None:
    """Limits of one problem, for each process: address space in bytes, and processor time in seconds."""
    # Counted for all processes of a user in one user namespace (Linux 5.14), so for one worker; root's are not limited.
    lower(
        (resource.RLIMIT_NPROC, MAX_PROCESSES),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
    )


def lower(*limits: tuple[int, int]) -> None:
    """Set the soft and the hard limit of each kind to a value, but never above the present hard limit."""
    for kind, value in limits:
        _, hard = resource.getrlimit(kind)
        if 0 <= hard < value:  # RLIM_INFINITY is -1
            value = hard
        resource.setrlimit(kind, (value, value))
