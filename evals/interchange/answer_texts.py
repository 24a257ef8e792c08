"""The words of an answer in a battle: a text, a list of texts, or a conversation, also as JSON in a text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def answer_text(answer: object) -> str | None:
    """The words of an answer; None where it holds none that are known.

    A text; a list of texts (one a turn); a list of messages, of which the assistant's count, with contents that are
    texts or lists of parts. Lists may stand as JSON in a text, as in the tables of arenas.
    """
    if isinstance(answer, str):
        parsed = _list_in(answer)
        found = None if parsed is None else _list_text(parsed)
        return answer if found is None else found
    return _list_text(answer) if isinstance(answer, Sequence) else None


def _list_in(text: str) -> list[object] | None:
    """The list that a text is in JSON."""
    if not text.startswith(("[{", '["', "[null")) or not text.rstrip().endswith("]"):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, list) else None


def _list_text(parts: Sequence[object]) -> str | None:
    if all(isinstance(part, Mapping) for part in parts):
        said = [part.get("content") for part in parts if isinstance(part, Mapping) and part.get("role") == "assistant"]
        texts = [_content_text(content) for content in said]
    elif all(part is None or isinstance(part, str) for part in parts):
        texts = [part if isinstance(part, str) else "" for part in parts]
    else:
        return None
    return "\n\n".join(text for text in texts if text is not None) if texts else None


def _content_text(content: object) -> str | None:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return None
    return "".join(str(part["text"]) for part in content if isinstance(part, Mapping) and part.get("text"))
