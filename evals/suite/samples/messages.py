"""Checks of messages before they are sent: roles, contents and parts that every server refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evals.chat import is_chat_prompt
from evals.errors import BadSample, did_you_mean
from evals.json_text import dumps

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
"The roles of OpenAI's API; other backends map them to their own."

PARTS = (
    "text", "image_url", "input_audio", "file", "refusal", "input_text", "input_image", "input_file", "output_text",
    "image", "image_file", "audio", "video", "audio_url", "video_url", "document", "thinking", "redacted_thinking",
    "reasoning", "tool_use", "tool_result", "server_tool_use", "search_result",
)  # fmt: skip
"""Types of parts of a content in the APIs of OpenAI, Anthropic, vLLM and their kin. Another type may be one that a
backend of the user knows; one that is nearly one of these is a slip."""

DETAILS = ("auto", "low", "high", "original")

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")

CHAT_EXAMPLE = 'write a text, or messages: [{"role": "user", "content": "..."}]'


def problem_of_messages(messages: list[Any], key: str = "input") -> str | None:
    """What is wrong with a list that is sent as a prompt; None if nothing is.

    >>> problem_of_messages([{"role": "user"}])
    "message 1 of 'input' has no 'content'"

    key: where the row has the list. It holds messages; for the completions endpoint texts, token numbers, or lists of
    token numbers.
    """
    for number, message in enumerate(messages, 1):
        # Nearly every message is this one, and rows are checked twice: it must cost next to nothing.
        if type(message) is dict and message.get("role") in ROLES and type(message.get("content")) is str:
            continue
        if not isinstance(message, dict):
            odd = _odd_item(messages)
            return None if odd is None else f"{key!r} holds {odd}, which is no message"
        problem = _problem_of_message(message)
        if problem is not None:
            return f"message {number} of {key!r} {problem}"
    return None if messages else f"{key!r} is an empty list"


def check_prompt(sample: Mapping[str, Any], key: str, fix: str) -> None:
    """Raise BadSample unless the row has a text or a list of messages under `key`. fix: for a row without the key."""
    if key not in sample:
        raise BadSample(f"no {key!r}", sample, notes=[did_you_mean(key, sample)], fix=fix)
    prompt = sample[key]
    if not isinstance(prompt, str) and not is_chat_prompt(prompt):
        raise BadSample(f"{key!r} is neither a text nor a list of messages", sample)
    problem = problem_of_messages(prompt, key) if isinstance(prompt, list) else None
    if problem is not None:
        raise BadSample(problem, sample, fix=CHAT_EXAMPLE)


def _odd_item(items: list[Any]) -> str | None:
    """An item as JSON, unless the list holds several texts, the token numbers of one, or those of several."""
    if all(isinstance(item, str) for item in items) or _are_tokens(items):
        return None
    if all(isinstance(item, list) and item and _are_tokens(item) for item in items):
        return None
    return dumps(next(item for item in items if not isinstance(item, dict)))[:40]


def _are_tokens(items: list[Any]) -> bool:
    return all(isinstance(item, int) and not isinstance(item, bool) and item >= 0 for item in items)


def _problem_of_message(message: dict[str, Any]) -> str | None:
    calls_tool = bool(message.get("tool_calls") or message.get("function_call"))
    for key in ("role", "content"):
        if key not in message and not (key == "content" and calls_tool):
            near = did_you_mean(key, map(str, message))
            return f"has no {key!r}" + (f" ({near})" if near else "")
    role = message["role"]
    if role not in ROLES:
        near = did_you_mean(str(role), ROLES) or f"there are: {', '.join(ROLES)}"
        return f"has the role {dumps(role)[:40]}, which no server knows ({near})"
    content = message.get("content")
    if content is None:
        return None if calls_tool or message.get("refusal") else "has the content null"
    if isinstance(content, str):
        return None
    return _problem_of_parts(content) if isinstance(content, list) else f"has the content {dumps(content)[:40]}"


def _problem_of_image(part: dict[str, Any]) -> str | None:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    if not isinstance(url, str) or not url.strip():
        return "has an image without an address under 'image_url'"
    if url.startswith("data:") and not _is_data_of_image(url):
        return f"has the image {dumps(url[:30])}, which is no image in base64"
    detail = image.get("detail") if isinstance(image, dict) else None
    if detail is not None and detail not in DETAILS:
        return f"has the detail {dumps(detail)[:40]} of an image (there are: {', '.join(DETAILS)})"
    return None


def _is_data_of_image(url: str) -> bool:
    head, _, text = url.partition(",")
    return head.startswith("data:image/") and head.endswith(";base64") and _BASE64.fullmatch(text) is not None


def _problem_of_parts(parts: list[Any]) -> str | None:
    if not parts:
        return "has an empty list as content"
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            return f"has the content part {dumps(part)[:40]}, which has no 'type'"
        kind = part["type"]
        if kind == "text" and not isinstance(part.get("text"), str):
            return "has a text part without a text under 'text'"
        near = "" if kind in PARTS else did_you_mean(kind, PARTS)
        if near:
            return f"has a content part of type {dumps(kind)[:40]} ({near})"
        problem = _problem_of_image(part) if kind == "image_url" else None
        if problem is not None:
            return problem
    return None
