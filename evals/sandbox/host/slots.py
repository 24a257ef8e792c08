"""Places to run in: a slot each, and a lane for programs that take long, so that quick ones need not wait for them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterator

LANE_PER_CORE = 16
"Units of the lane. A program of known normal duration takes one, another two."

MIB_PER_UNIT = 128
"Of memory that is free when the sandbox opens: fewer units where there is less of it."


class Places:
    """Slots for `workers` programs, given in the order in which they are asked for, and the lane beside them."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.lane = max(2, min(LANE_PER_CORE * (os.cpu_count() or 1), free_mib() // MIB_PER_UNIT))
        self._lock = threading.Lock()
        self._free, self._left = workers, self.lane
        self._waiting: deque[threading.Lock] = deque()

    @contextlib.contextmanager
    def one(self, units: int) -> Iterator[Place]:
        """A slot, which may be changed for `units` of the lane."""
        self._take_slot()
        place = Place(self, units)
        try:
            yield place
        finally:
            place.leave()

    def _take_slot(self) -> None:
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()
        except BaseException:
            self._give_up(turn)
            raise

    def _give_up(self, turn: threading.Lock) -> None:
        """Of one that is interrupted as it waits, or just as it is given its turn."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        self.free_slot()

    def free_slot(self) -> None:
        """To the one that waits longest, if any does."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    def to_lane(self, units: int) -> bool:
        """Take units of the lane and give a slot back, if there is room."""
        with self._lock:
            if self._left < units:
                return False
            self._left -= units
        self.free_slot()
        return True

    def from_lane(self, units: int) -> None:
        with self._lock:
            self._left += units


def free_mib() -> int:
    """Memory of this machine that can be had; much, where the system does not say."""
    with contextlib.suppress(OSError), open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    return 1 << 20


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
