"""Waits for the one job of a candidate's process, and does it; rehearses all of that before programs are forked."""

from __future__ import annotations

import linecache
import socket
import sys

from evals.sandbox.inside import confine
from evals.sandbox.inside.candidate import Candidate
from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.same_process import run_together
from evals.sandbox.inside.source import FILE, MODULE
from evals.sandbox.inside.whole_program import run_program
from evals.sandbox.inside.wire import dumps, loads

_PART = {
    "mode": "function",
    "source": "def f(*given):\n    return given[0]\n",
    "entry": "f",
    "classes": [],
    "max_output": 1,
}
_CALLS = ("[[3],[]]", '[["a"],[]]', "[[[1,2.5,true]],[]]", '[[{"M":{"a":1}},null],[]]')


def rehearse() -> None:
    """Go through a job of our own here, again and again, before programs are forked from this process.

    What Python notes in its code and types while they run for the first times, no fork needs to note again in pages of
    its own; and what has been noted makes them faster.
    """
    ours, theirs = socket.socketpair()
    kept = sys.stdout
    tester, channel = Channel(ours), Channel(theirs)
    for _ in range(confine.REHEARSALS):
        tester.send(dumps(_PART))
        text, _ = channel.receive_with_fds(3)
        candidate = Candidate(channel, loads(text))
        candidate.load()
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


def run(channel: Channel) -> None:
    """Wait for a job, and do it. Returns when the process has nothing more to do."""
    channel.send('["ready"]')
    text, fds = channel.receive_with_fds(3)
    job = loads(text)
    confine.limits_of_problem(job["memory_bytes"], job["cpu_s"])
    if job["mode"] == "program":
        run_program(channel, job, fds)
    elif job["mode"] == "together":
        run_together(channel, job)
    else:
        candidate = Candidate(channel, job)
        if candidate.load():
            candidate.serve()
