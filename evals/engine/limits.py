"""How many calls at a time, and how many a minute: limits that learn from what the server says."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any


class AdaptiveLimit:
    """A gate on calls in flight: grows with every call until the first push-back, then by one a round.

    Slow start and additive increase as in TCP congestion control (RFC 5681). A decrease is decided once a round
    (as many calls as are in flight) by the share of them that was pushed back: under 40 % it takes a quarter of
    the share off, from 40 % on, and at the first push-back ever, half. So a server with a fixed number of places
    is met at a few calls above it, and one that fails now and then at random is not starved.
    """

    def __init__(
        self, start: int, ceiling: int, sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    ) -> None:
        """sleep: waits so many seconds; may raise when the call is not wanted any more."""
        self._sleep = sleep
        self.ceiling = max(1, ceiling)
        self.value = float(max(1, min(start, self.ceiling)))
        self.in_flight = 0
        self._slow_start = True
        self._round = 0
        self._n_may_grow = 0
        "Calls whose success raises the limit: as many as were in flight when it was last full."
        self._n_ended = 0
        self._n_pushed_back = 0
        self._paused_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def size(self) -> int:
        return int(self.value)

    async def acquire(self) -> int:
        """Wait for a place; returns the round number to hand back to `release`."""
        while self.in_flight >= self.size:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            except asyncio.CancelledError:
                self._wake()
                raise
        self.in_flight += 1
        if self.in_flight >= self.size:
            self._n_may_grow = self.size
        await self._pause()
        return self._round

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        while (left := self._paused_until - loop.time()) > 0:
            try:
                await self._sleep(left)
            except BaseException:
                self.in_flight -= 1
                self._wake()
                raise

    def release(self, started_in: int, *, ok: bool, pushed_back: bool = False) -> None:
        """Give the place back and learn from how the call went."""
        self.in_flight -= 1
        if started_in == self._round:
            self._learn(pushed_back)
        if ok and self._n_may_grow > 0:
            self._n_may_grow -= 1
            self._grow()
        self._wake()

    def _grow(self) -> None:
        step = 1.0 if self._slow_start else 1.0 / self.value
        self.value = min(float(self.ceiling), self.value + step)

    def _learn(self, pushed_back: bool) -> None:
        self._n_ended += 1
        self._n_pushed_back += pushed_back
        first_ever = pushed_back and self._slow_start
        if not first_ever and self._n_ended < self.size:
            return
        share = 1.0 if first_ever else self._n_pushed_back / self._n_ended
        if share:
            self._slow_start = False
            self.value = max(1.0, self.value * (0.5 if share >= 0.4 else 1 - share / 4))
            self._round += 1
        self._n_ended = self._n_pushed_back = 0

    def _wake(self) -> None:
        free = self.size - self.in_flight
        while free > 0 and self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                free -= 1

    def observe(self, headers: Mapping[str, str]) -> None:
        """Hold new calls back when the server says that nothing is left until a moment it names."""
        wait_s = wait_of_headers(headers)
        if wait_s > 0:
            self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + wait_s)


_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def wait_of_headers(headers: Mapping[str, str]) -> float:
    """Seconds until requests or tokens are left again, by `x-ratelimit-*` headers; 0 when some are left."""
    waits = [0.0]
    for what in ("requests", "tokens"):
        remaining = headers.get(f"x-ratelimit-remaining-{what}")
        reset = headers.get(f"x-ratelimit-reset-{what}")
        if remaining is not None and reset is not None and remaining.strip() == "0":
            waits.append(span_s(reset))
    return min(max(waits), 120.0)


def span_s(text: str) -> float:
    """Seconds in a span such as `6m0s`, `20ms` or `1.5`; 0 when it cannot be read."""
    parts = _SPAN.findall(text)
    if parts:
        return sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0


class RateLimit:
    """At most so many units a minute, spent from a bucket that holds a tenth of a minute's worth."""

    def __init__(self, per_minute: float, sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self.per_s = per_minute / 60.0
        self.size = max(1.0, per_minute / 10.0)
        self._left = self.size
        self._at: float | None = None

    async def take(self, units: float) -> None:
        """Wait until `units` may be spent; calls are served in the order in which they ask."""
        now = asyncio.get_running_loop().time()
        if self._at is not None:
            self._left = min(self.size, self._left + (now - self._at) * self.per_s)
        self._at = now
        self._left -= units
        if self._left < 0:
            await self._sleep(-self._left / self.per_s)

    def settle(self, units: float) -> None:
        """Correct an earlier estimate: spend `units` more, or give back when negative, without waiting."""
        self._left -= units
