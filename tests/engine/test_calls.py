"""One call of a completion function, of whatever kind, from wherever it is made, and what is recorded of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from flaky_calls import QUICK, Flaky, ask, together

from evals.completion import Completions, ContinuationScore
from evals.completion_fns.backend import Backend
from evals.engine.calls import complete, score
from evals.engine.context import use_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import run_sync
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.record import DummyRecorder


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


def test_continuations_are_scored_by_backends_that_can():
    class Scores(Flaky):
        async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
            return [ContinuationScore(-float(len(text)), 1) for text in continuations]

    with use_session(Session(QUICK)):
        assert [s.logprob for s in run_sync(score(Scores(), "p", ["a", "bb"]))] == [-1.0, -2.0]
        with pytest.raises(CallFailed, match="no log probabilities"):
            run_sync(score(Flaky(), "p", ["a"]))


class WithAMethodOfThatName:
    """A plug-in for openai/evals whose `complete` is its own affair."""

    def complete(self, prompt: Any) -> None:
        raise AssertionError("not for the engine")

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        return Completions(["called"])

    def aclose(self) -> None:
        raise AssertionError("not for the engine")


def test_a_plug_in_s_own_method_called_complete_is_left_alone() -> None:
    session = Session(QUICK)
    (result,) = together(session, WithAMethodOfThatName(), "p")
    assert result.get_completions() == ["called"]
    run_sync(session.aclose())


class Thinker(Backend):
    """Gives completions with their thoughts, as servers without a reasoning parser do."""

    is_local = True

    def __init__(self, *texts: str, finish: str = "stop") -> None:
        self.texts, self.finish = list(texts), finish

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        return Completions(list(self.texts), finish_reasons=[self.finish] * len(self.texts))


def test_thoughts_are_recorded_and_not_returned():
    recorder = DummyRecorder(None)
    with recorder.as_default_recorder("x"):
        _, result = ask(Thinker("<think>Rome?</think>Paris", "Paris"))
    assert result.get_completions() == ["Paris", "Paris"]
    [event] = recorder.get_events("sampling")
    assert event.data["sampled"] == ["<think>Rome?</think>Paris", "Paris"]
    assert event.data["answers"] == ["Paris", "Paris"]


def test_thoughts_of_a_plug_in_with_results_of_its_own_are_not_returned():
    class Result:
        tokens = 3

        def get_completions(self) -> list[str]:
            return ["<think>Rome?</think>Paris"]

    _, result = ask(lambda prompt, **kwargs: Result())
    assert result.get_completions() == ["Paris"]
    assert result.tokens == 3


def test_a_limit_within_the_thoughts_is_a_failure_and_no_wrong_answer():
    recorder = DummyRecorder(None)
    with recorder.as_default_recorder("x"), pytest.raises(CallFailed, match="no answer before the limit") as failed:
        ask(Thinker("<think>Rome or", finish="length"))
    assert failed.value.kind is Kind.CUT_OFF
    assert recorder.get_events("sampling")[0].data["answers"] == [""]
