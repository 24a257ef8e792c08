"""The completion function with a fixed answer."""

from __future__ import annotations

from evals.completion_fns.function import as_completion_fn
from evals.record import RecorderBase
from evals.testing.doubles import TestCompletionFn


def test_every_prompt_gets_the_answer_and_nothing_is_recorded():
    fn = TestCompletionFn("yes")
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        assert [fn("a").get_completions(), fn(["b"], temperature=1).get_completions()] == [["yes"], ["yes"]]
    assert recorder.get_events("sampling") == []
    assert as_completion_fn(fn) is fn
