"""Makes the attempts of one call: time-outs, retries, and whether a failure ends the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from evals.completion import Completions, ContinuationScore, ContinuationScores
from evals.engine.context import current_session
from evals.engine.failures import FATAL_UNTIL_FIRST_SUCCESS, PUSH_BACK, TRANSIENT, CallFailed, Kind, classify_http
from evals.engine.retry import UNCOUNTED, asks_too_long, backoff_s, ends_run, may_retry
from evals.engine.session import Session
from evals.engine.threads import Escaped, contained
from evals.engine.traits import traits_of
from evals.errors import DataError, EvalsError, ProviderError
from evals.registry.whose_code import blamed_line, class_line
from evals.secrets import redact

if TYPE_CHECKING:
    from evals.engine.deadlines import Deadlines
    from evals.engine.limits import AdaptiveLimit
    from evals.engine.retry import Breaker
    from evals.engine.settings import EngineSettings

T = TypeVar("T")


async def attempts(
    session: Session, fn: Any, work: Callable[[], Awaitable[T]], prompt: Any, is_answer: Callable[[T], bool]
) -> T:
    """The value of `work()`, which is tried again after transient failures.

    fn: the completion function; it decides which limit, breaker and time-outs apply. prompt: its size counts against
    tokens a minute. is_answer: whether a value of `work` has the right type.

    Raises:
        CallFailed: no attempt succeeded, or the failure cannot pass; the session may have ended too.
        EvalsError: the run was asked to stop.
    """
    if session.settings.local_only and not traits_of(fn).is_local:
        raise CallFailed(Kind.OTHER, f"scoring again calls no model, and {type(fn).__name__} would be asked")
    limit, n_bytes = session.limit_of(fn), _size(prompt) if session.limits_tokens else 0
    tries = _Tries(session, fn)
    breaker = tries.breaker
    breaker.n_open += 1
    try:
        while True:
            await session.take_rates(n_bytes)
            try:
                result = await _attempt(session, limit, work, tries)
                if not is_answer(result):
                    raise CallFailed(Kind.OTHER, f"{type(fn).__name__} gave {type(result).__name__} for an answer")
            except CallFailed as failure:
                if failure.prompt is None:
                    failure.prompt = prompt
                if failure.kind is Kind.OTHER and failure.status is None:
                    raised = failure.__cause__
                    line = blamed_line(raised, fn) if raised is not None else None
                    failure.where = failure.where or line or class_line(fn)
                await session.pause(await tries.failed(failure))
            else:
                breaker.succeeded()
                _account(session, result, n_bytes)
                return result
    finally:
        breaker.closed()


def are_completions(result: Any) -> bool:
    """Whether `result` has the type of an answer to `complete`; plug-ins need not derive from our classes."""
    return isinstance(result, Completions) or callable(getattr(result, "get_completions", None))


def are_scores(result: Any) -> bool:
    """Whether `result` has the type of an answer to `score`."""
    return isinstance(result, list) and all(isinstance(part, ContinuationScore) for part in result)


class _Tries:
    """What the attempts of one call have come to so far, and what follows a failure."""

    def __init__(self, session: Session, fn: Any) -> None:
        self._session = session
        self._is_local = traits_of(fn).is_local
        self.breaker = session.breaker_of(fn)
        self.timeouts = session.timeouts_of(fn)
        self._began_s = time.monotonic()
        self._n_failed = 0
        self._n_counted = 0
        self._n_unanswered = 0
        self.n_timed_out = 0

    async def failed(self, failure: CallFailed) -> float:
        """Seconds to wait before the next attempt.

        Raises:
            CallFailed: `failure`, if no attempt follows; it may have ended the session too.
            EvalsError: the run was asked to stop.
        """
        # It comes from a call inside this one, for example a solver's, which was already tried as often as allowed.
        if failure.is_final:
            raise failure
        self._count(failure)
        settings, now_s = self._session.settings, time.monotonic()
        wait_s = backoff_s(settings, self._n_failed, failure.retry_after_s, self._session.rng)
        if failure.kind is Kind.CONNECTION and not self.breaker.any_success:
            wait_s = min(wait_s, settings.breaker_cold_s / 4)  # to know within that time whether anybody is there
        if not self._is_local and await self._ends_run(failure, now_s):
            failure.is_final = True
            self._session.end(_end_of_run(settings, failure, self.breaker), now=True)
            raise failure
        if not may_retry(settings, failure, self._n_counted, now_s - self._began_s, wait_s, self._n_unanswered):
            failure.is_final = True
            raise failure
        self._session.check_going_on()
        self._session.counts.n_retries += 1
        return wait_s

    def _count(self, failure: CallFailed) -> None:
        self._n_failed += 1
        failure.n_attempts = self._n_failed
        self._session.counts.failures[failure.kind.value] += 1
        self._n_counted += failure.kind not in UNCOUNTED
        self._n_unanswered += failure.kind is Kind.NO_ANSWER
        self.n_timed_out += failure.kind is Kind.TIMEOUT

    async def _ends_run(self, failure: CallFailed, now_s: float) -> bool:
        # A refused call is often the first to come back. It ends the run only if the calls beside it are refused too.
        if failure.kind in FATAL_UNTIL_FIRST_SUCCESS and not self.breaker.any_accepted:
            await self.breaker.others_answered(self._session.settings.call_deadline_s)
        if ends_run(failure, any_accepted=self.breaker.any_accepted):
            return True
        if asks_too_long(self._session.settings, failure):
            return True
        if not self.breaker.failed(failure, now_s):
            return False
        if failure.kind not in TRANSIENT:
            # Twenty failures in a row may only be quicker than the answers that were asked for at the same time.
            await self.breaker.others_answered(self._session.settings.breaker_warm_s)
        return self.breaker.has_tripped(time.monotonic())


async def _attempt(session: Session, limit: AdaptiveLimit | None, work: Callable[[], Awaitable[T]], tries: _Tries) -> T:
    """One attempt, in its place among the calls in flight and within its time-out."""
    started_in = await limit.acquire() if limit is not None else 0
    session.counts.in_flight += 1
    ok, pushed_back = False, False
    began_s = time.perf_counter()
    try:
        result = await _within(_Clock(session.deadlines(), tries), work)
        ok = True
        latency_s = time.perf_counter() - began_s
        tries.timeouts.succeeded(latency_s)
        if isinstance(result, Completions):
            if result.latency_s is None:
                result.latency_s = latency_s
            if result.headers and limit is not None:
                limit.observe(result.headers)
        return result
    except CallFailed as failure:
        pushed_back = failure.kind in PUSH_BACK
        raise
    finally:
        session.counts.in_flight -= 1
        if limit is not None:
            size = limit.size
            limit.release(started_in, ok=ok, pushed_back=pushed_back)
            if limit.size > size:  # more places: the pass starts more workers
                session.grown()


class _Clock:
    """Cancels the current task when the time that an attempt may take has passed.

    The time is asked for now and then, because it is still being learnt while the first attempts run. The clock knows
    of no other object that knows of it: the events of each sample would stay in memory until the garbage collector
    runs (3.7 MB more at 7,500 samples than at 1,000).
    """

    __slots__ = ("_began_s", "_deadlines", "_task", "_tries", "fired")

    def __init__(self, deadlines: Deadlines, tries: _Tries) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._deadlines = deadlines
        self._tries = tries
        self._began_s = deadlines.loop.time()
        self.fired = False
        deadlines.add(self)

    @property
    def elapsed_s(self) -> float:
        return self._deadlines.loop.time() - self._began_s

    @property
    def due_s(self) -> float:
        return self._began_s + self._tries.timeouts.attempt_s(self._tries.n_timed_out)

    def expired(self) -> None:
        # Before Python 3.12 `asyncio.wait_for` made a task for each call; cancelling the current task needs none.
        self.fired = True
        self._task.cancel()

    def stop(self) -> None:
        self._deadlines.discard(self)

    def is_reason(self) -> bool:
        """Whether the cancellation that arrived comes from this clock alone."""
        # From Python 3.11 on, `uncancel` counts: a number left over means that somebody else cancelled the task too.
        return self.fired and not (hasattr(self._task, "uncancel") and self._task.uncancel())


async def _within(clock: _Clock, work: Callable[[], Awaitable[T]]) -> T:
    """The value of `work()` within the time that the clock allows.

    Raises:
        CallFailed: a time-out, or what `work` raised, put into a class.
        EvalsError: raised by `work`; unless it is about the sample's data, the session ends too.
    """
    try:
        return await work()
    except asyncio.CancelledError:
        if not clock.is_reason():
            raise
        raise CallFailed(Kind.TIMEOUT, f"no reply within {clock.elapsed_s:.3g} s") from None
    except CallFailed:
        raise
    except EvalsError as error:
        # A missing extra, a broken cache, a wrong setting: no other call would fare better. A bad row is one sample's.
        if not isinstance(error, DataError):
            current_session().end_by(error)
        raise
    except BaseException as error:
        raise failure_of(contained(error)) from error
    finally:
        clock.stop()


def failure_of(error: Exception) -> CallFailed:
    """The failure for an exception that a plug-in's completion function raised.

    An exception with a `status_code`, as those of most SDKs have, is classified like a reply with that status.
    """
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        response = getattr(error, "response", None)
        body = getattr(error, "body", None)
        text = body if isinstance(body, str | bytes) else str(error)
        return classify_http(status, dict(getattr(response, "headers", None) or {}), text)
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return CallFailed(Kind.TIMEOUT, redact(str(error)) or type(error).__name__)
    if isinstance(error, ConnectionError):
        return CallFailed(Kind.CONNECTION, redact(str(error)) or type(error).__name__)
    raised = error.raised if isinstance(error, Escaped) else error
    failure = CallFailed(Kind.OTHER, redact(f"{type(raised).__name__}: {raised}"))
    failure.where = blamed_line(raised)
    return failure


def _account(session: Session, result: Any, n_bytes: int) -> None:
    """Count a successful call, and correct the estimate of its tokens."""
    session.counts.n_calls += 1
    if isinstance(result, Completions | ContinuationScores):
        before = session.counts.total_tokens
        session.spent(result)
        if session.limits_tokens:
            session.settle_tokens(n_bytes, session.counts.total_tokens - before)


def _size(prompt: Any) -> int:
    """Bytes of the texts in a prompt; 4 for anything else, such as one token number."""
    if isinstance(prompt, str):
        return len(prompt.encode("utf-8", "replace"))
    if isinstance(prompt, list):
        return sum(_size(part) for part in prompt)
    if isinstance(prompt, dict):
        return sum(_size(part) for part in prompt.values())
    return 4


_FATAL_WORDS = {
    Kind.AUTH: ("the server refused the key", "check the key, or point OPENAI_BASE_URL at your own server"),
    Kind.PAYMENT: ("the account cannot pay", "check the account's billing, then resume"),
    Kind.QUOTA: ("the account's quota is used up", "raise the quota or wait, then resume"),
    Kind.UNKNOWN_MODEL: ("the server does not know this model", "check the model's name and the base URL"),
    Kind.BAD_REQUEST: (
        "the server refuses every request",
        "the message above says what the server does not accept; change it with --completion_args or in the eval",
    ),
}


def _end_of_run(settings: EngineSettings, failure: CallFailed, breaker: Breaker) -> ProviderError:
    place = " from ".join(str(part) for part in (failure.status, failure.host) if part)
    if asks_too_long(settings, failure):
        return ProviderError(
            f"the server asks to wait {failure.retry_after_s or 0:,.0f} s ({place})",
            notes=[f"the server said: {failure.message}"],
            fix="resume after that time",
        )
    if ends_run(failure, any_accepted=breaker.any_accepted):
        what, fix = _FATAL_WORDS[failure.kind]
        return ProviderError(f"{what} ({place})", notes=[f"the server said: {failure.message}"], fix=fix)
    if failure.kind is Kind.CONNECTION and failure.host and not breaker.any_accepted:
        return ProviderError(
            f"{failure.host} cannot be reached: {failure.message}",
            fix="check that the server is up and that the base URL is right, then resume",
        )
    if failure.host is None and failure.kind is Kind.OTHER:
        return ProviderError(
            f"the completion function failed again and again: {failure.message}",
            where=failure.where,
            fix="correct it, then resume" if failure.where is None else "correct it there, then resume",
        )
    where = f" from {failure.host}" if failure.host else ""
    return ProviderError(
        f"the same failure came again and again{where}: {failure.kind.value}",
        notes=[f"last message: {failure.message}"],
        fix="check that the server is up and can take this load, then resume",
    )
