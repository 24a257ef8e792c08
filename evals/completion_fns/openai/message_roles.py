"""Chats in the roles that a model takes: another name for `system`, or nothing but user and assistant in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NAMED_ROLES = {"example_user": "user", "example_assistant": "assistant"}
"Roles of few-shot examples, which openai/evals sends as system messages with these names."

_PLAIN = frozenset({"role", "content", "name"})


def with_system_role(messages: Sequence[Mapping[str, Any]], role: str | None) -> Sequence[Mapping[str, Any]]:
    """The messages with `role` in place of `system`; the same object where `role` is None."""
    if role is None:
        return messages
    return [{**message, "role": role} if message.get("role") == "system" else message for message in messages]


def without_developer(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The messages with the role `system` in place of `developer`, its name since OpenAI's o1."""
    return [{**message, "role": "system"} if message.get("role") == "developer" else message for message in messages]


def in_roles(
    messages: Sequence[Mapping[str, Any]], system_role: str | None, *, must_alternate: bool
) -> Sequence[Mapping[str, Any]]:
    """The messages with `system_role` in place of `system`. must_alternate: as `alternating`."""
    return with_system_role(alternating(messages, system_role) if must_alternate else messages, system_role)


def alternating(messages: Sequence[Mapping[str, Any]], system_role: str | None) -> list[Mapping[str, Any]]:
    """The messages with those of one role that follow each other joined, a blank line between them.

    Examples that are named get the role that their name means. Messages of tools, and those that call them, stay as
    they are. system_role: what `system` will be.
    """
    joined: list[Mapping[str, Any]] = []
    for message in messages:
        role = NAMED_ROLES.get(str(message.get("name")), message.get("role"))
        role = (system_role or role) if role == "system" else role
        before = joined[-1] if joined else {}
        if message.keys() <= _PLAIN and before.keys() == {"role", "content"} and before["role"] == role:
            joined[-1] = {"role": role, "content": _together(before["content"], message.get("content"))}
        elif message.keys() <= _PLAIN:
            joined.append({"role": role, "content": message.get("content")})
        else:
            joined.append(message)
    return joined


def _together(first: Any, second: Any) -> Any:
    """Two contents as one: texts with a blank line between them, or the parts of both."""
    if not first or not second:
        return first or second
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_parts(first), *_parts(second)]


def _parts(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
