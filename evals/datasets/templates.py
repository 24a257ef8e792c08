"""Prompt templates: finds `{name}` placeholders and fills them, for texts and for chats."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from evals.chat import chat_prompt_to_text_prompt, is_chat_prompt
from evals.completion import ChatPrompt
from evals.errors import BadSample, RegistryError, did_you_mean


def placeholders(prompt: str | ChatPrompt) -> list[str]:
    """The names of the placeholders in a template, each once, in order of appearance.

    Raises:
        RegistryError: a single brace, or a placeholder without a name.
    """
    names: list[str] = []
    for template in _templates(prompt):
        try:
            found = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        except ValueError as error:
            raise RegistryError(
                f"the template cannot be read: {error}", fix="double the braces that are text"
            ) from None
        if any(not name or name.isdigit() for name in found):
            raise RegistryError(
                "the template has a placeholder without a name", fix="name it, as in {input}, or double the braces"
            )
        names += found
    return list(dict.fromkeys(names))


def _templates(prompt: str | ChatPrompt) -> list[str]:
    if isinstance(prompt, str):
        return [prompt]
    return [message["content"] for message in prompt if isinstance(message.get("content"), str)]


def fill(template: str, fields: Mapping[str, Any]) -> str:
    """The template with its placeholders replaced by `fields`. Braces in the values stay as they are.

    A value that is a chat becomes a text (`text_of`).

    Raises:
        BadSample: a placeholder has no value.
        RegistryError: the template cannot be read (see `placeholders`).
    """
    names = placeholders(template)
    for name in names:
        if name not in fields:
            raise BadSample(
                f"no value for the placeholder {{{name}}}",
                dict(fields),
                notes=[did_you_mean(name, fields)],
                fix=f"give the rows a column {name!r}, or correct the placeholder",
            )
    return template.format(**{name: text_of(fields[name]) for name in names})


def fill_prompt(prompt: str | ChatPrompt, fields: Mapping[str, Any]) -> Any:
    """`fill` for a text, or for each text content of a chat. The prompt is not changed."""
    if isinstance(prompt, str):
        return fill(prompt, fields)
    return [
        {**message, "content": fill(message["content"], fields)} if isinstance(message.get("content"), str) else message
        for message in prompt
    ]


def text_of(value: Any) -> Any:
    """A chat as one text, without `Assistant:` at its end; any other value unchanged."""
    if not is_chat_prompt(value):
        return value
    return chat_prompt_to_text_prompt([{**message, "content": _content_text(message)} for message in value], False)


def _content_text(message: Mapping[str, Any]) -> Any:
    """The text of a message. A part that is not text, such as an image, becomes its type in brackets."""
    content = message.get("content", "")
    if not isinstance(content, list):
        return content
    return "\n".join(part["text"] if "text" in part else f"[{part.get('type', 'part')}]" for part in content)


def double_braces(prompt: Any) -> Any:
    """A copy of a text or chat with every brace doubled; any other value unchanged."""
    if isinstance(prompt, str):
        return prompt.replace("{", "{{").replace("}", "}}")
    if not is_chat_prompt(prompt):
        return prompt
    return [
        {**message, "content": double_braces(message["content"])}
        if isinstance(message.get("content"), str)
        else message
        for message in prompt
    ]
