"""Decides whether a call is tried again, how long to wait before, and when the whole run ends."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

from evals.engine.failures import (
    FATAL,
    FATAL_UNTIL_FIRST_SUCCESS,
    TRANSIENT,
    CallFailed,
    Kind,
)
from evals.engine.settings import EngineSettings

UNCOUNTED = frozenset({Kind.RATE_LIMIT, Kind.OVERLOADED})
"Failures that do not count as attempts: only the deadline of the call ends them."

ABOUT_ONE_SAMPLE = frozenset({Kind.CONTENT_FILTER, Kind.CONTEXT_LENGTH})
"Failures that say nothing about the server, however many there are in a row."

NO_ANSWER_ATTEMPTS = 3
"""Replies without an answer after which a call fails. Models of Google often answer when they are asked again, but each
reply is paid for, and at a temperature of 0 the next one may be the same."""

FAILURES_A_CALL = 5
"""Failed connections of each open call that show that nobody is there. A run of one row must not wait for twenty: with
the waits between them, those take 70 s."""

_DEFAULT_TIMEOUT_S = 600.0
_MIN_TIMEOUT_S = 30.0
_CALLS_TO_LEARN = 20
CALLS_KEPT = 200
"Successful attempts from which time-outs are learnt, the latest ones."


def backoff_s(settings: EngineSettings, n_failed: int, retry_after_s: float | None, rng: random.Random) -> float:
    """Seconds to wait before the next attempt; never less than the server asked for.

    n_failed: failed attempts so far, from 1. The longest wait doubles with each; the wait is drawn between a quarter
    of it and all of it. Jitter: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """
    ceiling = min(settings.max_backoff_s, settings.first_backoff_s * 2.0 ** min(n_failed - 1, 16))
    # Jitter also on top of Retry-After: calls that were pushed back together must not come back together.
    jittered = rng.uniform(ceiling / 4, ceiling)
    return jittered if retry_after_s is None else max(retry_after_s, 0.001) + rng.uniform(0, ceiling / 4)


def may_retry(
    settings: EngineSettings,
    failure: CallFailed,
    n_counted: int,
    elapsed_s: float,
    wait_s: float,
    n_unanswered: int = 0,
) -> bool:
    """Whether another attempt follows.

    n_counted: failed attempts so far, without those that do not count. elapsed_s: since the first attempt began.
    wait_s: the wait before the next one. n_unanswered: failed attempts so far that were replies without an answer.
    """
    if failure.kind is Kind.NO_ANSWER and n_unanswered >= NO_ANSWER_ATTEMPTS:
        return False
    if failure.kind not in TRANSIENT or elapsed_s + wait_s > settings.call_deadline_s:
        return False
    return n_counted < settings.max_attempts


def asks_too_long(settings: EngineSettings, failure: CallFailed) -> bool:
    """Whether the server asks for a wait that is longer than the deadline of a call."""
    return failure.kind in UNCOUNTED and (failure.retry_after_s or 0.0) > settings.call_deadline_s


def ends_run(failure: CallFailed, *, any_accepted: bool) -> bool:
    """Whether no later call can succeed. any_accepted: whether the server has answered a request of this run."""
    return failure.kind in FATAL or (failure.kind in FATAL_UNTIL_FIRST_SUCCESS and not any_accepted)


@dataclass
class Timeouts:
    """The time that an attempt may take, learnt from the attempts that succeeded."""

    settings: EngineSettings
    _latest: deque[float] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    _slowest_s: float = 0.0
    "Of `_latest`; kept beside them, since it is asked for in each attempt."

    def succeeded(self, latency_s: float) -> None:
        """Take in how long a successful attempt took."""
        latest = self._latest
        leaves_s = latest[0] if len(latest) == CALLS_KEPT else 0.0
        latest.append(latency_s)
        if latency_s >= self._slowest_s:
            self._slowest_s = latency_s
        elif leaves_s >= self._slowest_s:
            self._slowest_s = max(latest)

    def attempt_s(self, n_timed_out: int) -> float:
        """Seconds that the next attempt may take. n_timed_out: time-outs of this call, each of which doubles it."""
        if self.settings.attempt_timeout_s is not None:
            return self.settings.attempt_timeout_s
        if len(self._latest) < _CALLS_TO_LEARN:
            return _DEFAULT_TIMEOUT_S
        learnt = max(_MIN_TIMEOUT_S, 10.0 * self._slowest_s)
        return min(_DEFAULT_TIMEOUT_S, learnt * 2.0**n_timed_out)


@dataclass
class Breaker:
    """What the calls of one backend say about it: whether it accepts requests, and whether it has gone away."""

    settings: EngineSettings
    any_accepted: bool = False
    "Whether a request was answered, in this run or in the interrupted run that it continues."
    any_success: bool = False
    "Whether a request was answered in this run."
    n_open: int = 0
    "Calls that have begun and not ended, also while they wait between attempts."
    _kind: Kind | None = None
    _count: int = 0
    _since_s: float = 0.0
    _refused: list[asyncio.Future[None]] = field(default_factory=list)

    def succeeded(self) -> None:
        """A call was answered: the failures in a row are over, and refused calls need not wait."""
        self.any_success = self.any_accepted = True
        self._kind, self._count = None, 0
        self._let_go()

    def closed(self) -> None:
        """A call has ended."""
        self.n_open -= 1
        self._let_go_if_alone()

    async def others_answered(self, limit_s: float) -> None:
        """Wait until another call is answered, or all open calls were refused too; at most `limit_s` seconds.

        A refused call often comes back before the calls that began with it, because a refusal is quick. It alone does
        not show that the server refuses every request.
        """
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._refused.append(refused)
        self._let_go_if_alone()
        try:
            await asyncio.wait([refused], timeout=limit_s)
        finally:
            self._refused = [future for future in self._refused if future is not refused]

    def _let_go_if_alone(self) -> None:
        if len(self._refused) >= self.n_open:
            self._let_go()

    def _let_go(self) -> None:
        refused, self._refused = self._refused, []
        for future in refused:
            if not future.done():
                future.set_result(None)

    def failed(self, failure: CallFailed, now_s: float) -> bool:
        """Count a failure; True if the run should end: enough equal ones in a row, for long enough.

        now_s: any steady clock, in seconds.
        """
        if failure.kind in ABOUT_ONE_SAMPLE:
            return False
        if failure.kind is not self._kind:
            self._kind, self._count, self._since_s = failure.kind, 0, now_s
        self._count += 1
        return self.has_tripped(now_s)

    def has_tripped(self, now_s: float) -> bool:
        """Whether enough equal failures have come in a row, for long enough, and no answer since."""
        return self._count >= self._n_needed() and now_s - self._since_s >= self._patience_s()

    def _n_needed(self) -> int:
        """Equal failures that it takes: fewer where only a few calls are open, and the server was never reached."""
        if self._kind is Kind.CONNECTION and not self.any_success:
            return min(self.settings.breaker_failures, FAILURES_A_CALL * max(1, self.n_open))
        return self.settings.breaker_failures

    def _patience_s(self) -> float:
        if self._kind in UNCOUNTED:
            return self.settings.call_deadline_s / 3
        if self._kind not in TRANSIENT:
            return 0.0
        return self.settings.breaker_warm_s if self.any_success else self.settings.breaker_cold_s
