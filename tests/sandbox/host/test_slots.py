"""Slots go to those that wait longest; slow programs move to the background and let others pass."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from evals.sandbox.host.slots import Slots


def test_slots_are_given_in_the_order_in_which_they_are_asked_for():
    slots, order = Slots(1), []

    def wait_for_a_slot(number):
        with slots.one(1):
            order.append(number)

    with slots.one(1):
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=wait_for_a_slot, args=(number,)))
            threads[-1].start()
            while len(slots._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(20)
    assert order == list(range(8))


def test_a_program_in_the_background_leaves_its_slot_to_another_until_the_background_is_full():
    slots = Slots(1)
    held = []
    for _ in range(slots.background):
        slot = slots.one(1)
        slot.__enter__().step_back()
        held.append(slot)
    with slots.one(1) as last:
        last.step_back()
        assert last.in_background is False
        held.pop().__exit__(None, None, None)
        last.step_back()
        assert last.in_background is True
        with slots.one(1):
            assert slots._free == 0
    for slot in held:
        slot.__exit__(None, None, None)
    assert slots._free == 1
    assert slots._background_free == slots.background


def test_one_that_is_interrupted_as_it_waits_takes_no_slot_with_it():
    slots = Slots(1)

    def interrupt(number, frame):
        raise KeyboardInterrupt

    kept = signal.signal(signal.SIGALRM, interrupt)
    try:
        with slots.one(1):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                slots.one(1).__enter__()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)
    assert not slots._waiting
    with slots.one(1):
        assert slots._free == 0
