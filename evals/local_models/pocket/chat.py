"""Chats as the pocket models know them: `Question: ...`, and a line `Answer: ...`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEAD = " "
"What an answer begins with."
STOP = ("\n",)
"What ends an answer."

_NAMED_ROLES = {"example_user": "user", "example_assistant": "assistant"}
"openai/evals writes examples as system messages with these names."


def render_chat(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text that a pocket model continues with its answer.

    A system message is a line of its own. A user's message that ends in a colon stands as it is, any other one between
    `Question:` and `Answer:`. Raises ValueError for a message that is no text.
    """
    text = ""
    for message in messages:
        role = _NAMED_ROLES.get(str(message.get("name")), message.get("role"))
        content = _content(message).rstrip()
        if role == "user":
            if text and not text.endswith("\n"):
                text += "\n"
            text += content if content.endswith(":") else f"Question: {content}\nAnswer:"
        elif role == "assistant":
            text += f"{LEAD}{content.lstrip()}\n"
        else:
            text += f"{content}\n"
    return text


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list) and all(isinstance(part, Mapping) and part.get("type") == "text" for part in content):
        content = "\n".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str):
        raise ValueError(f"pocket models read texts; a message of role {message.get('role')!r} holds something else")
    return content
