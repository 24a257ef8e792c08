"""Places to run in: a slot each, and a lane for programs that take long, so that quick ones need not wait for them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LANE_PER_CORE = 6
"Units of the lane. A program of known normal duration takes one, another two."


class Places:
    """Slots for `workers` programs, and the lane beside them."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.lane = LANE_PER_CORE * (os.cpu_count() or 1)
        self._slots = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._left = self.lane

    @contextmanager
    def one(self, units: int) -> Iterator[Place]:
        """A slot, which may be changed for `units` of the lane."""
        self._slots.acquire()
        place = Place(self, units)
        try:
            yield place
        finally:
            place.leave()

    @contextmanager
    def all(self) -> Iterator[None]:
        """All slots: nothing new begins beside what runs in here."""
        with self._alone:
            for _ in range(self.workers):
                self._slots.acquire()
            try:
                yield
            finally:
                self._slots.release(self.workers)

    def to_lane(self, units: int) -> bool:
        """Take units of the lane and give a slot back, if there is room."""
        with self._lock:
            if self._left < units:
                return False
            self._left -= units
        self._slots.release()
        return True

    def from_lane(self, units: int) -> None:
        with self._lock:
            self._left += units

    def free_slot(self) -> None:
        self._slots.release()


class Place:
    """Where one program runs."""

    def __init__(self, places: Places, units: int) -> None:
        self._places, self._units = places, units
        self._in_lane = False

    def step_back(self) -> None:
        """Move to the lane, if there is room."""
        if not self._in_lane:
            self._in_lane = self._places.to_lane(self._units)

    def leave(self) -> None:
        if self._in_lane:
            self._places.from_lane(self._units)
        else:
            self._places.free_slot()
