"""Python objects as completion functions."""

from __future__ import annotations

import copy
import functools
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.dummy import DummyCompletionFn
from evals.completion_fns.function import FunctionCompletionFn, as_completion_fn, name_of, unwrapped
from evals.engine.calls import complete_sync
from evals.engine.failures import CallFailed
from evals.engine.traits import traits_of
from evals.errors import UsageError
from evals.record.recorders import RecorderBase
from evals.testing.doubles import TestCompletionFn


def echo(prompt: Any) -> str:
    return f"{prompt}!"


async def echo_later(prompt: Any, temperature: float = 1.0) -> list[str]:
    return [f"{prompt} at {temperature}"]


class OnlyComplete:
    is_local = True
    gives_top_logprobs = True
    batch_size = 4

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        return Completions([f"{prompt}?"])


def test_a_function_gets_the_arguments_that_it_takes_and_its_text_is_recorded():
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        assert complete_sync(as_completion_fn(echo), "hi", temperature=0.0).get_completions() == ["hi!"]
        result = complete_sync(as_completion_fn(echo_later), "hi", temperature=0.5, max_tokens=3)
    assert result.get_completions() == ["hi at 0.5"]
    assert [event.data["sampled"] for event in recorder.get_events("sampling")] == [["hi!"], ["hi at 0.5"]]


def test_a_function_that_returns_a_result_records_by_itself():
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        result = complete_sync(as_completion_fn(lambda prompt: Completions([prompt])), "hi")
    assert result.get_completions() == ["hi"]
    assert recorder.get_events("sampling") == []


@pytest.mark.parametrize("answer", [None, 3, ["a", 1], b"bytes"])
def test_what_is_no_text_is_a_failure_that_names_the_function(answer: Any):
    def odd(prompt: Any) -> Any:
        return answer

    with pytest.raises(CallFailed, match=f"odd gave a {type(answer).__name__}, not a text"):
        complete_sync(as_completion_fn(odd), "hi")


def test_an_object_with_nothing_but_complete_can_be_called_and_keeps_all_its_traits():
    fn = as_completion_fn(OnlyComplete())
    assert fn("hi").get_completions() == ["hi?"]
    own = traits_of(OnlyComplete())
    here = traits_of(fn)
    assert (here.is_local, here.gives_top_logprobs, here.batch_size) == (True, True, 4)
    assert (here.has_complete, own.has_complete) == (True, True)
    assert copy.deepcopy(fn) is fn


@pytest.mark.parametrize("fn", [DummyCompletionFn(), TestCompletionFn("x"), FunctionCompletionFn(echo)])
def test_what_is_a_completion_function_already_comes_back_as_it_is(fn: Any):
    assert as_completion_fn(fn) is fn


def test_what_cannot_be_asked_is_refused_with_the_way_to_write_it():
    with pytest.raises(UsageError, match="OnlyComplete is a class") as caught:
        as_completion_fn(OnlyComplete)
    assert "write OnlyComplete(...)" in str(caught.value)
    with pytest.raises(UsageError, match="a int is no completion function"):
        as_completion_fn(3)


def test_names_are_those_of_the_function_or_the_class():
    def inner(prompt: Any) -> str:
        return ""

    assert name_of(as_completion_fn(inner)) == "inner"
    assert name_of(as_completion_fn(functools.partial(functools.partial(echo)))) == "echo"
    assert name_of(as_completion_fn(OnlyComplete())) == "OnlyComplete"
    assert name_of(TestCompletionFn("x")) == "TestCompletionFn"


def test_what_was_wrapped_can_be_had_again():
    only = OnlyComplete()
    assert unwrapped(as_completion_fn(only)) is only
    assert unwrapped(as_completion_fn(echo)) is echo
    assert unwrapped("name") == "name"


def test_attributes_are_those_of_the_function():
    def limited(prompt: Any) -> str:
        return ""

    limited.max_concurrency = 2  # type: ignore[attr-defined]
    assert traits_of(as_completion_fn(limited)).max_concurrency == 2
    with pytest.raises(AttributeError):
        _ = as_completion_fn(limited).batch_size
