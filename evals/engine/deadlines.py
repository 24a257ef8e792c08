"""Deadlines of many waits on one event loop, watched by one timer."""

from __future__ import annotations

import asyncio
from typing import Protocol

LOOK_AGAIN_S = 15.0
"Deadlines are looked at this often at least, since some of them move."


class Waiting(Protocol):
    """A wait that may last until `due_s` on the clock of its loop; it may be asked again when that has come."""

    @property
    def due_s(self) -> float: ...

    def expired(self) -> None:
        """The deadline has passed. Called once; the wait is no longer watched then."""


class Deadlines:
    """Watches waits. A timer of its own for each of them costs ten times as much, and nearly all end in time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waits: dict[Waiting, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at_s = 0.0

    def add(self, wait: Waiting) -> None:
        """Watch a wait until it is discarded, or expires."""
        self._waits[wait] = None
        if self._timer is None or wait.due_s < self._looks_at_s:
            self._set_timer(wait.due_s)

    def discard(self, wait: Waiting) -> None:
        """Watch it no longer; one that is not watched changes nothing."""
        self._waits.pop(wait, None)

    def _set_timer(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at_s = min(due_s, self.loop.time() + LOOK_AGAIN_S)
        self._timer = self.loop.call_at(self._looks_at_s, self._look)

    def _look(self) -> None:
        self._timer = None
        now_s = self.loop.time() + 0.001  # timers of some systems come a little early
        for wait in [wait for wait in self._waits if wait.due_s <= now_s]:
            self._waits.pop(wait, None)
            wait.expired()
        if self._waits:
            self._set_timer(min(wait.due_s for wait in self._waits))
