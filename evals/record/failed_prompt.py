"""What a record keeps of the prompt of a call that failed: all of it up to a limit, pictures by their digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.chat import with_pictures_by_digest
from evals.json_text import dumps

MOST_CHARS = 8_000
"""Characters of a prompt that are kept. Each failed sample has its own, and long prompts are the ones that fail: the
context of a model may be a million tokens."""

LEFT_OUT = "\n[... {n:,} characters are left out ...]\n"


def prompt_kept(prompt: Any) -> dict[str, Any]:
    """The keys of an `error` event for the prompt of the call that failed: `prompt`; `prompt_chars` where it is cut.

    `prompt` has the form in which it was sent. Of one that is too long the end is kept, where the question stands, and
    a quarter of the limit from the start. prompt_chars: the length of the whole prompt.
    """
    if prompt is None:
        return {}
    sent = with_pictures_by_digest(prompt)
    text = sent if isinstance(sent, str) else dumps(sent)
    if len(text) <= MOST_CHARS:
        return {"prompt": sent}
    is_chat = isinstance(sent, list) and all(isinstance(message, Mapping) for message in sent)
    return {"prompt": _last_messages(sent) if is_chat else _shortened(text, MOST_CHARS), "prompt_chars": len(text)}


def _last_messages(messages: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The last messages that fit, each as a text; the oldest of these is shortened, and the others are counted."""
    kept: list[dict[str, Any]] = []
    left = MOST_CHARS
    for place in range(len(messages) - 1, -1, -1):
        content = messages[place].get("content")
        text = content if isinstance(content, str) else dumps(content)
        role = str(messages[place].get("role"))
        kept.insert(0, {"role": role, "content": _shortened(text, left)})
        left -= len(text) + len(role)
        if left <= 0:
            if place:
                kept.insert(0, {"role": "system", "content": LEFT_OUT.format(n=_n_chars(messages[:place])).strip()})
            break
    return kept


def _n_chars(messages: list[Mapping[str, Any]]) -> int:
    return sum(len(dumps(message)) for message in messages)


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    n_start, n_end = most // 4, most - most // 4
    return text[:n_start] + LEFT_OUT.format(n=len(text) - n_start - n_end) + text[len(text) - n_end :]
