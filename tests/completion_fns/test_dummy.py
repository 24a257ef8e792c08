"""The completion function that needs no model, and the doubles for tests."""

from __future__ import annotations

from evals.completion import CompletionFn
from evals.completion_fns.dummy import DummyCompletionFn
from evals.engine.calls import complete_sync
from evals.record import RecorderBase
from evals.registry import Registry
from evals.testing.doubles import TestCompletionFn

ANSWER = "This is a dummy response."


def test_the_dummy_answers_the_same_to_everything():
    fn = DummyCompletionFn()
    assert isinstance(fn, CompletionFn)
    assert fn("a", temperature=0, n=3).get_completions() == [ANSWER]
    assert fn(prompt=[{"role": "user", "content": "b"}]).get_completions() == [ANSWER]


def test_the_dummy_records_no_sampling():
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        fn = DummyCompletionFn()
        assert fn("a").get_completions() == complete_sync(fn, "a").get_completions() == [ANSWER]
    assert recorder.get_events("sampling") == []


def test_the_dummy_takes_any_constructor_argument_and_is_found_by_name():
    DummyCompletionFn(registry=None, model="x")
    assert isinstance(Registry().make_completion_fn("dummy"), DummyCompletionFn)


def test_the_double_answers_what_it_was_given():
    assert TestCompletionFn("yes")("a", temperature=1).get_completions() == ["yes"]
