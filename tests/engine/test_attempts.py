"""The attempts of one call: what is tried again, how often, and which failure ends the run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from flaky_calls import QUICK, Flaky, Refusing, ask, together

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.engine.attempts import failure_of
from evals.engine.calls import complete
from evals.engine.context import use_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import run_sync
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.errors import ProviderError


def test_passing_failures_are_tried_again_until_it_works():
    fn = Flaky(Kind.RATE_LIMIT, Kind.SERVER, Kind.CONNECTION, Kind.TIMEOUT, Kind.BAD_REPLY)
    session, result = ask(fn)
    assert result.get_completions() == ["yes"]
    assert session.counts.n_retries == 5
    assert session.counts.n_calls == 1
    assert sum(session.counts.failures.values()) == 5


def test_attempts_end():
    fn = Flaky(*[Kind.SERVER] * 50)
    with pytest.raises(CallFailed, match="on purpose") as caught:
        ask(fn, EngineSettings(first_backoff_s=0.001, max_attempts=4, breaker_failures=99))
    assert caught.value.n_attempts == len(fn.asked) == 4


def test_a_reply_without_an_answer_is_asked_for_three_times_whatever_failed_before():
    fn = Flaky(*[Kind.SERVER] * 4, *[Kind.NO_ANSWER] * 50)
    with pytest.raises(CallFailed) as caught:
        ask(fn)
    assert (caught.value.kind, len(fn.asked)) == (Kind.NO_ANSWER, 7)
    assert ask(Flaky(*[Kind.NO_ANSWER] * 2))[1].get_completions() == ["yes"]


@pytest.mark.parametrize("kind", [Kind.CONTENT_FILTER, Kind.CONTEXT_LENGTH, Kind.OTHER])
def test_what_cannot_pass_is_tried_once(kind):
    fn = Flaky(kind)
    with pytest.raises(CallFailed):
        ask(fn)
    assert len(fn.asked) == 1


@pytest.mark.parametrize("kind", [Kind.AUTH, Kind.PAYMENT, Kind.QUOTA, Kind.UNKNOWN_MODEL, Kind.BAD_REQUEST])
def test_a_hopeless_first_call_ends_the_run_with_a_way_out(kind):
    session = Session(QUICK)
    with use_session(session), pytest.raises(CallFailed):
        run_sync(complete(Flaky(kind), "hello"))
    assert isinstance(session.ended_by, ProviderError)
    assert "fix:" in str(session.ended_by)


def test_a_stalled_call_times_out_and_is_tried_again():
    class Stalls(Flaky):
        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            if not self.asked:
                self.asked.append(kwargs)
                await asyncio.sleep(60)
            return await super().complete(prompt, **kwargs)

    session, result = ask(Stalls(), EngineSettings(attempt_timeout_s=0.05, first_backoff_s=0.001))
    assert result.get_completions() == ["yes"]
    assert session.counts.failures == {"timed out": 1}


def test_no_more_than_the_concurrency_asked_for_is_in_flight():
    class Counts(Backend):
        now = most = 0

        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.002)
            self.now -= 1
            return Completions(["x"])

    fn, session = Counts(), Session(EngineSettings(concurrency=7))

    async def many() -> None:
        await asyncio.gather(*(complete(fn, str(i)) for i in range(60)))

    with use_session(session):
        run_sync(many())
    assert fn.most == 7


def test_foreign_exceptions_are_classified_by_what_they_carry():
    class StatusError(Exception):
        status_code = 429

    assert failure_of(StatusError("slow down")).kind is Kind.RATE_LIMIT
    assert failure_of(ConnectionResetError()).kind is Kind.CONNECTION
    assert failure_of(TimeoutError()).kind is Kind.TIMEOUT
    assert failure_of(KeyError("x")).kind is Kind.OTHER


def test_a_refusal_that_comes_before_the_first_answer_is_its_sample_s_own() -> None:
    """One bad row among the first 32 ended the run when its refusal was quicker than the answers to the others."""
    session = Session(QUICK)
    results = together(session, Refusing(Kind.BAD_REQUEST, delay_s=0.1), "well", "bad", "well")
    assert session.ended_by is None
    assert [type(result) for result in results] == [Completions, CallFailed, Completions]


def test_refusals_all_round_end_the_run() -> None:
    session = Session(QUICK)
    results = together(session, Refusing(Kind.BAD_REQUEST), "bad", "bad", "bad")
    assert isinstance(session.ended_by, ProviderError)
    assert {type(result) for result in results} == {CallFailed}


def test_a_refusal_in_a_resumed_run_is_its_sample_s_own() -> None:
    """The requests of the run's first part were accepted, so the server does not refuse them all."""
    session = Session(QUICK, any_accepted=True)
    together(session, Refusing(Kind.BAD_REQUEST), "bad")
    assert session.ended_by is None


def test_a_server_that_asks_to_wait_longer_than_any_call_would_ends_the_run() -> None:
    """Else every sample would be asked once, refused, and counted as an error."""
    session, fn = Session(QUICK), Refusing(Kind.RATE_LIMIT, retry_after_s=3600)
    together(session, fn, "bad")
    assert isinstance(session.ended_by, ProviderError)
    assert "asks to wait 3,600 s" in str(session.ended_by)
    assert fn.n_calls == 1


@pytest.mark.parametrize("wrong", [None, "text", ["text"], 7, Exception("returned")])
def test_an_answer_of_the_wrong_type_is_named(wrong: Any) -> None:
    (failure,) = together(Session(QUICK), lambda prompt, **kwargs: wrong, "p")
    assert isinstance(failure, CallFailed)
    assert f"gave {type(wrong).__name__} for an answer" in failure.message


class FailsQuickly(Backend):
    """Fails at once for prompts with a 7, and answers the others only when all those have failed."""

    n_failed = 0

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        if "7" in prompt:
            self.n_failed += 1
            raise ValueError("not this one")
        while self.n_failed < 30:
            await asyncio.sleep(0.001)
        return Completions(["yes"])


def test_quick_failures_beside_slower_answers_do_not_end_the_run():
    fn, session = FailsQuickly(), Session(EngineSettings(concurrency=40))

    async def all_calls() -> list[Any]:
        prompts = [f"7 {number}" for number in range(30)] + ["a", "b", "c"]
        return await asyncio.gather(*(complete(fn, prompt) for prompt in prompts), return_exceptions=True)

    with use_session(session):
        results = run_sync(all_calls())
    assert [r.get_completions() for r in results[30:]] == [["yes"]] * 3
    assert session.ended_by is None


def test_failures_without_an_answer_beside_them_end_the_run():
    class Broken(Backend):
        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            raise ValueError("broken")

    session = Session(EngineSettings(concurrency=40))

    async def all_calls() -> list[Any]:
        return await asyncio.gather(*(complete(Broken(), str(n)) for n in range(33)), return_exceptions=True)

    with use_session(session):
        run_sync(all_calls())
    assert isinstance(session.ended_by, ProviderError)


def test_a_run_that_calls_nothing_asks_no_model_of_a_server():
    """Answers of a record may be a stranger's: scoring them again must not send them anywhere."""
    fn = Flaky()
    with pytest.raises(CallFailed, match="scoring again calls no model"):
        ask(fn, EngineSettings(local_only=True))
    assert fn.asked == []

    class Local(Flaky):
        is_local = True

    _, result = ask(Local(), EngineSettings(local_only=True))
    assert result.get_completions() == ["yes"]
