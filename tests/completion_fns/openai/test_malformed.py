"""Replies with a good status that are no answer: tried again, and then an error of the sample."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion_fns.openai.malformed import (
    problem_of_choices,
    problem_of_output,
    silence_of_choices,
    silence_of_output,
)


def chat(message: Any, finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish, **more}]}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"choices": [{"index": 0, "finish_reason": "stop"}]}, "no message"),
        ({"choices": [{"delta": {"content": "4"}}]}, "part of a stream"),
        ({"choices": [{"text": "4"}]}, "completions endpoint"),
        ({"choices": {"text": "4"}}, "no list of choices"),
        ({"object": "x"}, "no list of choices"),
        ({"output": []}, "responses endpoint"),
        ({"choices": [None]}, "a choice is null"),
        ({"choices": ["4"]}, "a choice is a text"),
        (chat(None), "no message"),
        (chat("4"), "no message"),
        (chat({"content": 4}), "content of a message is a number"),
        (chat({"content": True}), "true or false"),
        (chat({"content": {"text": "4"}}), "content of a message is an object"),
        (chat({"content": ["4"]}), "a part of a message is a text"),
        (chat({"content": [{"type": "text", "text": 4}]}), "the text of a part of a message is a number"),
    ],
)
def test_a_chat_reply_without_an_answer_is_malformed(reply: dict[str, Any], said: str) -> None:
    assert said in str(problem_of_choices(reply, is_chat=True))


@pytest.mark.parametrize(
    "reply",
    [
        chat({"content": "4"}),
        chat({"content": ""}),
        chat({"content": [{"type": "text", "text": "4"}]}),
        chat({"content": None, "refusal": "no"}),
        chat({"content": None, "tool_calls": [{"id": "1"}]}, "tool_calls"),
        chat({"tool_calls": [{"id": "1"}]}, "tool_calls"),
        chat({"content": None, "function_call": {"name": "f"}}, "function_call"),
        chat({"content": None}, "length"),
        chat({"content": None}, "content_filter"),
        chat({"content": None, "reasoning_content": "hm"}),
        {"choices": []},
    ],
)
def test_a_reply_that_may_be_empty_is_not(reply: dict[str, Any]) -> None:
    assert problem_of_choices(reply, is_chat=True) is None
    assert silence_of_choices(reply) is None


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (chat({"content": None}), "'content' is null, finish reason 'stop'"),
        (chat({"content": None}, None), "'content' is null, finish reason not given"),
        (chat({}), "'content' is null"),
        (chat({"content": None, "tool_calls": [], "refusal": None, "reasoning_content": ""}), "'content' is null"),
        (chat({"content": []}), "'content' is an empty list"),
        ({"choices": [{"text": None, "finish_reason": "stop"}]}, "'text' is null, finish reason 'stop'"),
        ({"choices": [chat({"content": "4"})["choices"][0], chat({"content": None})["choices"][0]]}, "is null"),
    ],
)
def test_a_reply_in_the_right_form_that_holds_nothing_is_told_from_a_malformed_one(
    reply: dict[str, Any], said: str
) -> None:
    assert problem_of_choices(reply, is_chat="text" not in reply["choices"][0]) is None
    assert said in str(silence_of_choices(reply))


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "max_tokens", "SAFETY", "model_length"])
def test_a_completion_that_was_ended_before_it_began_is_known_in_the_words_of_any_server(reason: str) -> None:
    assert silence_of_choices(chat({"content": None}, reason)) is None


def test_nothing_before_a_stop_text_is_an_answer() -> None:
    assert silence_of_choices(chat({"content": None}, "stop", stop_reason="\n")) is None
    assert silence_of_choices(chat({"content": None}, "stop", stop_reason=None)) is not None


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"text": "4"}, None),
        ({"text": ""}, None),
        ({"text": None, "finish_reason": "length"}, None),
        ({"finish_reason": "length"}, None),
        ({"finish_reason": "stop"}, "is null"),
        ({"text": 4}, "is a number"),
        ({"message": {"content": "4"}}, "chat endpoint"),
    ],
)
def test_a_choice_of_the_completions_endpoint_needs_its_text(choice: dict[str, Any], said: str | None) -> None:
    problem = problem_of_choices({"choices": [choice]}, is_chat=False)
    assert problem is None if said is None else said in str(problem)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"output": [{"type": "message", "content": [{"type": "output_text", "text": "4"}]}]}, None),
        ({"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]}, None),
        ({"output": [{"type": "function_call", "name": "f"}], "status": "completed"}, None),
        ({"output": [], "status": "incomplete"}, None),
        ({"output": [{"type": "message", "content": [{"type": "output_text", "text": 4}]}]}, "is a number"),
        ({"output": [{"type": "message", "content": "4"}]}, "is a text"),
        ({"output": "4"}, "no list"),
        ({"choices": []}, "another endpoint"),
    ],
)
def test_a_reply_of_the_responses_endpoint_needs_its_output(reply: dict[str, Any], said: str | None) -> None:
    problem = problem_of_output(reply)
    assert problem is None if said is None else said in str(problem)


@pytest.mark.parametrize("status", ["completed", None])
def test_a_finished_reply_of_the_responses_endpoint_without_output_holds_nothing(status: str | None) -> None:
    reply = {"output": [], "status": status}
    assert problem_of_output(reply) is None
    assert "'output' is an empty list" in str(silence_of_output(reply))
    assert silence_of_output({"output": [], "status": "incomplete"}) is None
