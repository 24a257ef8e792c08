"""Chat prompts and their text form, by the rules of openai/evals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

DEFAULT_PREFIXES: dict[str, str] = {
    "system": "",
    "example_user": "User: ",
    "example_assistant": "Assistant: ",
}


def is_chat_prompt(prompt: Any) -> bool:
    """Whether `prompt` is a list of message dicts; an empty list counts."""
    return isinstance(prompt, list) and all(isinstance(message, dict) for message in prompt)


def chat_prompt_to_text_prompt(
    prompt: list[dict[str, Any]],
    for_completion: bool = True,
    chat_to_prefixes: dict[str, str] | None = None,
) -> str:
    """One text from a chat: `User: ...` lines, and a final `Assistant:` with `for_completion`.

    A single message is returned as its bare content. A message's label is its `name`, else its `role`.
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
    """A chat of one message; openai/evals gives a bare text the role `system`."""
    return [{"role": role, "content": prompt}]


class WrappedPrompt(ABC):
    """A raw prompt that knows the form in which its model takes it."""

    @abstractmethod
    def to_formatted_prompt(self) -> Any:
        """The prompt as the model takes it."""


class CompletionPrompt(WrappedPrompt):
    """A prompt for a text-completions model: chats become text."""

    def __init__(self, raw_prompt: Any) -> None:
        self.raw_prompt = raw_prompt

    def to_formatted_prompt(self) -> Any:
        if is_chat_prompt(self.raw_prompt):
            return chat_prompt_to_text_prompt(self.raw_prompt)
        return self.raw_prompt


class ChatCompletionPrompt(WrappedPrompt):
    """A prompt for a chat model: texts become a chat."""

    def __init__(self, raw_prompt: Any) -> None:
        self.raw_prompt = raw_prompt

    def to_formatted_prompt(self) -> Any:
        if is_chat_prompt(self.raw_prompt):
            return self.raw_prompt
        return text_prompt_to_chat_prompt(self.raw_prompt)
