"""Calls of functions in replies of all providers, and tools and their results in the words of each: pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evals.completion import Completions, FunctionCall
from evals.completion_fns.raw_replies import as_dict, dicts


def tool_calls_of(result: Completions) -> list[list[FunctionCall]]:
    """The calls of each completion of one reply, read from `raw_data`; empty if none calls a function.

    The reply is that of `/chat/completions`, `/responses`, Anthropic's messages API or the Gemini API.
    """
    raw = result.raw_data
    if isinstance(raw, list):  # several requests: their replies, one after the other
        found = [calls for reply in raw for calls in _calls_of_reply(reply)]
    else:
        found = _calls_of_reply(raw)
    return found if any(found) else []


def _calls_of_reply(raw: Any) -> list[list[FunctionCall]]:
    raw = as_dict(raw)
    if "choices" in raw:
        messages = [choice.get("message") for choice in dicts(raw["choices"])]
        return [_chat_calls(message if isinstance(message, (dict, Mapping)) else {}) for message in messages]
    if "output" in raw:
        items = [item for item in dicts(raw["output"]) if item.get("type") == "function_call"]
        return [[_call(item.get("call_id"), item.get("name"), item.get("arguments")) for item in items]]
    if "candidates" in raw:
        return [_google_calls(candidate) for candidate in dicts(raw["candidates"])]
    if "content" in raw:
        blocks = [block for block in dicts(raw["content"]) if block.get("type") == "tool_use"]
        return [[_call(block.get("id"), block.get("name"), block.get("input")) for block in blocks]]
    return []


def _chat_calls(message: Mapping[str, Any]) -> list[FunctionCall]:
    """The calls of a chat message, also in the older form `function_call`."""
    if not message.get("tool_calls") and not message.get("function_call"):
        return []
    calls = [(call.get("id"), call.get("function")) for call in dicts(message.get("tool_calls"))]
    calls = calls or [(None, message.get("function_call"))]
    return [_call(id, f.get("name"), f.get("arguments")) for id, f in calls if isinstance(f, Mapping)]


def _google_calls(candidate: Mapping[str, Any]) -> list[FunctionCall]:
    content = candidate.get("content")
    parts = dicts(content.get("parts")) if isinstance(content, Mapping) else []
    calls = [(number, part.get("function_call") or part.get("functionCall")) for number, part in enumerate(parts)]
    # Gemini gives no ids, unless asked to; a result must name its call all the same.
    return [
        _call(call.get("id") or f"call_{number}", call.get("name"), call.get("args") or {})
        for number, call in calls
        if isinstance(call, Mapping)
    ]


def _call(id: Any, name: Any, arguments: Any) -> FunctionCall:
    return {"id": None if id is None else str(id), "name": str(name), "arguments": read_arguments(arguments)}


def read_arguments(given: Any) -> dict[str, Any] | str:
    """The arguments of a call as an object; the text as it is if it is no JSON object.

    An empty text is no argument, and so is `null`, which vLLM's parsers pass on from models.
    """
    if isinstance(given, Mapping):
        return dict(given)
    text = "" if given is None else str(given)
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if value is None:
        return {}
    return value if isinstance(value, dict) else text


def chat_form(call: FunctionCall) -> dict[str, Any]:
    """A call in the words of the chat endpoint, whose arguments are a text."""
    arguments = call["arguments"]
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": text}}
