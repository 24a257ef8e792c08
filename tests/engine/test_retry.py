"""When the engine tries again, how long it waits, and when it gives up."""

from __future__ import annotations

import random

import pytest

from evals.engine.failures import CallFailed, Kind
from evals.engine.retry import Breaker, Timeouts, backoff_s, ends_run, may_retry
from evals.engine.settings import EngineSettings

SETTINGS = EngineSettings()


def failed(kind: Kind) -> CallFailed:
    return CallFailed(kind, "no")


def test_waits_grow_and_stay_below_the_cap():
    rng = random.Random(1)
    waits = [[backoff_s(SETTINGS, n, None, rng) for _ in range(200)] for n in (1, 3, 20)]
    assert max(waits[0]) <= 0.5
    assert max(waits[1]) <= 2.0
    assert 2.0 < max(waits[2]) <= SETTINGS.max_backoff_s


def test_a_wait_is_never_shorter_than_the_server_asked_for():
    rng = random.Random(1)
    assert min(backoff_s(SETTINGS, 1, 7.0, rng) for _ in range(200)) >= 7.0


def test_jitter_spreads_calls_that_failed_together():
    rng = random.Random(1)
    assert len({backoff_s(SETTINGS, 4, None, rng) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("kind", "again"),
    [
        (Kind.SERVER, True),
        (Kind.CONNECTION, True),
        (Kind.TIMEOUT, True),
        (Kind.BAD_REPLY, True),
        (Kind.RATE_LIMIT, True),
    ]
    + [(Kind.CONTENT_FILTER, False), (Kind.CONTEXT_LENGTH, False), (Kind.BAD_REQUEST, False), (Kind.OTHER, False)],
)
def test_only_what_can_pass_is_tried_again(kind, again):
    assert may_retry(SETTINGS, failed(kind), n_counted=1, elapsed_s=0, wait_s=1) is again


def test_attempts_and_time_are_bounded():
    assert not may_retry(SETTINGS, failed(Kind.SERVER), SETTINGS.max_attempts, elapsed_s=0, wait_s=1)
    assert not may_retry(SETTINGS, failed(Kind.RATE_LIMIT), 0, elapsed_s=SETTINGS.call_deadline_s, wait_s=1)


def test_a_bad_request_ends_the_run_only_while_nothing_has_succeeded():
    assert ends_run(failed(Kind.BAD_REQUEST), any_accepted=False)
    assert not ends_run(failed(Kind.BAD_REQUEST), any_accepted=True)
    assert ends_run(failed(Kind.AUTH), any_accepted=True)
    assert not ends_run(failed(Kind.CONTENT_FILTER), any_accepted=False)


def test_the_breaker_opens_on_many_equal_failures_that_last():
    breaker = Breaker(SETTINGS)
    early = [breaker.failed(failed(Kind.CONNECTION), now_s=0.1 * i) for i in range(40)]
    assert not any(early), "four seconds are too short"
    assert breaker.failed(failed(Kind.CONNECTION), now_s=SETTINGS.breaker_cold_s + 1)


def test_a_success_closes_the_breaker_and_makes_it_patient():
    breaker = Breaker(SETTINGS)
    for i in range(100):
        breaker.failed(failed(Kind.CONNECTION), now_s=i * 0.01)
    breaker.succeeded()
    assert not any(breaker.failed(failed(Kind.CONNECTION), now_s=10 + i) for i in range(60)), "a restart takes a minute"


def test_content_filters_say_nothing_of_the_server():
    breaker = Breaker(SETTINGS)
    assert not any(breaker.failed(failed(Kind.CONTENT_FILTER), now_s=1e3 * i) for i in range(500))


def test_timeouts_are_learnt_and_doubled_after_a_timeout():
    timeouts = Timeouts(SETTINGS)
    assert timeouts.attempt_s(0) == 600
    for _ in range(20):
        timeouts.succeeded(5.0)
    assert timeouts.attempt_s(0) == 50
    assert timeouts.attempt_s(2) == 200
    assert timeouts.attempt_s(10) == 600


def test_a_given_timeout_is_kept():
    assert Timeouts(EngineSettings(attempt_timeout_s=3)).attempt_s(5) == 3


def test_one_call_that_cannot_connect_ends_the_run_after_seconds_and_many_need_more_failures():
    alone, crowd = Breaker(SETTINGS, n_open=1), Breaker(SETTINGS, n_open=32)
    trips = [alone.failed(failed(Kind.CONNECTION), now_s=3.0 * i) for i in range(5)]
    assert trips == [False, False, False, False, True]
    assert [crowd.failed(failed(Kind.CONNECTION), now_s=3.0 * i) for i in range(20)].index(True) == 19


def test_one_call_that_fails_at_a_server_that_is_there_keeps_trying():
    breaker = Breaker(SETTINGS, n_open=1)
    assert not any(breaker.failed(failed(Kind.SERVER), now_s=3.0 * i) for i in range(19))


def test_the_time_of_an_attempt_follows_the_slowest_of_the_last_200():
    rng, timeouts, seen = random.Random(2), Timeouts(SETTINGS), []
    for _ in range(1500):
        seen.append(rng.uniform(3.5, 9.0) if rng.random() < 0.01 else rng.choice([3.2, 3.4]))
        timeouts.succeeded(seen[-1])
        if len(seen) >= 20:
            assert timeouts.attempt_s(0) == pytest.approx(10 * max(seen[-200:]))
