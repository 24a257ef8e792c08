"""Replies with a good status that are no answer: tried again, and then an error of the sample."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion_fns.openai.malformed import problem_of_choices, problem_of_output


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
        (chat({"content": None}), "null, without a tool call or a refusal"),
        (chat({}), "null, without"),
        (chat({"content": None, "tool_calls": []}), "null, without"),
        (chat({"content": []}), "null, without"),
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


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"text": "4"}, None),
        ({"text": ""}, None),
        ({"text": None, "finish_reason": "length"}, None),
        ({"text": None, "finish_reason": "stop"}, "is null"),
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
        ({"output": [], "status": "completed"}, "empty"),
        ({"output": [{"type": "message", "content": [{"type": "output_text", "text": 4}]}]}, "is a number"),
        ({"output": [{"type": "message", "content": "4"}]}, "is a text"),
        ({"output": "4"}, "no list"),
        ({"choices": []}, "another endpoint"),
    ],
)
def test_a_reply_of_the_responses_endpoint_needs_its_output(reply: dict[str, Any], said: str | None) -> None:
    problem = problem_of_output(reply)
    assert problem is None if said is None else said in str(problem)
