"""Calls of functions, read from the replies of all providers, recorded, replayed and scripted."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.hosted import together
from evals.completion_fns.openai.results import OpenAIChatCompletionResult
from evals.completion_fns.scripted import ScriptedCompletionFn
from evals.completion_fns.tool_calls import chat_form, read_arguments, tool_calls_of
from evals.errors import DataError

CALL = {"id": "call_1", "name": "weather", "arguments": {"city": "Paris"}}
CHAT = {"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": [
    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}]}, "finish_reason": "tool_calls"}]}  # fmt: skip
RESPONSES = {
    "output": [
        {"type": "reasoning", "summary": []},
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": "weather",
            "arguments": '{"city": "Paris"}',
        },
    ]
}
ANTHROPIC = {
    "content": [
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Paris"}},
    ],
    "stop_reason": "tool_use",
}
GOOGLE = {
    "candidates": [
        {"content": {"parts": [{"function_call": {"id": "call_1", "name": "weather", "args": {"city": "Paris"}}}]}}
    ]
}


@pytest.mark.parametrize(
    "reply", [CHAT, RESPONSES, ANTHROPIC, GOOGLE], ids=["chat", "responses", "anthropic", "google"]
)
def test_a_call_is_the_same_from_every_provider(reply: dict[str, Any]) -> None:
    assert tool_calls_of(Completions([""], raw_data=reply)) == [[CALL]]


def test_a_reply_without_a_call_has_none() -> None:
    for raw in (
        None,
        "text",
        {"choices": [{"message": {"content": "Paris"}}]},
        {"output": []},
        {"content": [{"type": "text", "text": ""}]},
    ):
        assert tool_calls_of(Completions(["Paris"], raw_data=raw)) == []


def test_each_of_several_completions_has_its_own_calls() -> None:
    plain = {"message": {"content": "Paris"}}
    assert tool_calls_of(Completions(["", "Paris"], raw_data={"choices": [CHAT["choices"][0], plain]})) == [[CALL], []]
    assert tool_calls_of(Completions(["", ""], raw_data=[ANTHROPIC, ANTHROPIC])) == [[CALL], [CALL]]


def test_the_older_form_of_a_call_is_read() -> None:
    raw = {"choices": [{"message": {"content": None, "function_call": {"name": "f", "arguments": ""}}}]}
    assert tool_calls_of(OpenAIChatCompletionResult(raw)) == [[{"id": None, "name": "f", "arguments": {}}]]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ('{"a": ', '{"a": '),
        ("[1]", "[1]"),
        ("null", {}),
        ('"{}"', '"{}"'),
    ],
)
def test_arguments_that_are_no_object_stay_as_they_came(given: Any, read: Any) -> None:
    assert read_arguments(given) == read


def test_the_chat_form_of_a_call_is_that_of_the_chat_endpoint() -> None:
    assert chat_form(CALL) == CHAT["choices"][0]["message"]["tool_calls"][0]  # type: ignore[arg-type, index]


def test_a_script_may_call_functions(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text(
        json.dumps({"prompt": "?", "tool_calls": [{"name": "weather", "arguments": {"city": "Paris"}}]}) + "\n"
    )
    result = asyncio.run(ScriptedCompletionFn(path=path).complete("?"))
    assert (result.texts, result.tool_calls) == ([""], [[CALL]])
    path.write_text(json.dumps({"prompt": "?", "tool_calls": [{"arguments": {}}]}) + "\n")
    with pytest.raises(DataError, match="tool call 1 has no name"):
        ScriptedCompletionFn(path=path)


def test_calls_that_a_backend_reads_itself_are_kept_for_each_of_several_completions() -> None:
    called = Completions([""], tool_calls=[[CALL]])  # type: ignore[list-item]
    assert together([called, Completions(["Paris"]), called]).tool_calls == [[CALL], [], [CALL]]
    assert together([Completions(["a"]), Completions(["b"])]).tool_calls == []
