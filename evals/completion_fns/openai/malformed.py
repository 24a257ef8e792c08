"""What is wrong with a reply that has a good status and no answer where the endpoint puts one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAY_BE_EMPTY = ("length", "content_filter")
"Finish reasons of completions that may have no text: they were ended before it began."
_INSTEAD_OF_TEXT = ("tool_calls", "function_call", "refusal", "audio")
_REASONING = ("reasoning", "reasoning_content", "reasoning_details", "thinking")


def problem_of_choices(raw: Mapping[str, Any], *, is_chat: bool) -> str | None:
    """What is wrong with the choices of a reply, in words; None for a good one. An empty list is not looked at."""
    choices = raw.get("choices")
    if not isinstance(choices, list):
        return "it has an 'output' of the responses endpoint" if "output" in raw else "it has no list of choices"
    of_one = _problem_of_chat if is_chat else _problem_of_text
    for choice in choices:
        problem = of_one(choice) if isinstance(choice, dict) else f"a choice is {_kind(choice)}"
        if problem is not None:
            return problem
    return None


def problem_of_output(raw: Mapping[str, Any]) -> str | None:
    """What is wrong with the output of a reply of the responses endpoint; None for a good one."""
    output = raw.get("output")
    if not isinstance(output, list):
        return "it has choices of another endpoint" if "choices" in raw else "it has no list 'output'"
    if not all(isinstance(item, dict) for item in output):
        return "an item of its output is no object"
    if raw.get("status") in ("queued", "in_progress"):
        return f"it is not finished (status {raw['status']!r})"
    if not output and raw.get("status") in (None, "completed"):
        return "its output is empty"
    for item in output:
        if item.get("type") == "message" and (problem := _problem_of_parts(item.get("content"))) is not None:
            return problem
    return None


def _problem_of_text(choice: Mapping[str, Any]) -> str | None:
    text = choice.get("text")
    if isinstance(text, str) or (text is None and choice.get("finish_reason") in _MAY_BE_EMPTY):
        return None
    if "message" in choice or "delta" in choice:
        return "a choice has a message of the chat endpoint, and no text"
    return f"the text of a choice is {_kind(text)}"


def _problem_of_chat(choice: Mapping[str, Any]) -> str | None:
    message = choice.get("message")
    if not isinstance(message, dict):
        if "delta" in choice:
            return "a choice has a 'delta', which is a part of a stream, and no message"
        if "text" in choice:
            return "a choice has a text of the completions endpoint, and no message"
        return "a choice has no message"
    content = message.get("content")
    if isinstance(content, str):
        return None
    if isinstance(content, list) and content:
        return _problem_of_parts(content)
    if content is not None and content != []:
        return f"the content of a message is {_kind(content)}"
    has_more = any(message.get(key) for key in (*_INSTEAD_OF_TEXT, *_REASONING))
    if has_more or choice.get("finish_reason") in _MAY_BE_EMPTY:
        return None
    return "the content of a message is null, without a tool call or a refusal"


def _problem_of_parts(parts: Any) -> str | None:
    if not isinstance(parts, list):
        return f"the content of a message is {_kind(parts)}"
    for part in parts:
        if not isinstance(part, dict):
            return f"a part of a message is {_kind(part)}"
        text = part.get("text")
        if part.get("type") in ("text", "output_text") and not isinstance(text, str):
            return f"the text of a part of a message is {_kind(text)}"
    return None


def _kind(value: Any) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)
