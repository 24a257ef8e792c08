"""Tools, their results and JSON schemas of the OpenAI API in the words of Anthropic's messages API: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion_fns.tool_calls import read_arguments

_CHOICES = {"auto": "auto", "required": "any", "none": "none"}


def anthropic_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call with tools, tool choice and `response_format` in Anthropic's words; others unchanged.

    What is in Anthropic's words already stays, and so does a `response_format` without a schema, which the API refuses.
    """
    rest = dict(options)
    if isinstance(rest.get("tools"), list):
        rest["tools"] = [_tool(tool) for tool in rest["tools"]]
    choice = _tool_choice(rest.pop("tool_choice", None))
    if rest.pop("parallel_tool_calls", None) is False and rest.get("tools"):
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice is not None:
        rest["tool_choice"] = choice
    schema = _schema_of(rest.get("response_format"))
    if schema is not None:
        del rest["response_format"]
        rest["output_config"] = {
            **(rest.get("output_config") or {}),
            "format": {"type": "json_schema", "schema": schema},
        }
    elif rest.get("response_format") == {"type": "text"}:
        del rest["response_format"]
    return rest


def _tool(tool: Any) -> Any:
    function = tool.get("function") if isinstance(tool, Mapping) else None
    if not isinstance(function, Mapping):
        return tool
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    kept = {key: function[key] for key in ("name", "description", "strict") if function.get(key) is not None}
    return {**kept, "input_schema": schema}


def _tool_choice(choice: Any) -> Any:
    if isinstance(choice, str):
        return {"type": _CHOICES.get(choice, choice)}
    function = choice.get("function") if isinstance(choice, Mapping) else None
    return {"type": "tool", "name": function.get("name")} if isinstance(function, Mapping) else choice


def _schema_of(response_format: Any) -> Any:
    inner = response_format.get("json_schema") if isinstance(response_format, Mapping) else None
    return inner.get("schema") if isinstance(inner, Mapping) else None


def tool_blocks(message: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The blocks for the calls in an assistant's message, or for the result in a message of role `tool`."""
    if message["role"] == "tool":
        content = message.get("content")
        return [{"type": "tool_result", "tool_use_id": message.get("tool_call_id"), "content": content or ""}]
    return [
        {
            "type": "tool_use",
            "id": call.get("id"),
            "name": call["function"]["name"],
            "input": read_arguments(call["function"].get("arguments")),
        }
        for call in message.get("tool_calls") or ()
    ]
