"""Limits on calls: how many at a time, which adapts to the server, and how many a minute."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

logger = logging.getLogger("evals")

SAY_FROM_S = 5.0
"Pauses that are as long as this are said."


class AdaptiveLimit:
    """A gate on calls in flight, which doubles each round until the first push-back and grows by one a round after it.

    Slow start and additive increase are those of TCP congestion control (RFC 5681). The decrease is decided once a
    round, which is as many calls as may be in flight, by the share of them that the server pushed back. A share under
    40 % takes a quarter of the share off the limit; a larger share, or the first push-back of all, halves it. So the
    limit settles a little above the places of a server, and a server that fails at random now and then is not starved.
    """

    def __init__(
        self, start: int, ceiling: int, sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    ) -> None:
        """sleep: waits for a number of seconds; may raise if the call is no longer wanted."""
        self._sleep = sleep
        self.ceiling = max(1, ceiling)
        self.value = float(max(1, min(start, self.ceiling)))
        self.in_flight = 0
        self._slow_start = True
        self._round = 0
        self._n_may_grow = 0
        "How many further successes raise the limit: as many as were in flight when the limit was last reached."
        self._n_ended = 0
        self._n_pushed_back = 0
        self._paused_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def size(self) -> int:
        """How many calls may be in flight now."""
        return int(self.value)

    async def acquire(self) -> int:
        """Wait for a place; the number of the round, which `release` takes."""
        while self.in_flight >= int(self.value):
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            except asyncio.CancelledError:
                # This call may have been woken for a free place: wake another, which would wait for ever otherwise.
                self._wake()
                raise
        self.in_flight += 1
        # Only a full limit may grow. Otherwise a run with few calls in flight would raise it without any evidence.
        if self.in_flight >= int(self.value):
            self._n_may_grow = self.size
        if self._paused_until:
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
        """Give the place back, and adapt the limit to how the call went.

        started_in: what `acquire` returned. pushed_back: the server asked for fewer calls (429, 503, time-out).
        """
        self.in_flight -= 1
        # Calls that began before the last decrease say nothing about the new size: one burst of 429 counts once.
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
        if not self._waiting:
            return
        free = self.size - self.in_flight
        while free > 0 and self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                free -= 1

    def observe(self, headers: Mapping[str, str]) -> None:
        """Hold new calls back if `x-ratelimit-*` headers say that no requests or tokens are left for some time."""
        wait_s, now_s = wait_of_headers(headers), asyncio.get_running_loop().time()
        if wait_s >= SAY_FROM_S and now_s >= self._paused_until:
            logger.warning(
                "the server says that its rate limit is used up for %s s: new calls wait %.0f s",
                f"{reset_s(headers):,.0f}", wait_s,
            )  # fmt: skip
        if wait_s > 0:
            self._paused_until = max(self._paused_until, now_s + wait_s)


_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def wait_of_headers(headers: Mapping[str, str]) -> float:
    """Seconds to hold new calls back, by `x-ratelimit-*` headers: as `reset_s`, at most 120."""
    return min(reset_s(headers), 120.0)


def reset_s(headers: Mapping[str, str]) -> float:
    """Seconds until requests and tokens are left again, by `x-ratelimit-*` headers: 0 if some are left."""
    waits = [0.0]
    for what in ("requests", "tokens"):
        remaining = headers.get(f"x-ratelimit-remaining-{what}")
        reset = headers.get(f"x-ratelimit-reset-{what}")
        if remaining is not None and reset is not None and remaining.strip() == "0":
            waits.append(span_s(reset))
    return max(waits)


def span_s(text: str) -> float:
    """The seconds of a span such as `6m0s`, `20ms` or `1.5`; 0 if it cannot be read.

    A number from 1e9 on is a moment (POSIX time in seconds, or from 1e12 on in milliseconds): some gateways send that.
    """
    parts = _SPAN.findall(text)
    if parts:
        return sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    if seconds >= 1e9:
        seconds = (seconds / 1000 if seconds >= 1e12 else seconds) - time.time()
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


class RateLimit:
    """At most `per_minute` units a minute, from a token bucket.

    The bucket holds a tenth of a minute's units, so a run may start with a burst of that size.
    """

    def __init__(self, per_minute: float, sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self.per_s = per_minute / 60.0
        self.size = max(1.0, per_minute / 10.0)
        self._left = self.size
        self._at: float | None = None

    async def take(self, units: float) -> None:
        """Wait until `units` may be spent. Calls are served in the order in which they ask."""
        now = asyncio.get_running_loop().time()
        if self._at is not None:
            self._left = min(self.size, self._left + (now - self._at) * self.per_s)
        self._at = now
        # Take first and wait for the debt afterwards: a later call then waits longer, so the order is kept.
        self._left -= units
        if self._left < 0:
            await self._sleep(-self._left / self.per_s)

    def settle(self, units: float) -> None:
        """Correct an earlier estimate without waiting: spend `units` more, or give some back if negative."""
        self._left -= units
