"""Chats with variables, as hosted Evals write them: read, and filled into the messages of the chat endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.errors import UsageError, listed
from evals.suite.graders.templates import Template, Variable, read_template

ROLES = ("user", "assistant", "system", "developer")
TEXT_PARTS = ("input_text", "output_text", "text")


@dataclass(frozen=True)
class ImagePart:
    """An image of a message. detail: `low`, `high`, `auto` or None."""

    url: Template
    detail: str | None


@dataclass(frozen=True)
class MessageTemplate:
    """A message with variables. content: a template, or parts. A role `developer` is sent as `system`."""

    role: str
    content: Template | tuple[Template | ImagePart, ...]

    @property
    def variables(self) -> list[Variable]:
        parts = [self.content] if isinstance(self.content, Template) else self.content
        return [v for part in parts for v in (part.url if isinstance(part, ImagePart) else part).variables]

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The message for the chat endpoint. Raises BadSample and Absent as `Template.filled`."""
        if isinstance(self.content, Template):
            return {"role": self.role, "content": self.content.filled(values)}
        return {"role": self.role, "content": [_filled_part(part, values) for part in self.content]}


def _filled_part(part: Template | ImagePart, values: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(part, Template):
        return {"type": "text", "text": part.filled(values)}
    detail = {} if part.detail is None else {"detail": part.detail}
    return {"type": "image_url", "image_url": {"url": part.url.filled(values), **detail}}


def read_messages(given: Any, where: str) -> list[MessageTemplate]:
    """The messages of a definition. where: its place, for messages.

    Raises:
        UsageError: there are none, or one of them cannot be sent.
    """
    if not isinstance(given, list) or not given:
        raise UsageError(
            "there are no messages", where=where, fix='write a list: [{"role": "user", "content": "{{ item.input }}"}]'
        )
    return [_message(message, f"{where}[{number}]") for number, message in enumerate(given)]


def _message(given: Any, where: str) -> MessageTemplate:
    if not isinstance(given, Mapping) or given.get("type", "message") != "message":
        raise UsageError("this is no message", where=where, fix='write {"role": "user", "content": "..."}')
    role = given.get("role")
    if role not in ROLES:
        raise UsageError(f"the role is {role!r}", where=where, fix=f"choose one of {', '.join(ROLES)}")
    content = given.get("content")
    role = "system" if role == "developer" else str(role)
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, list):
        return MessageTemplate(role, read_template(content, f"{where}.content"))
    return MessageTemplate(role, tuple(_part(part, f"{where}.content[{n}]") for n, part in enumerate(content)))


def _part(given: Any, where: str) -> Template | ImagePart:
    if isinstance(given, str):
        return read_template(given, where)
    kind = given.get("type") if isinstance(given, Mapping) else None
    if kind in TEXT_PARTS:
        return read_template(given.get("text"), where)
    if kind in ("input_image", "image_url"):
        image = given.get("image_url")
        nested = image if isinstance(image, Mapping) else {}
        detail = given.get("detail", nested.get("detail"))
        return ImagePart(read_template(nested.get("url", image), where), detail)
    raise UsageError(
        f"parts of type {kind!r} are not supported",
        where=where,
        fix=f"use text and images: {listed(['input_text', 'output_text', 'input_image'])}",
    )
