"""Waits until another thread or process has done something, for a limited time."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_S = 0.005


def wait_until(reached: Callable[[], object], limit_s: float = 120.0) -> None:
    """Return as soon as `reached()` is true; it is called every 5 ms.

    For counters of a server: it counts on a thread of its own, perhaps after its reply has arrived.

    Raises:
        AssertionError: `reached()` was not true within `limit_s` seconds.
    """
    end_s = time.monotonic() + limit_s
    while not reached():
        if time.monotonic() > end_s:
            raise AssertionError(f"this did not come true within {limit_s:g} s: {reached}")
        time.sleep(POLL_S)
