"""Waits for the one job of a candidate's process, and does it; rehearses all of that before programs are forked."""

from __future__ import annotations

import contextlib
import linecache
import socket
import sys
from collections.abc import Callable, Iterable

from evals.sandbox.inside import confine, linux
from evals.sandbox.inside.candidate import Candidate
from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.same_process import run_with_tests
from evals.sandbox.inside.source import FILE, MODULE
from evals.sandbox.inside.whole_program import run_program
from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.protocol import FunctionJob, Job, Limits, ProgramJob, SameProcessJob, job_of, job_parts

N_FDS = 3
"Descriptors that may come with a job: standard input, output and error of a whole program."

_LIMITS = Limits(memory_bytes=1 << 30, cpu_s=1)
_REHEARSED = FunctionJob("def f(*given):\n    return given[0]\n", _LIMITS, "f", (), 1)
_OTHERS = (ProgramJob("", _LIMITS), SameProcessJob("", _LIMITS, "", ""))
_CALLS = ("[[3],[]]", '[["a"],[]]', "[[[1,2.5,true]],[]]", '[[{"M":{"a":1}},null],[]]')


def run(channel: Channel) -> int:
    """Wait for a job and do it, in a process that nothing confines."""
    candidate = Candidate(channel)
    candidate.send("ready")
    return do(candidate, (), confine.limits_of_problem)


def do(candidate: Candidate, opening: Iterable[linux.Prepared], limit: Callable[[int, int], object]) -> int:
    """Confine this process by the calls of `opening`, wait for its job, and do it.

    limit: puts on the limits of a problem, memory in bytes and processor time in seconds. Returns the exit code, when
    the process has nothing more to do.
    """
    channel = candidate.channel
    try:
        linux.in_turn(opening)
    except OSError as error:
        candidate.send("broken", f"{type(error).__name__}: {error}")
        return 70
    job, fds = _received(channel)
    limit(*job.limits)
    if isinstance(job, FunctionJob):
        if candidate.load(job):
            candidate.serve()
    elif isinstance(job, ProgramJob):
        run_program(channel, job, fds)
    else:
        run_with_tests(channel, job)
    return 0


def _received(channel: Channel) -> tuple[Job, list[int]]:
    text, fds = channel.receive_with_fds(N_FDS)
    return job_of(loads(text)), fds


def rehearse() -> None:
    """Go through a job of our own here, again and again, before programs are forked from this process.

    Python notes in code and types what it sees while they run for the first times: inline caches, counters, method
    caches. What is noted before the fork makes programs faster, and costs them no copied pages.
    """
    kept = sys.stdout
    for _ in range(confine.REHEARSALS):
        ours, theirs = socket.socketpair()
        tester = Channel(ours)
        for job in _OTHERS:
            tester.send(dumps(job_parts(job)))
            _received(Channel(theirs))
        tester.send(dumps(job_parts(_REHEARSED)), then="\n".join(['["calls",0,"",[]]', *_CALLS]))
        for body in _CALLS:
            tester.send(f'["call",0,"",[]]\n{body}')
        ours.shutdown(socket.SHUT_WR)
        with contextlib.suppress(EOFError):  # the end of its calls
            do(Candidate(Channel(theirs)), [linux.prepared("write", theirs.fileno(), b"", 0)], _no_limit)
        del sys.modules[MODULE], linecache.cache[FILE]
        ours.close()
        theirs.close()
    sys.stdout = kept


def _no_limit(memory_bytes: int, cpu_s: int) -> None:
    """The zygote has no limits of a problem."""
