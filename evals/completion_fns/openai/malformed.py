"""What is wrong with a reply that has a good status and no answer where the endpoint puts one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion_fns.openai.finish_reasons import finish_reason_in

_MAY_BE_EMPTY = ("length", "content_filter")
"Finish reasons, in OpenAI's words, of completions that may have no text: they were ended before it began."
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
    for item in output:
        if item.get("type") == "message" and (problem := _problem_of_parts(item.get("content"))) is not None:
            return problem
    return None


def silence_of_choices(raw: Mapping[str, Any]) -> str | None:
    """What a reply in the right form says of a choice in which nothing stands, in words; None where each has an answer.

    An empty text is an answer. Null is none, unless a tool call, a refusal or reasoning stands beside it, or the choice
    was ended before it began: by its limit, a filter or a stop text (`stop_reason` of vLLM).
    """
    for choice in raw["choices"]:
        message = choice.get("message")
        holder, key = (choice, "text") if message is None else (message, "content")
        if holder.get(key) in (None, []) and not _may_be_empty(choice, holder):
            reason = choice.get("finish_reason")
            found = f"'{key}' is {'null' if holder.get(key) is None else 'an empty list'}"
            return f"{found}, finish reason {'not given' if reason is None else repr(reason)}"
    return None


def silence_of_output(raw: Mapping[str, Any]) -> str | None:
    """What a finished reply of the responses endpoint says where nothing stands in it; None where something does."""
    if raw["output"] or raw.get("status") not in (None, "completed"):
        return None
    return f"'output' is an empty list, status {raw.get('status') or 'not given'}"


def _may_be_empty(choice: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    if any(message.get(key) for key in (*_INSTEAD_OF_TEXT, *_REASONING)):
        return True
    return finish_reason_in(choice) in _MAY_BE_EMPTY or choice.get("stop_reason") is not None


def _problem_of_text(choice: Mapping[str, Any]) -> str | None:
    text = choice.get("text")
    if isinstance(text, str) or (text is None and ("text" in choice or finish_reason_in(choice) in _MAY_BE_EMPTY)):
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
    return None if content is None or content == [] else f"the content of a message is {_kind(content)}"


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
