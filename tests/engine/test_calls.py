"""One call of a completion function: retries, limits, time-outs, cache, recording, whoever asks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions, ContinuationScore
from evals.completion_fns.backend import Backend
from evals.engine.attempts import failure_of
from evals.engine.cache import CompletionCache
from evals.engine.calls import complete, score
from evals.engine.context import use_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import run_sync
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.errors import BudgetReached, ProviderError
from evals.record import DummyRecorder, RecorderBase

QUICK = EngineSettings(first_backoff_s=0.001, max_backoff_s=0.002)


class Flaky(Backend):
    """Fails with the given kinds first, then answers; remembers what it was asked."""

    def __init__(self, *kinds: Kind, answer: str = "yes", usage: dict[str, int] | None = None) -> None:
        self.kinds = list(kinds)
        self.answer = answer
        self.usage = usage
        self.asked: list[dict[str, Any]] = []

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self.asked.append(kwargs)
        if self.kinds:
            raise CallFailed(self.kinds.pop(0), "on purpose", retry_after_s=0.001)
        return Completions([self.answer], prompt=prompt, model="flaky", usage=self.usage)

    def cache_identity(self) -> dict[str, Any]:
        return {"class": "Flaky", "answer": self.answer}


def ask(fn: Any, settings: EngineSettings = QUICK, **kwargs: Any) -> tuple[Session, Any]:
    session = Session(settings)
    with use_session(session):
        return session, run_sync(complete(fn, "hello", **kwargs))


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


def test_a_plug_in_that_is_only_callable_runs_on_a_thread():
    def plug_in(prompt: Any, **kwargs: Any) -> Completions:
        return Completions([f"{prompt} on {threading.current_thread().name}"])

    _, result = ask(plug_in)
    assert result.get_completions()[0].startswith("hello on evals-call")


def test_a_synchronous_call_goes_through_the_same_engine():
    session = Session(QUICK)
    with use_session(session):
        assert Flaky(Kind.SERVER)("hello").get_completions() == ["yes"]
    assert session.counts.n_retries == 1


def test_a_synchronous_call_on_the_loop_is_an_error_that_shows_the_right_one():
    class Wrong(Backend):
        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            return Flaky()(prompt)  # type: ignore[return-value]

    with pytest.raises(CallFailed, match="await complete"):
        ask(Wrong())


def test_it_can_be_awaited_on_any_loop():
    assert asyncio.run(complete(Flaky(), "hello")).get_completions() == ["yes"]


def test_overrides_are_for_the_evaluated_model_and_not_for_a_grader():
    fn, settings = Flaky(), EngineSettings(overrides={"temperature": 0.7})
    ask(fn, settings, temperature=0.0)
    ask(fn, settings, temperature=0.0, grading=True)
    assert [kwargs["temperature"] for kwargs in fn.asked] == [0.7, 0.0]


def test_a_sampling_event_has_the_keys_of_openai_evals():
    recorder = DummyRecorder(None)
    with recorder.sample("a.dev.0") as scope:
        ask(Flaky(usage={"prompt_tokens": 3, "completion_tokens": 1}))
        (event,) = scope.events
    assert event.type == "sampling"
    assert event.data["prompt"] == "hello"
    assert event.data["sampled"] == ["yes"]
    assert event.data["model"] == "flaky"
    assert event.data["usage"] == {"prompt_tokens": 3, "completion_tokens": 1}


def test_a_token_budget_ends_the_session():
    session, _ = ask(Flaky(usage={"prompt_tokens": 90, "completion_tokens": 20}), EngineSettings(max_tokens_total=100))
    assert isinstance(session.ended_by, BudgetReached)


def test_batches_are_formed_from_calls_that_wait_together():
    class Batched(Backend):
        batch_size = 8
        is_local = True

        def __init__(self) -> None:
            self.sizes: list[int] = []

        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            raise AssertionError("complete_batch is there")

        def complete_batch(self, requests: Sequence[tuple[Any, dict[str, Any]]]) -> list[Any]:
            assert threading.current_thread().name.startswith("evals-batch")
            self.sizes.append(len(requests))
            time.sleep(0.002)
            return [ValueError("odd") if prompt == "13" else Completions([prompt * 2]) for prompt, _ in requests]

    fn, session = Batched(), Session(QUICK)

    async def many() -> list[Any]:
        return await asyncio.gather(*(complete(fn, str(i)) for i in range(40)), return_exceptions=True)

    with use_session(session):
        results = run_sync(many())
    assert [r.get_completions()[0] for i, r in enumerate(results) if i != 13] == [
        str(i) * 2 for i in range(40) if i != 13
    ]
    assert isinstance(results[13], CallFailed), "one bad request does not spoil its neighbours"
    assert max(fn.sizes) == 8
    assert len(fn.sizes) < 20


def test_continuations_are_scored_by_backends_that_can():
    class Scores(Flaky):
        async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
            return [ContinuationScore(-float(len(text)), 1) for text in continuations]

    with use_session(Session(QUICK)):
        assert [s.logprob for s in run_sync(score(Scores(), "p", ["a", "bb"]))] == [-1.0, -2.0]
        with pytest.raises(CallFailed, match="no log probabilities"):
            run_sync(score(Flaky(), "p", ["a"]))


def test_the_cache_answers_a_second_run_and_keeps_draws_apart(tmp_path: Path):
    def run(fn: Flaky, n: int) -> tuple[Session, list[Completions]]:
        session = Session(QUICK, CompletionCache(tmp_path / "c.sqlite"))

        async def draws() -> list[Any]:
            with RecorderBase(None).sample("drawn.dev.0"):
                results = [await complete(fn, "hello", temperature=1) for _ in range(n)]
            await session.aclose()
            return results

        with use_session(session):
            return session, run_sync(draws())

    first = Flaky()
    run(first, 2)
    second = Flaky()
    session, results = run(second, 3)
    assert len(first.asked) == 2
    assert len(second.asked) == 1, "the third draw is a new one"
    assert [r.cached for r in results] == [True, True, False]
    assert session.counts.n_cached == 2


def test_another_request_is_no_hit(tmp_path: Path):
    async def two(session: Session, fn: Flaky) -> None:
        await complete(fn, "hello", temperature=0)
        await complete(fn, "hello", temperature=0.5)
        await complete(fn, "hullo", temperature=0)
        await session.aclose()

    fn, session = Flaky(), Session(QUICK, CompletionCache(tmp_path / "c.sqlite"))
    with use_session(session):
        run_sync(two(session, fn))
    assert len(fn.asked) == 3


def test_foreign_exceptions_are_classified_by_what_they_carry():
    class StatusError(Exception):
        status_code = 429

    assert failure_of(StatusError("slow down")).kind is Kind.RATE_LIMIT
    assert failure_of(ConnectionResetError()).kind is Kind.CONNECTION
    assert failure_of(TimeoutError()).kind is Kind.TIMEOUT
    assert failure_of(KeyError("x")).kind is Kind.OTHER
