"""Converts prompts between chat and text, by the rules of openai/evals."""

from __future__ import annotations

import base64
import hashlib
from abc import ABC, abstractmethod
from typing import Any

_LONGEST_URL = 1000
"Letters of a data URL that stays whole in a record."

DEFAULT_PREFIXES: dict[str, str] = {
    "system": "",
    "example_user": "User: ",
    "example_assistant": "Assistant: ",
}


def is_chat_prompt(prompt: Any) -> bool:
    """Whether `prompt` is a list of dicts, that is, of messages. An empty list counts."""
    return isinstance(prompt, list) and all(isinstance(message, dict) for message in prompt)


def chat_prompt_to_text_prompt(
    prompt: list[dict[str, Any]],
    for_completion: bool = True,
    chat_to_prefixes: dict[str, str] | None = None,
) -> str:
    """A chat as one text: a line such as `User: ...` for each message.

    for_completion: end with `Assistant:`, which the model continues. chat_to_prefixes: the text before a message, by
    its `name`, else its `role`; by default DEFAULT_PREFIXES, and `Role: ` for others. A chat of one message gives its
    content alone.

    Raises:
        KeyError: a message has no `content`, or neither `name` nor `role`.
    """
    if len(prompt) == 1:
        content: str = prompt[0]["content"]
        return content
    prefixes = DEFAULT_PREFIXES if chat_to_prefixes is None else chat_to_prefixes
    text = ""
    for message in prompt:
        label = message["name"] if "name" in message else message["role"]
        prefix = prefixes.get(label, f"{str(label).capitalize()}: ")
        text += f"{prefix}{message['content']}\n"
    if for_completion:
        text += prefixes.get("assistant", "Assistant: ").rstrip()
    return text.lstrip()


def text_prompt_to_chat_prompt(prompt: str, role: str = "system") -> list[dict[str, str]]:
    """A chat of one message. The default role `system` is that of openai/evals."""
    return [{"role": role, "content": prompt}]


class WrappedPrompt(ABC):
    """A prompt together with the form that its model takes."""

    @abstractmethod
    def to_formatted_prompt(self) -> Any:
        """The prompt in the form that the model takes."""


class CompletionPrompt(WrappedPrompt):
    """A prompt for a model that takes texts. A chat becomes a text."""

    def __init__(self, raw_prompt: Any) -> None:
        self.raw_prompt = raw_prompt

    def to_formatted_prompt(self) -> Any:
        """The prompt as a text, if it was a chat; else unchanged."""
        if is_chat_prompt(self.raw_prompt):
            return chat_prompt_to_text_prompt(self.raw_prompt)
        return self.raw_prompt


class ChatCompletionPrompt(WrappedPrompt):
    """A prompt for a chat model. A text becomes a chat."""

    def __init__(self, raw_prompt: Any) -> None:
        self.raw_prompt = raw_prompt

    def to_formatted_prompt(self) -> Any:
        """The prompt as a list of messages; a text becomes one `system` message."""
        if is_chat_prompt(self.raw_prompt):
            return self.raw_prompt
        return text_prompt_to_chat_prompt(self.raw_prompt)


def with_pictures_by_digest(prompt: Any) -> Any:
    """`prompt` for a record: each long data URL in parts of messages becomes its type, size and SHA-256.

    A picture of some megabytes would otherwise stand in the record once for each call. Without one, the same object.
    """
    if not isinstance(prompt, list) or not any(map(_has_parts, prompt)):
        return prompt
    return [_with_digests(message) for message in prompt]


def _has_parts(message: Any) -> bool:
    return isinstance(message, dict) and isinstance(message.get("content"), list)


def _with_digests(value: Any) -> Any:
    if isinstance(value, str):
        return _digest_of_url(value) if value.startswith("data:") and len(value) > _LONGEST_URL else value
    if isinstance(value, dict):
        return {key: _with_digests(part) for key, part in value.items()}
    return [_with_digests(part) for part in value] if isinstance(value, list) else value


def _digest_of_url(url: str) -> str:
    head, _, text = url.partition(",")
    try:
        content = base64.b64decode(text, validate=True) if head.endswith(";base64") else text.encode()
    except ValueError:
        content = text.encode("utf-8", "surrogatepass")
    return f"{head},<{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}>"
