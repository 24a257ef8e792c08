"""Puts a streamed reply together: the JSON that the same server would have sent in one piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_TEXTS = ("content", "reasoning_content", "reasoning", "refusal", "text")
"Keys of a message, or a choice, whose pieces are joined."
_LISTS = ("content", "tokens", "token_logprobs", "top_logprobs", "text_offset")
"Keys of log probabilities whose pieces follow each other."
_ENDS = ("response.completed", "response.incomplete", "response.failed")
"Events of the responses endpoint that hold the whole reply."


def assembled(body: bytes) -> Json:
    """The reply of a stream of events. An error in the stream is a reply that holds it and nothing else.

    Raises:
        ValueError: the stream broke off, or an event is no JSON object.
    """
    reply: Json = {}
    for event in _events(body.decode("utf-8", "replace")):
        if event.get("type") in _ENDS and isinstance(event.get("response"), dict):
            return dict(event["response"])
        if event.get("error") or event.get("type") == "error":
            return {"error": event.get("error") or event}
        _add(reply, event)
    choices = reply.get("choices") or {}
    if not choices or not all(choice.get("finish_reason") for choice in choices.values()):
        raise ValueError("the stream ended before its end")
    return {**reply, "choices": [choices[index] for index in sorted(choices)]}


def _events(text: str) -> Iterator[Json]:
    """The JSON of each event: comments, names of events and the mark of the end are left out."""
    lines: list[str] = []
    for line in [*text.replace("\r\n", "\n").split("\n"), ""]:
        if line.startswith("data:"):
            lines.append(line[5:].removeprefix(" "))
        elif not line and lines:
            data = "\n".join(lines)
            lines = []
            if data.strip() != "[DONE]":
                event = json.loads(data)
                if not isinstance(event, dict):
                    raise ValueError("an event is no JSON object")
                yield event


def _add(reply: Json, chunk: Mapping[str, Any]) -> None:
    """Add a piece of a chat or a completion. Choices stand by their index until the end."""
    for key in ("id", "model", "usage", "service_tier"):
        if chunk.get(key) is not None:
            reply[key] = chunk[key]
    choices = reply.setdefault("choices", {})
    for piece in chunk.get("choices") or ():
        choice = choices.setdefault(piece.get("index", 0), {"index": piece.get("index", 0)})
        if isinstance(piece.get("delta"), dict):
            _add_message(choice.setdefault("message", {"role": "assistant", "content": None}), piece["delta"])
        _add_texts(choice, piece)
        _add_logprobs(choice, piece.get("logprobs"))
        for key in ("finish_reason", "error"):
            if piece.get(key) is not None:
                choice[key] = piece[key]


def _add_message(message: Json, delta: Mapping[str, Any]) -> None:
    _add_texts(message, delta)
    for position, piece in enumerate(delta.get("tool_calls") or ()):
        calls = message.setdefault("tool_calls", [])
        place = piece.get("index", position)
        while len(calls) <= place:
            calls.append({"id": None, "type": "function", "function": {"name": "", "arguments": ""}})
        call, function = calls[place], piece.get("function") or {}
        call["id"] = piece.get("id") or call["id"]
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""


def _add_texts(whole: Json, piece: Mapping[str, Any]) -> None:
    for key in _TEXTS:
        if isinstance(piece.get(key), str):
            whole[key] = (whole.get(key) or "") + piece[key]


def _add_logprobs(choice: Json, piece: Any) -> None:
    if not isinstance(piece, dict):
        return
    whole = choice.setdefault("logprobs", {})
    for key in _LISTS:
        if isinstance(piece.get(key), list):
            whole[key] = [*whole.get(key, []), *piece[key]]
