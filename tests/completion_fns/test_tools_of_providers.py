"""Tools, results of tools and JSON schemas at Anthropic and Google: one exchange, in the words of each."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.anthropic.tools import anthropic_options
from evals.completion_fns.google.tools import google_options
from evals.testing.anthropic_server import AnthropicServer, message_reply
from evals.testing.google_server import GoogleServer
from evals.testing.http_server import HttpReply

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Of a city.", "parameters": SCHEMA}}
CALL = {"id": "call_1", "name": "weather", "arguments": {"city": "Paris"}}
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Paris and Rome?"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}},
        {"id": "b", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}]},
    {"role": "tool", "tool_call_id": "a", "content": '{"sky": "grey"}'},
    {"role": "tool", "tool_call_id": "b", "content": "blue"},
    {"role": "user", "content": "And in Oslo?"},
]  # fmt: skip


def ask(fn: Any, prompt: Any, **kwargs: Any) -> Completions:
    async def once() -> Completions:
        try:
            result: Completions = await fn.complete(prompt, **kwargs)
            return result
        finally:
            await fn.aclose()

    return asyncio.run(once())


def test_anthropic_gets_the_exchange_in_its_own_words() -> None:
    pytest.importorskip("anthropic", reason="needs the extra: pip install 'oaieval[anthropic]'")
    from anthropic.types import MessageParam, ToolParam
    from pydantic import TypeAdapter

    from evals.completion_fns.anthropic.backend import AnthropicCompletionFn

    content = [
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Paris"}},
    ]
    with AnthropicServer(message_reply("", stop_reason="tool_use", content=content)) as server:
        fn = AnthropicCompletionFn("claude-x", base_url=server.base_url, api_key="test-key")
        result = ask(fn, CHAT, tools=[TOOL], tool_choice="required", parallel_tool_calls=False)
        (body,) = server.bodies
    assert (result.texts, result.tool_calls, result.finish_reasons) == (["Let me look."], [[CALL]], ["tool_calls"])
    assert body["tools"] == [{"name": "weather", "description": "Of a city.", "input_schema": SCHEMA}]
    assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Weather in Paris and Rome?"}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Paris"}},
            {"type": "tool_use", "id": "b", "name": "weather", "input": {"city": "Rome"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": '{"sky": "grey"}'},
            {"type": "tool_result", "tool_use_id": "b", "content": "blue"},
            {"type": "text", "text": "And in Oslo?"}]},
    ]  # fmt: skip
    TypeAdapter(list[ToolParam]).validate_python(body["tools"])
    TypeAdapter(list[MessageParam]).validate_python(body["messages"])


def test_google_gets_the_exchange_in_its_own_words() -> None:
    pytest.importorskip("google.genai", reason="needs the extra: pip install 'oaieval[google]'")
    from evals.completion_fns.google.backend import GoogleCompletionFn

    part = {"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Paris"}}}
    reply = {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}]}
    with GoogleServer(HttpReply(json.dumps(reply).encode())) as server:
        fn = GoogleCompletionFn("gemini-x", base_url=server.base_url, api_key="test-key")
        result = ask(fn, CHAT, tools=[TOOL], tool_choice={"type": "function", "function": {"name": "weather"}})
        (body,) = server.bodies
    assert (result.texts, result.tool_calls) == ([""], [[CALL]])
    ((declared,),) = (tool["functionDeclarations"] for tool in body["tools"])
    # SDK 3.6.1 sends this one name as it is in Python; the API reads both.
    schema = declared.pop("parametersJsonSchema", None) or declared.pop("parameters_json_schema")
    assert (declared, schema) == ({"name": "weather", "description": "Of a city."}, SCHEMA)
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "Weather in Paris and Rome?"}]},
        {"role": "model", "parts": [
            {"functionCall": {"name": "weather", "args": {"city": "Paris"}}},
            {"functionCall": {"name": "weather", "args": {"city": "Rome"}}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "weather", "response": {"sky": "grey"}}},
            {"functionResponse": {"name": "weather", "response": {"result": "blue"}}},
            {"text": "And in Oslo?"}]},
    ]  # fmt: skip


FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}


def test_a_json_schema_for_the_answer_is_sent_to_each_as_it_wants_it() -> None:
    assert anthropic_options({"response_format": FORMAT, "output_config": {"effort": "low"}, "temperature": 0}) == {
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}, "temperature": 0,
    }  # fmt: skip
    assert google_options({"response_format": FORMAT}) == {
        "response_json_schema": SCHEMA,
        "response_mime_type": "application/json",
    }
    assert (
        anthropic_options({"response_format": {"type": "text"}})
        == google_options({"response_format": {"type": "text"}})
        == {}
    )


def test_what_is_in_the_words_of_the_provider_stays() -> None:
    own = {"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "tool", "name": "f"}}
    assert anthropic_options(own) == own
    search = {"google_search": {}}
    assert google_options({"tools": [search, TOOL]})["tools"][0] == search
    assert google_options({"tool_config": {"a": 1}}) == {"tool_config": {"a": 1}}


@pytest.mark.parametrize(
    ("choice", "anthropic", "google"), [("auto", "auto", "AUTO"), ("required", "any", "ANY"), ("none", "none", "NONE")]
)
def test_the_choice_of_a_tool_is_that_of_the_chat_endpoint(choice: str, anthropic: str, google: str) -> None:
    assert anthropic_options({"tool_choice": choice})["tool_choice"] == {"type": anthropic}
    assert google_options({"tool_choice": choice})["tool_config"] == {"function_calling_config": {"mode": google}}
