"""Chats for APIs that take one system text and turns of two roles: what Anthropic's and Google's have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion_fns.images import inline_images


@dataclass(frozen=True)
class TurnFormat:
    """How one API writes a turn: its name for the model, the key of the parts, and a message as parts."""

    model_role: str
    parts_key: str
    parts_of: Callable[[Any], list[dict[str, Any]]]

    def split(self, prompt: Any) -> tuple[str, list[dict[str, Any]]]:
        """(system text, turns) of a text or a chat.

        System messages at the start are the system text; later ones, which such APIs do not have, become the user's.
        A chat of nothing but system messages is sent as the user's.
        """
        if isinstance(prompt, str):
            return "", [{"role": "user", self.parts_key: self.parts_of(prompt)}]
        chat = list(inline_images(prompt))
        n_system = next((i for i, message in enumerate(chat) if message["role"] != "system"), len(chat))
        if n_system == len(chat):
            n_system = 0
        system = "\n\n".join(_plain(message["content"]) for message in chat[:n_system])
        return system, self.merged(chat[n_system:])

    def merged(self, chat: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The messages as turns of user and model, neighbours of one role in one; empty messages are left out."""
        turns: list[dict[str, Any]] = []
        for message in chat:
            role = self.model_role if message["role"] == "assistant" else "user"
            parts = self.parts_of(message["content"])
            if turns and turns[-1]["role"] == role:
                turns[-1][self.parts_key].extend(parts)
            elif parts:
                turns.append({"role": role, self.parts_key: parts})
        return turns


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [])
