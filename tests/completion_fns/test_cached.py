"""A completion function with its own memory on disk."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from evals.completion_fns.cached import CachedCompletionFn
from evals.completion_fns.dummy import DummyCompletionFn
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.engine.calls import complete_sync
from evals.engine.context import use_session
from evals.engine.loop import run_sync
from evals.engine.session import Session
from evals.errors import UsageError
from evals.record import RecorderBase
from evals.testing.openai_server import Call, LoopbackServer


def ask(fn: Any, *prompts: str, **kwargs: Any) -> list[Any]:
    """The results of the calls of one sample; the client is closed after them."""
    try:
        with use_session(Session(can_end=False)), RecorderBase(None).sample("asked.dev.0"):
            return [complete_sync(fn, prompt, **kwargs) for prompt in prompts]
    finally:
        run_sync(fn.aclose())


def counting_server() -> LoopbackServer:
    counter = itertools.count()

    def answer(call: Call) -> str:
        return f"{call.prompt}{next(counter)}"

    return LoopbackServer(answer)


def test_a_request_is_sent_once_and_remembered_by_the_next_process(tmp_path: Path):
    with counting_server() as server:
        first, second = (
            CachedCompletionFn(OpenAIChatCompletionFn("m", server.base_url), path=tmp_path / "c.sqlite") for _ in "ab"
        )
        (asked,) = ask(first, "p", temperature=0)
        (known,) = ask(second, "p", temperature=0)
        assert server.n_requests == 1
    assert (asked.texts, known.texts) == (["p0"], ["p0"])
    assert (asked.cached, known.cached) == (False, True)


def test_draws_of_one_sample_stay_apart(tmp_path: Path):
    with counting_server() as server:
        fn = CachedCompletionFn(OpenAIChatCompletionFn("m", server.base_url), path=tmp_path / "c.sqlite")
        asked = [result.texts[0] for result in ask(fn, "p", "p")]
        known = [result.texts[0] for result in ask(fn, "p", "p")]
        assert server.n_requests == 2
    assert asked == known == ["p0", "p1"]


def test_equal_requests_of_two_samples_are_two_draws_unless_the_temperature_is_0(tmp_path: Path):
    with counting_server() as server:
        fn = CachedCompletionFn(OpenAIChatCompletionFn("m", server.base_url), path=tmp_path / "c.sqlite")
        for temperature, n_calls in ((1, 2), (0, 3)):
            for name in ("a.dev.0", "a.dev.1", "a.dev.0"):
                with use_session(Session(can_end=False)), RecorderBase(None).sample(name):
                    complete_sync(fn, "p", temperature=temperature)
            assert server.n_requests == n_calls
        run_sync(fn.aclose())


def test_other_arguments_are_another_request(tmp_path: Path):
    with counting_server() as server:
        fn = CachedCompletionFn(OpenAIChatCompletionFn("m", server.base_url), path=tmp_path / "c.sqlite")
        ask(fn, "p", temperature=0)
        ask(fn, "p", temperature=1)
        assert server.n_requests == 2


def test_a_hit_is_recorded_as_one(tmp_path: Path):
    with counting_server() as server:
        fn = CachedCompletionFn(OpenAIChatCompletionFn("m", server.base_url), path=tmp_path / "c.sqlite")
        ask(fn, "p", temperature=0)
        recorder = RecorderBase(None)
        with use_session(Session(can_end=False)), recorder.sample("x.dev.0") as scope:
            complete_sync(fn, "p", temperature=0)
            scope.commit()
        run_sync(fn.aclose())
    (event,) = recorder.get_events("sampling")
    assert (event.data["sampled"], event.data["cached"]) == (["p0"], True)


def test_what_does_not_say_what_it_is_cannot_be_cached(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be cached"):
        CachedCompletionFn(DummyCompletionFn(), path=tmp_path / "c.sqlite")
