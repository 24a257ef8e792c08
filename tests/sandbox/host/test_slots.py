"""Slots go to those that wait longest; the lane lets others pass."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from evals.sandbox.host.slots import Places


def test_slots_are_given_in_the_order_in_which_they_are_asked_for():
    places, order = Places(1), []

    def wait_for_a_slot(number):
        with places.one(1):
            order.append(number)

    with places.one(1):
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=wait_for_a_slot, args=(number,)))
            threads[-1].start()
            while len(places._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(20)
    assert order == list(range(8))


def test_a_program_in_the_lane_leaves_its_slot_to_another_until_the_lane_is_full():
    places = Places(1)
    held = []
    for _ in range(places.lane):
        place = places.one(1)
        place.__enter__().step_back()
        held.append(place)
    with places.one(1) as last:
        last.step_back()
        assert last._in_lane is False
        held.pop().__exit__(None, None, None)
        last.step_back()
        assert last._in_lane is True
        with places.one(1):
            assert places._free == 0
    for place in held:
        place.__exit__(None, None, None)
    assert places._free == 1
    assert places._left == places.lane


def test_one_that_is_interrupted_as_it_waits_takes_no_slot_with_it():
    places = Places(1)

    def interrupt(number, frame):
        raise KeyboardInterrupt

    kept = signal.signal(signal.SIGALRM, interrupt)
    try:
        with places.one(1):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                places.one(1).__enter__()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
    assert not places._waiting
    with places.one(1):
        assert places._free == 0
