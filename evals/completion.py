"""The words between an eval and a model: prompt, completion function, completions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

ChatMessage: TypeAlias = dict[str, Any]
ChatPrompt: TypeAlias = list[ChatMessage]
Prompt: TypeAlias = str | ChatPrompt | list[int] | list[str]


class CompletionResult(ABC):
    """What a completion function returns: one or more completions of one prompt."""

    @abstractmethod
    def get_completions(self) -> list[str]:
        """The texts, in the order in which the model gave them."""


@runtime_checkable
class CompletionFn(Protocol):
    """The openai/evals protocol: prompt in, completions out. Anything callable passes `isinstance`."""

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult: ...


@runtime_checkable
class AsyncCompletionFn(Protocol):
    """A backend whose single attempt is a coroutine; the engine adds limits, retries, cache and recording."""

    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult: ...


@dataclass
class Completions(CompletionResult):
    """Completions with everything the provider said about them. Units stand in the names."""

    texts: list[str]
    prompt: Any = None
    model: str | None = None
    "The model as the provider named it, with its snapshot date where there is one."
    usage: dict[str, Any] | None = None
    "Token counts under the provider's own keys; the OpenAI ones where the provider has no own."
    finish_reasons: list[str | None] = field(default_factory=list)
    logprobs: list[Any] | None = None
    "One entry a completion, in the provider's shape; None when they were not asked for."
    latency_s: float | None = None
    "Seconds of the successful attempt, without waiting and retries."
    cost_usd: float | None = None
    "None when the price of the model is not known."
    cached: bool = False
    raw_data: Any = None
    "The provider's reply, as parsed JSON."
    headers: Mapping[str, str] | None = None
    "Reply headers in lower case, for the limits; never recorded."
    request: dict[str, Any] | None = None
    "What was sent, without the prompt and without secrets."

    def get_completions(self) -> list[str]:
        return self.texts


@dataclass(frozen=True)
class ContinuationScore:
    """Log probability of one continuation after a prompt, in nats, summed over its tokens."""

    logprob: float
    n_tokens: int
    is_greedy: bool | None = None
    "Whether greedy decoding would have produced it; None where the backend cannot tell."


class ContinuationScores(list[ContinuationScore]):
    """The scores of one request, with what the provider said about it."""

    cached = False

    def __init__(
        self,
        scores: Iterable[ContinuationScore],
        *,
        model: str | None = None,
        usage: dict[str, Any] | None = None,
        cost_usd: float | None = None,
    ) -> None:
        super().__init__(scores)
        self.model, self.usage, self.cost_usd = model, usage, cost_usd
