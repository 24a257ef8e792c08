"""Tools, their results and JSON schemas of the OpenAI API in the words of the Gemini API: pure functions."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from evals.completion_fns.tool_calls import read_arguments

_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}


def google_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call with tools, tool choice and `response_format` in Google's words; others unchanged.

    What is in Google's words already stays. Google has no switch for `parallel_tool_calls`: it is left out.
    """
    rest = dict(options)
    rest.pop("parallel_tool_calls", None)
    if isinstance(rest.get("tools"), list):
        rest["tools"] = _tools(rest["tools"])
    config = _tool_config(rest.pop("tool_choice", None))
    if config is not None:
        rest["tool_config"] = config
    form = rest.get("response_format")
    if isinstance(form, Mapping):
        del rest["response_format"]
        inner = form.get("json_schema")
        if isinstance(inner, Mapping):
            rest["response_json_schema"] = inner.get("schema")
        if form.get("type") in ("json_schema", "json_object"):
            rest["response_mime_type"] = "application/json"
    return rest


def _tools(tools: list[Any]) -> list[Any]:
    """All functions in one tool, after the tools that are in Google's words."""
    functions = [tool["function"] for tool in tools if isinstance(tool, Mapping) and "function" in tool]
    others = [tool for tool in tools if not (isinstance(tool, Mapping) and "function" in tool)]
    declared = [
        {
            "name": function.get("name"),
            **({"description": function["description"]} if function.get("description") else {}),
            **({"parameters_json_schema": function["parameters"]} if function.get("parameters") else {}),
        }
        for function in functions
    ]
    return [*others, {"function_declarations": declared}] if declared else others


def _tool_config(choice: Any) -> dict[str, Any] | None:
    if isinstance(choice, str):
        return {"function_calling_config": {"mode": _MODES.get(choice, choice)}}
    function = choice.get("function") if isinstance(choice, Mapping) else None
    if not isinstance(function, Mapping):
        return None
    return {"function_calling_config": {"mode": "ANY", "allowed_function_names": [function.get("name")]}}


def tool_parts(message: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parts for the calls in an assistant's message, or for the result in a message of role `tool`.

    names: of the functions that were called before, by the ids of their calls. A thought signature is taken from
    `extra_content.google.thought_signature` of a call, where Google's own OpenAI endpoint has it.
    """
    if message["role"] == "tool":
        key = str(message.get("tool_call_id"))
        name = message.get("name") or names.get(key) or key
        return [{"function_response": {"name": name, "response": _response(message.get("content"))}}]
    return [_call_part(call) for call in message.get("tool_calls") or ()]


def assistant_message(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """A candidate as an assistant's message of a chat, which `tool_parts` turns back into it, signatures included."""
    content = candidate.get("content")
    parts = (content.get("parts") or []) if isinstance(content, Mapping) else []
    texts = [part.get("text") or "" for part in parts if not part.get("thought")]
    calls = [_chat_call(part, number) for number, part in enumerate(parts) if part.get("function_call")]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) or None}
    return {**message, "tool_calls": calls} if calls else message


def _chat_call(part: Mapping[str, Any], number: int) -> dict[str, Any]:
    called, signature = part["function_call"], part.get("thought_signature")
    function = {"name": called.get("name"), "arguments": json.dumps(called.get("args") or {}, ensure_ascii=False)}
    call = {"id": called.get("id") or f"call_{number}", "type": "function", "function": function}
    if not signature:
        return call
    text = base64.b64encode(signature).decode() if isinstance(signature, bytes) else str(signature)
    return {**call, "extra_content": {"google": {"thought_signature": text}}}


def _call_part(call: Mapping[str, Any]) -> dict[str, Any]:
    arguments = read_arguments(call["function"].get("arguments"))
    part: dict[str, Any] = {"function_call": {"name": call["function"]["name"], "args": arguments}}
    extra = call.get("extra_content")
    signature = (extra.get("google") or {}).get("thought_signature") if isinstance(extra, Mapping) else None
    return {**part, "thought_signature": _decoded(signature)} if signature else part


def _decoded(text: str) -> bytes:
    """Base64 in either alphabet: the SDK writes signatures in that of URLs, the API in the plain one."""
    return base64.urlsafe_b64decode(text.translate(str.maketrans("+/", "-_")) + "=" * (-len(text) % 4))


def _response(content: Any) -> dict[str, Any]:
    """A result as an object, as the API wants it: JSON of an object as it is, anything else under `result`."""
    if not isinstance(content, str):
        return {"result": content}
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"result": content}
