"""Concurrency and rate limits: growth, push-back, fairness to the server."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from evals.engine.limits import AdaptiveLimit, RateLimit, span_s, wait_of_headers
from evals.engine.loop import run_sync


async def one_round(limit: AdaptiveLimit, *, pushed_back: bool = False) -> None:
    """Fill the limit, then let every call end alike."""
    tickets = [await limit.acquire() for _ in range(limit.size)]
    for ticket in tickets:
        limit.release(ticket, ok=not pushed_back, pushed_back=pushed_back)


def test_slow_start_about_doubles_a_round_until_the_ceiling():
    async def grow() -> list[int]:
        limit, sizes = AdaptiveLimit(8, 100), []
        for _ in range(6):
            # keep it full: every release is followed by a new call, as busy workers do
            tickets = [await limit.acquire() for _ in range(limit.size)]
            for ticket in tickets:
                limit.release(ticket, ok=True)
                while limit.in_flight < limit.size:
                    tickets_more = await limit.acquire()
                    del tickets_more
            sizes.append(limit.size)
            limit.in_flight = 0
        return sizes

    sizes = run_sync(grow())
    assert sizes[0] == 16
    assert sizes[1] == 32
    assert sizes[-1] == 100


def test_slow_start_doubles_when_all_replies_of_a_round_come_at_once():
    """A server of fixed latency answers in bursts: every reply of a full round counts, not only the first."""

    async def grow() -> list[int]:
        limit, sizes = AdaptiveLimit(8, 100), []
        for _ in range(4):
            await one_round(limit)
            sizes.append(limit.size)
        return sizes

    assert run_sync(grow()) == [16, 32, 64, 100]


def test_a_limit_that_is_never_full_does_not_grow():
    async def idle() -> int:
        limit = AdaptiveLimit(8, 100)
        for _ in range(50):
            limit.release(await limit.acquire(), ok=True)
        return limit.size

    assert run_sync(idle()) == 8


def test_the_first_push_backs_halve_the_limit_once():
    async def push() -> int:
        limit = AdaptiveLimit(64, 128)
        await one_round(limit, pushed_back=True)
        return limit.size

    assert run_sync(push()) == 32


def test_after_a_push_back_it_grows_by_about_one_a_round():
    async def recover() -> tuple[int, int]:
        limit = AdaptiveLimit(64, 128)
        await one_round(limit, pushed_back=True)
        before = limit.size
        for _ in range(5):
            tickets = [await limit.acquire() for _ in range(limit.size)]
            for ticket in tickets:
                limit.in_flight = limit.size
                limit.release(ticket, ok=True)
            limit.in_flight = 0
        return before, limit.size

    before, after = run_sync(recover())
    assert before < after <= before + 6


def test_it_never_falls_below_one_call():
    async def push() -> int:
        limit = AdaptiveLimit(2, 8)
        for _ in range(5):
            await one_round(limit, pushed_back=True)
        return limit.size

    assert run_sync(push()) == 1


def test_a_server_that_fails_one_call_in_ten_is_not_starved():
    """Random failures say little: the limit stays within reach of where it was."""

    async def disturbed() -> float:
        limit, rng, sizes = AdaptiveLimit(32, 64), random.Random(5), []
        for _ in range(300):
            tickets = [await limit.acquire() for _ in range(limit.size)]
            for ticket in tickets:
                limit.in_flight = max(limit.in_flight, limit.size)
                pushed = rng.random() < 0.1
                limit.release(ticket, ok=not pushed, pushed_back=pushed)
            limit.in_flight = 0
            sizes.append(limit.size)
        return sum(sizes[100:]) / len(sizes[100:])

    assert run_sync(disturbed()) > 20


def test_a_server_with_few_places_is_met_a_little_above_them():
    async def crowded() -> float:
        limit, sizes = AdaptiveLimit(32, 64), []
        for _ in range(300):
            tickets = [await limit.acquire() for _ in range(limit.size)]
            for place, ticket in enumerate(tickets):
                limit.in_flight = max(limit.in_flight, limit.size)
                limit.release(ticket, ok=place < 6, pushed_back=place >= 6)
            limit.in_flight = 0
            sizes.append(limit.size)
        return sum(sizes[100:]) / len(sizes[100:])

    assert 5 < run_sync(crowded()) < 11


def test_no_more_calls_are_in_flight_than_the_limit_allows():
    async def crowd() -> int:
        limit, most = AdaptiveLimit(3, 3), 0

        async def call() -> None:
            nonlocal most
            ticket = await limit.acquire()
            most = max(most, limit.in_flight)
            await asyncio.sleep(0)
            limit.release(ticket, ok=True)

        await asyncio.gather(*(call() for _ in range(50)))
        assert limit.in_flight == 0
        return most

    assert run_sync(crowd()) == 3


def test_a_cancelled_waiter_does_not_keep_others_waiting():
    async def cancel_one() -> bool:
        limit = AdaptiveLimit(1, 1)
        ticket = await limit.acquire()
        first = asyncio.ensure_future(limit.acquire())
        second = asyncio.ensure_future(limit.acquire())
        await asyncio.sleep(0)
        limit.release(ticket, ok=True)
        first.cancel()
        await asyncio.wait_for(second, 2)
        return first.cancelled() and limit.in_flight == 1

    assert run_sync(cancel_one())


@pytest.mark.parametrize(("text", "seconds"), [("6m0s", 360), ("20ms", 0.02), ("1h2m3s", 3723), ("1.5", 1.5), ("x", 0)])
def test_spans_of_rate_limit_headers(text, seconds):
    assert span_s(text) == pytest.approx(seconds)


def test_headers_hold_calls_back_only_when_nothing_is_left():
    assert wait_of_headers({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"}) == 2
    assert wait_of_headers({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "2s"}) == 0
    assert wait_of_headers({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h"}) == 120
    assert wait_of_headers({}) == 0


def test_a_rate_limit_spreads_calls_over_time():
    """1,200 a minute is 20 a second: after the 120 of the bucket, 10 more take half a second."""

    async def spend() -> float:
        rate, began = RateLimit(1200), time.monotonic()
        await rate.take(120)
        await asyncio.gather(*(rate.take(1) for _ in range(10)))
        return time.monotonic() - began

    assert run_sync(spend()) > 0.4


def test_a_long_pause_is_said_once_and_a_short_one_is_not(caplog):
    async def observe(reset: str) -> None:
        limit = AdaptiveLimit(8, 100)
        for _ in range(3):
            limit.observe({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": reset})

    run_sync(observe("2s"))
    assert caplog.messages == []
    run_sync(observe("1000h"))
    assert caplog.messages == ["the server says that its rate limit is used up for 3,600,000 s: new calls wait 120 s"]


def test_a_reset_that_is_a_moment_counts_from_now():
    now = time.time()
    assert span_s(str(now + 30)) == pytest.approx(30, abs=5)
    assert span_s(str(int((now + 30) * 1000))) == pytest.approx(30, abs=5)
    assert span_s(str(now - 30)) == 0
    assert span_s("inf") == 0
