"""Chats for APIs with one system text and messages of two roles: what Anthropic's and Google's have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.images.inline import inline_images

SYSTEM_ROLES = ("system", "developer")
"OpenAI's models since o1 call the system message the developer's."


@dataclass(frozen=True)
class TwoRoleFormat:
    """How one API writes a message of a chat."""

    model_role: str
    "The role of what the model said: `assistant` or `model`. The other role is `user`."
    parts_key: str
    "The key under which a message holds its parts."
    parts_of: Callable[[Any], list[dict[str, Any]]]
    "The parts for the content of a message: a text, a list of parts as the OpenAI API has them, or None."
    tool_parts: Callable[[Mapping[str, Any], Mapping[str, str]], list[dict[str, Any]]] | None = None
    """The parts for calls of tools in a message, or for a result, which is a message of role `tool`.

    The second argument has the names of the functions that were called before, by the ids of their calls. None: calls
    are left out, and results are what the user says.
    """

    def system_and_messages(self, prompt: Any) -> tuple[str, list[dict[str, Any]]]:
        """The system text and the messages for a prompt, which is a text or a chat.

        System messages at the start, also those of role `developer`, become the system text. Later ones become the
        user's, since these APIs have no such message. So do all of them where the chat holds no other message.
        """
        if isinstance(prompt, str):
            return "", [{"role": "user", self.parts_key: self.parts_of(prompt)}]
        chat = list(inline_images(prompt))
        n_system = next((i for i, message in enumerate(chat) if message["role"] not in SYSTEM_ROLES), len(chat))
        if n_system == len(chat):
            n_system = 0
        system = "\n\n".join(_text_of(message.get("content")) for message in chat[:n_system])
        return system, self.merged(chat[n_system:])

    def merged(self, chat: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The chat with neighbouring messages of one role put together; empty messages are left out."""
        messages: list[dict[str, Any]] = []
        names: dict[str, str] = {}
        for message in chat:
            role = self.model_role if message["role"] == "assistant" else "user"
            is_result = message["role"] == "tool" and self.tool_parts is not None
            parts = [] if is_result else self.parts_of(message.get("content"))
            parts += [] if self.tool_parts is None else self.tool_parts(message, names)
            names |= {str(call.get("id")): call["function"]["name"] for call in message.get("tool_calls") or ()}
            if messages and messages[-1]["role"] == role:
                messages[-1][self.parts_key].extend(parts)
            elif parts:
                messages.append({"role": role, self.parts_key: parts})
        return messages


def _text_of(content: Any) -> str:
    """The texts of a message's content, one a line; images are left out."""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [])
