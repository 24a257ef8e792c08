"""Checks at intervals whether a check must end, and ends it, whatever the tests are doing."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from evals.sandbox.tester.exits import Exit

FIRST_TICK_S = 0.05
"Most programs end before it, and cost no look."

TICK_S = 0.02
"Then again and again: so long, and no longer, can a program hold more memory than it may."


class Clock:
    """Ticks in the main thread, by SIGALRM, while a check runs. `look` may return an `Exit`, which is raised then."""

    def __init__(self) -> None:
        self._look: Callable[[float], Exit | None] = lambda elapsed_s: None
        self._began_s = 0.0
        self._armed = False
        self.exit: Exit | None = None
        signal.signal(signal.SIGALRM, self._tick)

    def running(self, look: Callable[[float], Exit | None]) -> Clock:
        """Raise in the `with` block of this what `look` returns, given the seconds so far.

        It is raised again at each tick for as long as the block goes on: tests may catch everything.
        """
        self._look = look
        return self

    def __enter__(self) -> None:
        self._began_s, self.exit = time.perf_counter(), None
        self._armed = True
        signal.setitimer(signal.ITIMER_REAL, FIRST_TICK_S)

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """No tick comes after this."""
        # A tick may come during this and raise here. Then it is done again.
        while self._armed:
            try:
                self._armed = False
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Exit:
                self._armed = True

    @property
    def elapsed_s(self) -> float:
        """Since the check began."""
        return time.perf_counter() - self._began_s

    def _tick(self, number: int, frame: Any) -> None:
        if not self._armed:
            return
        if self.exit is None:
            self.exit = self._look(self.elapsed_s)
        # Only now: a look may take longer than a tick, and must not be looked into.
        signal.setitimer(signal.ITIMER_REAL, TICK_S)
        if self.exit is not None:
            raise self.exit
