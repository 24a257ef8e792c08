"""A clock ends a block in the midst of whatever it does, again and again, and never after it."""

from __future__ import annotations

import signal
import time

import pytest

from evals.sandbox.tester.clock import FIRST_TICK_S, Clock
from evals.sandbox.tester.exits import TimeUp


@pytest.fixture
def clock():
    kept = signal.getsignal(signal.SIGALRM)
    yield Clock()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, kept)


def after(limit_s: float):
    """A look that ends the check after so many seconds."""
    return lambda elapsed_s: TimeUp(f"{elapsed_s:.1f}") if elapsed_s >= limit_s else None


def test_what_takes_too_long_is_ended(clock):
    began_s = time.monotonic()
    with pytest.raises(TimeUp), clock.running(after(0.2)):
        time.sleep(60)
    assert 0.2 <= time.monotonic() - began_s < 10


def test_what_is_quick_is_not_looked_at(clock):
    looks = []
    with clock.running(looks.append):
        pass
    time.sleep(2 * FIRST_TICK_S)
    assert looks == []


def test_tests_that_catch_everything_are_ended_as_soon_as_they_do_not(clock):
    caught = []

    def stubborn():
        for _ in range(5):
            try:
                while True:
                    pass
            except BaseException as error:
                caught.append(error)
        while True:
            pass

    with pytest.raises(TimeUp), clock.running(after(0.1)):
        stubborn()
    assert len(caught) == 5


def test_no_tick_comes_after_the_block(clock):
    with clock.running(after(10)):
        time.sleep(2 * FIRST_TICK_S)
    time.sleep(2 * FIRST_TICK_S)
    clock.stop()
    assert clock.exit is None


def test_a_check_starts_afresh_after_one_that_was_ended(clock):
    with pytest.raises(TimeUp), clock.running(after(0.1)):
        time.sleep(60)
    with clock.running(after(60)):
        time.sleep(2 * FIRST_TICK_S)
    assert clock.exit is None
    assert clock.elapsed_s < 30
