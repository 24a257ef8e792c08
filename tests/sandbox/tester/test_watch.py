"""A program is ended for its time or its memory, and gets more time only where it had no core to run on."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from evals.sandbox.inside.channel import Channel
from evals.sandbox.process_tree import is_ready, tree_of
from evals.sandbox.protocol import Allowance, CandidateEnded, Late, SteppedBack, TakesLong, read, write
from evals.sandbox.tester.exits import Died, OutOfMemory, TimeUp
from evals.sandbox.tester.watch import NICENESS, Watch

MUCH = 1 << 40
BUSY = "print(flush=True)\nwhile True: pass"
ASLEEP = "import time\nprint(flush=True)\ntime.sleep(100)"
ON_ONE_CORE = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"


@contextlib.contextmanager
def running(source: str) -> Iterator[int]:
    """The process id of a Python that has done what the source says up to its first line."""
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            for pid in reversed(tree_of(process.pid)):
                os.kill(pid, 9)


class Evaluator:
    """The other end of a watch's channel."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.channel, self.watch = Channel(ours), Watch(Channel(theirs))
        self._both = (ours, theirs)

    def heard(self) -> list:
        self.channel.sock.setblocking(False)
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(read(self.channel.receive(), SteppedBack, TakesLong, Late))
        self.channel.sock.setblocking(True)
        return found

    def close(self) -> None:
        for sock in self._both:
            sock.close()


def gives_way(pid: int) -> bool:
    if os.geteuid() == 0:
        return os.sched_getscheduler(pid) == os.SCHED_IDLE
    return os.getpriority(os.PRIO_PROCESS, pid) == NICENESS


@pytest.fixture
def evaluator():
    made = Evaluator()
    yield made
    made.close()


def watched(evaluator: Evaluator, pid: int, allowed: Allowance, for_s: float, memory_bytes: int = MUCH):
    """What a watch makes of a program, looking every 20 ms for so long."""
    evaluator.watch.start(allowed)
    evaluator.watch.begin(pid, memory_bytes)
    began_s = time.monotonic()
    while (elapsed_s := time.monotonic() - began_s) < for_s:
        found = evaluator.watch.look(elapsed_s)
        if found is not None:
            return found, elapsed_s
        time.sleep(0.02)
    return None, for_s


@pytest.mark.parametrize("source", [BUSY, ASLEEP])
def test_a_program_has_its_limit(evaluator, source):
    with running(source) as pid:
        found, elapsed_s = watched(evaluator, pid, Allowance(0.6, 10.0), 30)
    assert isinstance(found, TimeUp)
    assert 0.6 <= elapsed_s < 15


def test_a_program_that_takes_long_steps_back_once(evaluator):
    with running(ASLEEP) as pid:
        assert watched(evaluator, pid, Allowance(100.0, 100.0), 0.5)[0] is None
        assert gives_way(pid)
    assert evaluator.heard() == [SteppedBack()]


def test_one_that_had_no_core_for_most_of_its_time_does_not_step_back(evaluator):
    """Twenty others compute on its core: it has a hundredth of a second."""
    with contextlib.ExitStack() as others:
        pid = others.enter_context(running(ON_ONE_CORE + BUSY))
        for _ in range(20):
            others.enter_context(running(ON_ONE_CORE + BUSY))
        assert watched(evaluator, pid, Allowance(100.0, 100.0), 0.3)[0] is None
        assert not gives_way(pid)
    assert evaluator.heard() == []


def test_a_program_that_has_had_a_quarter_of_its_limit_asks_what_it_is_allowed_once(evaluator):
    with running(ASLEEP) as pid:
        while is_ready(pid):  # until it sleeps: time in which it would run and has no core is not its own
            time.sleep(0.01)
        evaluator.watch.start(Allowance(200.0, 1000.0))
        evaluator.watch.begin(pid, MUCH)
        heard = []
        for elapsed_s in (0.01, 40.0, 60.0, 70.0):
            assert evaluator.watch.look(elapsed_s) is None
            heard.append(evaluator.heard())
    assert heard == [[], [SteppedBack()], [TakesLong()], []]


def test_a_program_that_has_stepped_back_gets_the_time_that_the_evaluator_says_then(evaluator):
    evaluator.channel.send(write(Allowance(0.3, 10.0)))
    with running(ASLEEP) as pid:
        found, elapsed_s = watched(evaluator, pid, Allowance(100.0, 100.0), 30)
    assert isinstance(found, TimeUp)
    assert elapsed_s < 25


def test_memory_of_all_that_a_program_started_is_limited(evaluator):
    source = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        held = bytearray(b"x") * (40 << 20)
        time.sleep(100)
time.sleep(1)
print(flush=True)
time.sleep(100)
"""
    with running(source) as pid:
        assert watched(evaluator, pid, Allowance(100.0, 100.0), 0.2, 300 << 20)[0] is None
        found, _ = watched(evaluator, pid, Allowance(100.0, 100.0), 10, 100 << 20)
    assert isinstance(found, OutOfMemory)
    assert str(found) == "more than 100 MiB in 4 processes"


def test_one_that_has_no_core_to_run_on_goes_on_beyond_its_limit_and_says_so(evaluator):
    """Eight others compute on its core: it has a ninth of it."""
    with contextlib.ExitStack() as others:
        pid = others.enter_context(running(ON_ONE_CORE + BUSY))
        for _ in range(8):
            others.enter_context(running(ON_ONE_CORE + BUSY))
        found, elapsed_s = watched(evaluator, pid, Allowance(0.5, 0.4), 1.2)
    assert (found, elapsed_s) == (None, 1.2)
    assert set(evaluator.heard()) == {TakesLong(), SteppedBack(), Late()}


def test_one_that_had_enough_processor_time_ends_at_its_limit_though_it_shared_a_core(evaluator):
    with contextlib.ExitStack() as others:
        pid = others.enter_context(running(ON_ONE_CORE + BUSY))
        others.enter_context(running(ON_ONE_CORE + BUSY))
        found, _ = watched(evaluator, pid, Allowance(1.0, 0.01), 1.4)
    assert isinstance(found, TimeUp)


def test_an_evaluator_that_is_gone_ends_the_program(evaluator):
    evaluator.channel.sock.close()
    with running(ASLEEP) as pid:
        found, _ = watched(evaluator, pid, Allowance(100.0, 100.0), 10)
    assert isinstance(found, Died)


def test_a_program_that_cannot_be_seen_has_its_limit_too(evaluator):
    found, _ = watched(evaluator, 0, Allowance(0.3, 10.0), 10)
    assert isinstance(found, TimeUp)


def test_own_time_is_at_least_the_processor_time(evaluator):
    evaluator.watch.start(Allowance(1.0, 1.0))
    evaluator.watch.begin(0, MUCH)
    evaluator.watch.finish(0.25)
    assert evaluator.watch.own_s(CandidateEnded(1, 0, 0.125)) == 0.25
    assert evaluator.watch.own_s(CandidateEnded(1, 0, 0.5)) == 0.5
