"""Results read off replies, also in the ways in which openai/evals plug-ins make and read them."""

from __future__ import annotations

import copy

import pytest

from evals.completion_fns.openai.models import (
    OpenAIChatCompletionResult,
    OpenAICompletionResult,
    OpenAIResponsesCompletionResult,
)
from evals.testing.openai_replies import Answer, chat_reply, responses_reply


def test_results_are_made_from_raw_data_and_prompt():
    result = OpenAICompletionResult(raw_data={"choices": [{"text": "a"}, {"text": "b"}], "model": "m"}, prompt="p")
    assert (result.get_completions(), result.prompt, result.raw_data.model) == (["a", "b"], "p", "m")


def test_results_are_made_from_objects_of_the_sdk():
    from openai.types.chat import ChatCompletion

    reply = chat_reply(1, "m", [Answer("hi")], 3, logprobs=False, top_logprobs=0)
    result = OpenAIChatCompletionResult(ChatCompletion.model_validate(reply), [])
    assert result.get_completions() == ["hi"]
    assert result.raw_data.choices[0].message.content == "hi"


def test_no_raw_data_is_no_completion():
    assert OpenAIChatCompletionResult(None, "p").get_completions() == []


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "a"}, "a"),
        ({"content": None, "reasoning_content": "hm"}, ""),
        ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}]}, "a"),
        ({"content": None, "tool_calls": [{}]}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_content_of_a_message_in_all_its_forms(message: object, text: str):
    assert OpenAIChatCompletionResult({"choices": [{"message": message}]}).texts == [text]


def test_legacy_choices_without_text_are_empty():
    assert OpenAICompletionResult({"choices": [{"text": None}]}).texts == [""]


@pytest.mark.parametrize(
    ("answer", "text", "reason"),
    [
        (Answer("a b", reasoning_tokens=3), "a b", "stop"),
        (Answer("a", "length"), "a", "length"),
        (Answer("a", "content_filter"), "a", "content_filter"),
        (Answer(None, refusal="no"), "", "refusal"),
    ],
)
def test_responses_come_under_the_finish_reasons_of_chat(answer: Answer, text: str, reason: str):
    result = OpenAIResponsesCompletionResult(responses_reply(1, "m", answer, 3), [])
    assert (result.texts, result.finish_reasons) == ([text], [reason])
    assert result.raw_data.usage.input_tokens == 3


def test_raw_data_can_be_copied():
    result = OpenAICompletionResult({"choices": [{"text": "a"}]}, "p")
    assert copy.deepcopy(result).raw_data.choices[0].text == "a"


@pytest.mark.parametrize("odd", [5, "abc", {"0": {}}, [None, "x", 7], None])
def test_parts_of_the_wrong_type_count_as_missing(odd):
    """Each of these made every sample of a run fail with an error of ours."""
    assert OpenAIChatCompletionResult({"choices": odd}).get_completions() == []
    assert OpenAIResponsesCompletionResult({"output": odd}).get_completions() == [""]
    good = {"choices": [{"message": {"content": "hi"}}], "usage": odd}
    usage = OpenAIChatCompletionResult(good).usage
    assert usage is None or isinstance(usage, dict)


def test_a_reply_that_only_calls_tools_says_so():
    call = {"message": {"content": None, "tool_calls": [{"id": "1"}]}, "finish_reason": "stop"}
    assert OpenAIChatCompletionResult({"choices": [call]}).finish_reasons == ["tool_calls"]
    output = [{"type": "function_call", "name": "f", "arguments": "{}"}]
    assert OpenAIResponsesCompletionResult({"status": "completed", "output": output}).finish_reasons == ["tool_calls"]


def said(text: str, phase: str | None) -> dict[str, object]:
    part = {"type": "output_text", "text": text}
    return {"type": "message", "role": "assistant", "content": [part], **({"phase": phase} if phase else {})}


@pytest.mark.parametrize(
    ("output", "status", "text", "reasoning"),
    [
        ([said("Let me think.", "commentary"), said("Paris", "final_answer")], "completed", "Paris", "Let me think."),
        ([said("Let me think.", "commentary")], "completed", "Let me think.", "Let me think."),
        ([said("Let me think.", "commentary")], "incomplete", "", "Let me think."),
        ([said("Par", "final_answer")], "incomplete", "Par", None),
        ([said("Par", None), said("is", None)], "completed", "Paris", None),
    ],
)
def test_comments_on_the_way_to_an_answer_are_no_part_of_it(output, status: str, text: str, reasoning: str | None):
    raw = {"output": output, "status": status, "incomplete_details": {"reason": "max_output_tokens"}}
    result = OpenAIResponsesCompletionResult(raw)
    assert result.texts == [text]
    assert result.reasoning == (None if reasoning is None else [reasoning])
