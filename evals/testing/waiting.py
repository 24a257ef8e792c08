"""Waits for what another thread or process is about to do, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_S = 0.005


def wait_until(reached: Callable[[], object], limit_s: float = 120.0) -> None:
    """Return as soon as `reached()` is true.

    A server counts on a thread of its own, and may do so after its reply has arrived.

    Raises:
        AssertionError: it was not true within `limit_s` seconds.
    """
    end_s = time.monotonic() + limit_s
    while not reached():
        if time.monotonic() > end_s:
            raise AssertionError(f"this did not come true within {limit_s:g} s: {reached}")
        time.sleep(POLL_S)
