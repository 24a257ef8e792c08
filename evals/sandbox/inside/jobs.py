"""Waits for the one job of a candidate's process, and does it; rehearses all of that before programs are forked."""

from __future__ import annotations

import linecache
import socket
import sys

from evals.sandbox.inside import confine
from evals.sandbox.inside.candidate import Candidate
from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.same_process import run_with_tests
from evals.sandbox.inside.source import FILE, MODULE
from evals.sandbox.inside.whole_program import run_program
from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.protocol import FunctionJob, Job, Limits, ProgramJob, SameProcessJob, job_of, job_parts

N_FDS = 3
"Descriptors that may come with a job: standard input, output and error of a whole program."

READY = '["ready"]'

_LIMITS = Limits(memory_bytes=1 << 30, cpu_s=1)
_REHEARSED = FunctionJob("def f(*given):\n    return given[0]\n", _LIMITS, "f", (), 1)
_OTHERS = (ProgramJob("", _LIMITS), SameProcessJob("", _LIMITS, "", ""))
_CALLS = ("[[3],[]]", '[["a"],[]]', "[[[1,2.5,true]],[]]", '[[{"M":{"a":1}},null],[]]')


def run(channel: Channel) -> None:
    """Wait for a job, and do it. Returns when the process has nothing more to do."""
    do(Candidate(channel))


def do(candidate: Candidate) -> None:
    """What `run` does, by a candidate that was made before."""
    channel = candidate.channel
    channel.send(READY)
    job, fds = _received(channel)
    confine.limits_of_problem(job.limits.memory_bytes, job.limits.cpu_s)
    if isinstance(job, FunctionJob):
        if candidate.load(job):
            candidate.serve()
    elif isinstance(job, ProgramJob):
        run_program(channel, job, fds)
    else:
        run_with_tests(channel, job)


def _received(channel: Channel) -> tuple[Job, list[int]]:
    text, fds = channel.receive_with_fds(N_FDS)
    return job_of(loads(text)), fds


def rehearse() -> None:
    """Go through a job of our own here, again and again, before programs are forked from this process.

    Python notes in code and types what it sees while they run for the first times: inline caches, counters, method
    caches. What is noted before the fork makes programs faster, and costs them no copied pages.
    """
    ours, theirs = socket.socketpair()
    kept = sys.stdout
    tester, channel = Channel(ours), Channel(theirs)
    for other in _OTHERS:
        tester.send(dumps(job_parts(other)))
        _received(channel)
    for _ in range(confine.REHEARSALS):
        tester.send(dumps(job_parts(_REHEARSED)))
        job, _ = _received(channel)
        assert isinstance(job, FunctionJob)
        candidate = Candidate(channel)
        candidate.load(job)
        for body in _CALLS:
            tester.send(f'["call",0,"",[]]\n{body}')
            candidate.answer(channel.receive())
        tester.send("\n".join(['["calls",0,"",[]]', *_CALLS]))
        candidate.answer(channel.receive())
        for _ in range(1 + 2 * len(_CALLS)):
            tester.receive()
        del sys.modules[MODULE], linecache.cache[FILE]
    sys.stdout = kept
    ours.close()
    theirs.close()
