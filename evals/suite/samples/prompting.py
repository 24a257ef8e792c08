"""Prompts from templates, and a completion function bound to a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion import ChatPrompt, CompletionFn, Prompt
from evals.datasets.templates import double_braces, fill, fill_prompt, placeholders, text_of
from evals.errors import BadSample


def scrub_formatting_from_prompt(prompt: Any) -> Any:
    """A copy of the prompt with every brace doubled, so that formatting gives the prompt back."""
    return double_braces(prompt)


def format_necessary(template: str, allow_missing: bool = False, **kwargs: Any) -> str:
    """The template with its placeholders filled from `kwargs`. Values for other names are ignored.

    allow_missing: placeholders without a value stay unchanged, but at least one must have a value.

    Raises:
        BadSample: a placeholder has no value; with `allow_missing`, none has.
    """
    if not allow_missing:
        return fill(template, kwargs)
    names = placeholders(template)
    if not any(name in kwargs for name in names):
        raise BadSample(f"none of {sorted(kwargs)} is a placeholder of the template", notes=[f"it names: {names}"])
    return fill(template, {**{name: f"{{{name}}}" for name in names}, **kwargs})


def format_prompt(prompt: str | ChatPrompt, allow_missing: bool = False, **kwargs: Any) -> Any:
    """`format_necessary` for a text, or for each message of a chat. A value that is a chat becomes a text."""
    fields = {name: text_of(value) for name, value in kwargs.items()}
    if not allow_missing:
        return fill_prompt(prompt, fields)
    if isinstance(prompt, str):
        return format_necessary(prompt, allow_missing=True, **fields)
    return [
        {**message, "content": format_necessary(message["content"], allow_missing=True, **fields)}
        if isinstance(message.get("content"), str)
        else message
        for message in prompt
    ]


class PromptFn:
    """A completion function bound to a prompt template. Call it with the values of the placeholders.

    n_samples: how many completions are requested (None for one); only the first is returned. completion_kwargs:
    further options of the request. This is synchronous and for plug-ins; our own evals await `Eval.complete`.
    """

    def __init__(
        self,
        prompt: str | ChatPrompt,
        completion_fn: CompletionFn,
        max_tokens: int,
        temperature: float = 0,
        n_samples: int | None = None,
        completion_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.prompt = prompt
        self.completion_fn = completion_fn
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.n_samples = n_samples
        self.completion_kwargs = dict(completion_kwargs or {})

    def __call__(self, **kwargs: Any) -> tuple[str, Prompt]:
        """The first completion, and the prompt that was sent.

        Raises:
            BadSample: a placeholder has no value.
        """
        prompt = format_prompt(self.prompt, **kwargs)
        result = self.completion_fn(
            prompt=prompt,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=1,
            frequency_penalty=0,
            presence_penalty=0,
            n=1 if self.n_samples is None else self.n_samples,
            **self.completion_kwargs,
        )
        return result.get_completions()[0], prompt
