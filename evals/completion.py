"""The types between an eval and a model: prompt, completion function, completions, scores."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypedDict, runtime_checkable

from evals.texts.thoughts import answers_in

ChatMessage: TypeAlias = dict[str, Any]
ChatPrompt: TypeAlias = list[ChatMessage]
Prompt: TypeAlias = str | ChatPrompt | list[int] | list[str]


class FunctionCall(TypedDict):
    """A call of a function that a model asks for. arguments: an object; the text as it came if it is no JSON object."""

    id: str | None
    name: str
    arguments: dict[str, Any] | str


class CompletionResult(ABC):
    """The result of a completion function: one or more completions of a prompt."""

    @abstractmethod
    def get_completions(self) -> list[str]:
        """The completions as texts, in the order in which the model gave them."""


@runtime_checkable
class CompletionFn(Protocol):
    """The protocol of openai/evals: called with a prompt, returns completions. Any callable passes `isinstance`."""

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult: ...


@runtime_checkable
class AsyncCompletionFn(Protocol):
    """A backend that makes one attempt at a call. The engine adds limits, retries, cache and recording."""

    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        """The completions of `prompt`, from one attempt. kwargs: options of the request.

        Raises:
            CallFailed: the attempt failed (`evals.engine.failures`); its kind decides what follows.
        """
        ...


@dataclass
class Completions(CompletionResult):
    """Completions, with everything that the provider said about them."""

    texts: list[str]
    "The completions, in the order of the reply."
    prompt: Any = None
    "What was sent, if it differs from the prompt of the call; None otherwise."
    model: str | None = None
    "The name of the model in the reply, with its snapshot date if it has one."
    usage: dict[str, Any] | None = None
    "Token counts, under the keys of the provider."
    finish_reasons: list[str | None] = field(default_factory=list)
    "Why each completion ended (`stop`, `length`, ...), in the order of `texts`; may be empty."
    logprobs: list[Any] | None = None
    "One entry for each completion, in the form of the provider; None if they were not requested."
    latency_s: float | None = None
    "Seconds that the successful attempt took, without waits and retries."
    cost_usd: float | None = None
    "In US dollars; None if the price of the model is not known."
    cost_source: str | None = None
    "`server` where the reply itself states its cost, and the registry has no price; None otherwise."
    cached: bool = False
    "Whether they come from the cache, and not from a call."
    raw_data: Any = None
    "The reply of the provider as parsed JSON."
    tool_calls: list[list[FunctionCall]] = field(default_factory=list)
    "The functions that each completion calls, in the order of `texts`; empty if none calls any."
    headers: Mapping[str, str] | None = None
    "Headers of the reply with names in lower case, for the limits. They are never recorded."
    request: dict[str, Any] | None = None
    "The request, without the prompt and without secrets."
    messages: list[ChatMessage] | None = None
    "Each completion as an assistant's message, to be sent back: text, tool calls, reasoning items. Never recorded."
    reasoning: list[str | None] | None = None
    "What the provider shows of the reasoning before each completion: its text, or a summary; None without any."

    def get_completions(self) -> list[str]:
        """`texts`."""
        return self.texts


class AnswersOf(CompletionResult):
    """The result of a plug-in with the thoughts cut off its completions; all else is the plug-in's own."""

    def __init__(self, result: CompletionResult, answers: list[str]) -> None:
        self._result, self._answers = result, answers

    def get_completions(self) -> list[str]:
        """The answers."""
        return self._answers

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._result, name)


def without_thoughts(result: Any) -> Any:
    """A result whose completions are answers alone (`evals.texts.thoughts`); `result` itself where it has no thoughts.

    What is recorded and cached is the result as it came.
    """
    texts = result.get_completions()
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return result
    answers = answers_in(texts)
    if answers == texts:
        return result
    return replace_texts(result, answers) if isinstance(result, Completions) else AnswersOf(result, answers)


def replace_texts(result: Completions, texts: list[str]) -> Completions:
    """A copy of a result with other texts."""
    changed = copy.copy(result)
    changed.texts = texts
    return changed


@dataclass(frozen=True)
class ContinuationScore:
    """The score of one continuation. logprob: its log probability after the prompt, in nats, summed over its tokens."""

    logprob: float
    n_tokens: int
    is_greedy: bool | None = None
    "Whether greedy decoding would give this continuation; None if the backend cannot tell."


class ContinuationScores(list[ContinuationScore]):
    """The scores of one request, with model, usage and cost (US dollars) as far as the provider states them."""

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
