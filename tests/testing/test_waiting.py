"""Waiting for what another thread does."""

from __future__ import annotations

import threading

import pytest

from evals.testing.waiting import wait_until


def test_it_returns_as_soon_as_the_condition_holds():
    done = threading.Event()
    threading.Timer(0.05, done.set).start()
    wait_until(done.is_set, limit_s=60)
    assert done.is_set()


def test_it_does_not_wait_for_ever():
    with pytest.raises(AssertionError, match=r"did not come true within 0\.02 s"):
        wait_until(lambda: False, limit_s=0.02)
