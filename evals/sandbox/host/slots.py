"""Slots to run programs in; slow ones move to background slots, so that quick ones need not wait for them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterator

BACKGROUND_PER_CORE = 16
"Background slots. A program whose usual duration is known takes one, another takes two."

MIB_PER_BACKGROUND = 128
"Of memory that is free when the sandbox opens: there are fewer background slots if there is less of it."


class Slots:
    """Slots for `workers` programs, given in the order in which they are asked for, and `background` more."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        wanted = BACKGROUND_PER_CORE * (os.cpu_count() or 1)
        self.background = max(2, min(wanted, free_mib() // MIB_PER_BACKGROUND))
        self._lock = threading.Lock()
        self._free, self._background_free = workers, self.background
        self._waiting: deque[threading.Lock] = deque()

    @contextlib.contextmanager
    def one(self, background: int) -> Iterator[Slot]:
        """Wait for a slot, which may later be exchanged for this many background slots."""
        self._take()
        slot = Slot(self, background)
        try:
            yield slot
        finally:
            slot.leave()

    def _take(self) -> None:
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return
            # A lock each, and no semaphore: from that a newcomer may take the slot before the one that it wakes.
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()
        except BaseException:
            self._give_up(turn)
            raise

    def _give_up(self, turn: threading.Lock) -> None:
        """Of a caller that was interrupted (Ctrl-C) while it waited, or just when it got its turn."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        self.give_back()

    def give_back(self) -> None:
        """Give a slot to the one that waits longest, if any does."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    def to_background(self, number: int) -> bool:
        """Take this many background slots and give a slot back; False if there are fewer."""
        with self._lock:
            if self._background_free < number:
                return False
            self._background_free -= number
        self.give_back()
        return True

    def give_back_background(self, number: int) -> None:
        """Give background slots back."""
        with self._lock:
            self._background_free += number


class Slot:
    """Where one program runs. background: slots that it takes once it steps back."""

    def __init__(self, slots: Slots, background: int) -> None:
        self._slots, self._background = slots, background
        self.in_background = False

    def step_back(self) -> None:
        """Move to the background, if there is room."""
        if not self.in_background:
            self.in_background = self._slots.to_background(self._background)

    def leave(self) -> None:
        """Give back what is held."""
        if self.in_background:
            self._slots.give_back_background(self._background)
        else:
            self._slots.give_back()


def free_mib() -> int:
    """Memory of this machine that can be had, in MiB; 1 TiB if the system does not say."""
    with contextlib.suppress(OSError), open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    return 1 << 20
