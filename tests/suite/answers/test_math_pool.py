"""The pool of processes for mathematics: no algebra holds a run, and a worker that dies is replaced."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

pytest.importorskip("math_verify")

from evals.suite.answers.math_answers import MathRule
from evals.suite.answers.math_pool import Ended, MathPool


@pytest.fixture(scope="module")
def pool():
    pool = MathPool(size=1)
    yield pool
    pool.close()


@pytest.mark.slow
def test_what_does_not_end_is_ended_and_the_pool_goes_on():
    pool = MathPool(size=1, deadline_s=1.0)
    try:
        assert MathRule(pool).same("2", "1+1") is True
        with pytest.raises(Ended):
            pool.ask({"text": "$3$", "ideal": "$10000000!$"})
        assert MathRule(pool).same("2", "1+1") is True
    finally:
        pool.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and timers")
def test_a_machine_that_is_busy_with_others_does_not_judge():
    """The deadline was one of the clock: an answer was wrong when its process had not been let to compute."""
    pool = MathPool(size=1, deadline_s=2.0)
    try:
        assert MathRule(pool).same("2", "1+1") is True
        worker = pool._free.queue[-1]._process
        os.kill(worker.pid, signal.SIGSTOP)
        threading.Timer(3.0, os.kill, (worker.pid, signal.SIGCONT)).start()
        assert MathRule(pool).same("3", "1+2") is True
        assert worker.poll() is None
    finally:
        pool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_that_was_killed_is_replaced(pool):
    assert MathRule(pool).same("2", "1+1") is True
    worker = pool._free.queue[-1]
    os.kill(worker._process.pid, signal.SIGKILL)
    worker._process.wait(30)
    with pytest.raises(Ended):
        pool.ask({"text": "$1$"})
    assert MathRule(pool).same("2", "1+1") is True


def test_several_threads_share_the_pool(pool):
    rule, found = MathRule(pool), []
    threads = [threading.Thread(target=lambda n=n: found.append(rule.same(f"{n}", f"{2 * n}/2"))) for n in range(8)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    assert found == [True] * 8
