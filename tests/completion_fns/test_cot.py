"""Chain of thought: two calls, one answer."""

from __future__ import annotations

from typing import Any

from evals.completion import CompletionResult, Completions
from evals.completion_fns.cot import ChainOfThoughtCompletionFn
from evals.completion_fns.scripted import ScriptedCompletionFn
from evals.record import RecorderBase
from evals.registry import Registry


class Listener:
    """Answers in turn and keeps what it was asked: a synchronous plug-in."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        self.asked.append((prompt, kwargs))
        return Completions([self.answers[len(self.asked) - 1]])


def test_cot_reasons_and_then_extracts():
    fn = Listener("because", " 42 ")
    cot = ChainOfThoughtCompletionFn("THINK", "ANSWER", cot_completion_fn=fn)
    assert cot([{"role": "user", "content": "why?"}], temperature=0).get_completions() == ["42"]
    reason = [{"role": "user", "content": "why?"}, {"role": "assistant", "content": "THINK"}]
    extract = [*reason, {"role": "assistant", "content": "because"}, {"role": "assistant", "content": "ANSWER"}]
    assert fn.asked == [(reason, {"temperature": 0}), (extract, {"temperature": 0})]


def test_a_text_prompt_becomes_a_system_message_for_cot():
    fn = Listener("r", "a")
    ChainOfThoughtCompletionFn("T", "E", cot_completion_fn=fn)("why?")
    assert fn.asked[0][0][0] == {"role": "system", "content": "why?"}


def test_another_model_may_extract():
    thinker, extractor = Listener("r"), Listener("a")
    cot = ChainOfThoughtCompletionFn(cot_completion_fn=thinker, extract_completion_fn=extractor)
    assert cot("why?").get_completions() == ["a"]
    assert len(thinker.asked) == len(extractor.asked) == 1


def test_cot_over_any_name_is_found_in_the_registry():
    cot = Registry().make_completion_fn("cot/dummy")
    assert cot("why?").get_completions() == ["This is a dummy response."]


def test_the_record_has_both_calls_and_the_answer_to_the_eval_s_own_prompt():
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        script = ScriptedCompletionFn(completions=["r", "a"])
        ChainOfThoughtCompletionFn("T", "E", cot_completion_fn=script)("why?")
    events = [event.data for event in recorder.get_events("sampling")]
    assert [event["sampled"] for event in events] == [["r"], ["a"], ["a"]]
    assert events[-1]["prompt"] == "why?"
