"""The base class of backends: plain calls of a coroutine, and copies."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.engine.loop import run_sync
from evals.record.recorders import RecorderBase


class Echo(Backend):
    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        await asyncio.sleep(0)
        return Completions([f"{prompt} {sorted(kwargs)}"])


def test_plain_code_calls_the_coroutine_and_the_engine_records_it():
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        assert Echo()("hi", temperature=0.0).get_completions() == ["hi ['temperature']"]
    assert [event.data["sampled"] for event in recorder.get_events("sampling")] == [["hi ['temperature']"]]


def test_a_plain_call_on_the_engine_s_own_thread_is_an_error_and_no_deadlock():
    async def call() -> Any:
        return Echo()("hi")

    with pytest.raises(RuntimeError, match="await complete"):
        run_sync(call())


def test_a_copy_is_the_object_itself_as_it_may_hold_connections():
    fn = Echo()
    assert copy.deepcopy({"fn": fn})["fn"] is fn


def test_a_backend_that_says_nothing_has_no_identity_and_passes_its_preflight():
    assert Echo().cache_identity() is None
    Echo().preflight()


def test_a_class_without_complete_cannot_be_made():
    with pytest.raises(TypeError, match="complete"):
        Backend()  # type: ignore[abstract]
