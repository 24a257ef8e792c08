"""The seam between what computes a language model in this process and what uses it: sampling, tokens, batches."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, AnyStr, Literal, Protocol, runtime_checkable

TokenIds = Sequence[int]

TEXT_MAX_TOKENS = 16
"The most tokens that continue a text when a request says nothing of it, as in OpenAI's API."


@dataclass(frozen=True)
class Sampling:
    """How one request is continued.

    Raises:
        ValueError: a value is out of its range; the message names it, as an API would.
    """

    max_tokens: int
    "The most tokens that are drawn; 0 draws none."
    temperature: float = 1.0
    "0 takes the likeliest token, the one of lowest id among equals; at most 100."
    top_p: float = 1.0
    "Drawn from the fewest likeliest tokens whose probabilities add up to this; 0 leaves the likeliest alone."
    stop: tuple[str, ...] = ()
    "Texts that end a completion; they are no part of it."
    seed: int | None = None
    "Equal seeds draw equally. None: drawn anew by the operating system for every call."
    n: int = 1
    "Completions of the prompt, each from a stream of random numbers of its own."
    top_logprobs: int = 0
    "How many of the likeliest tokens of each place are named."

    def __post_init__(self) -> None:
        _check("max_tokens", self.max_tokens, 0, 1_000_000_000)
        _check("temperature", self.temperature, 0, 100)
        _check("top_p", self.top_p, 0, 1)
        _check("n", self.n, 1, 1024)
        _check("top_logprobs", self.top_logprobs, 0, 1_000_000)
        if not all(self.stop):
            raise ValueError("stop holds an empty text")


def _check(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} is {value}; it must be from {low} to {high:,}")


@dataclass(frozen=True)
class ScoredToken:
    """One token of a text, and what the model thought of its place."""

    id: int
    piece: bytes
    "Its bytes; a part of a character may be all of them."
    logprob: float | None
    "Nats, by the model itself: before temperature and top_p. None for a first token that nothing comes before."
    top: tuple[tuple[int, float], ...] = ()
    "The likeliest tokens of its place, best first: id and nats. As many as were asked for."


@dataclass(frozen=True)
class Generated:
    """One completion."""

    text: str
    "Cut before the stop text; bytes that are no UTF-8 become U+FFFD."
    tokens: tuple[ScoredToken, ...]
    "Those of `text`, the last of which may reach beyond it; the model's end token is none of them."
    finish_reason: Literal["stop", "length"]
    n_drawn: int
    "Tokens drawn, those that were cut and the end token too."


OnToken = Callable[[int, int, ScoredToken], None]


@runtime_checkable
class LanguageModel(Protocol):
    """A model in this process. Methods block, may be called from several threads, and batch what they are given.

    What comes back for a request does not depend on the others of its call.
    """

    name: str
    n_ctx: int
    "The most tokens of prompt and completion together; a begin token of the model's own is not counted."
    chat_stop: tuple[str, ...]
    "What ends a reply to a chat, beside the model's own end token."
    chat_lead: str
    "What a reply to a chat begins with and is no part of it; see `chat_text`."

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`, without a begin token."""
        ...

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of tokens; those of the model's own marks are none."""
        ...

    def render_chat(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """The text that the model continues with its reply. Raises ValueError for messages that are no texts."""
        ...

    def generate(
        self, requests: Sequence[tuple[TokenIds, Sampling]], on_token: OnToken | None = None
    ) -> list[list[Generated]]:
        """`n` completions of each prompt. Raises ContextExceeded before anything is computed.

        on_token: called on the computing thread with the request, the draw and the token as soon as it is drawn, those
        of a stop text and the end token too. What it raises ends the computation.
        """
        ...

    def score(
        self, sequences: Sequence[TokenIds], top_logprobs: int = 0, first: Sequence[int] | None = None
    ) -> list[list[ScoredToken]]:
        """Each token of each sequence given those before it. Raises ContextExceeded before anything is computed.

        first: for each sequence the place from which on tokens are wanted; those before it are left out.
        """
        ...


class ContextExceeded(ValueError):
    """A prompt and what was asked for do not fit into the model's context."""

    def __init__(self, n_prompt: int, n_asked: int, n_ctx: int) -> None:
        self.n_prompt, self.n_asked, self.n_ctx = n_prompt, n_asked, n_ctx
        asked = f" and {n_asked:,} more were asked for" if n_asked else ""
        super().__init__(
            f"the maximum context length of this model is {n_ctx:,} tokens; the prompt has {n_prompt:,}{asked}"
        )


def check_room(n_prompt: int, n_asked: int, n_ctx: int) -> None:
    """Raise ContextExceeded where `n_asked` tokens do not fit behind a prompt of `n_prompt`."""
    if n_prompt + n_asked > n_ctx:
        raise ContextExceeded(n_prompt, n_asked, n_ctx)


def default_max_tokens(n_prompt: int, n_ctx: int, *, is_chat: bool) -> int:
    """The most tokens of a reply when a request says nothing of it: what is left to a chat, few to a text."""
    return max(1, n_ctx - n_prompt) if is_chat else TEXT_MAX_TOKENS


def chat_text(text: str, lead: str) -> str:
    """The reply to a chat without what leads it."""
    return text.removeprefix(lead)


def random_stream(seed: int | None, draw: int) -> random.Random:
    """The random numbers of the draw-th of `n` completions: the same for equal arguments, unrelated for others."""
    return random.Random() if seed is None else random.Random(f"{seed}/{draw}")


def stop_position(text: AnyStr, stop: Iterable[AnyStr]) -> int | None:
    """Where the first stop text begins in a text or its bytes; None where there is none."""
    found = [position for position in map(text.find, stop) if position >= 0]
    return min(found, default=None)
