"""Blocking work beside the loop: in order, bounded, and gone when one job fails."""

from __future__ import annotations

import threading

import pytest

from evals.engine.loop import run_sync
from evals.engine.off_loop import WorkThreads


def test_results_come_in_the_order_of_the_jobs():
    threads = WorkThreads(3)
    assert run_sync(threads.start(lambda job: job * 2, range(20)).results()) == [job * 2 for job in range(20)]
    threads.close()


def test_no_more_jobs_run_at_once_than_asked():
    gate, seen, running = threading.Lock(), [], [0]

    def work(job: int) -> None:
        with gate:
            running[0] += 1
            seen.append(running[0])
        threading.Event().wait(0.005)
        with gate:
            running[0] -= 1

    threads = WorkThreads(2)
    run_sync(threads.start(work, range(12)).results())
    threads.close()
    assert max(seen) <= 2


def test_the_first_failure_is_raised_and_the_rest_is_left():
    def work(job: int) -> int:
        if job == 0:
            raise LookupError("no such thing")
        return job

    threads = WorkThreads(1)
    with pytest.raises(LookupError, match="no such thing"):
        run_sync(threads.start(work, range(5)).results())
    threads.close()
