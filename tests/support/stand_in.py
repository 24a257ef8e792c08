"""A language model that takes no training: each byte is drawn by a table that the three bytes before it decide."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from evals.completion_fns.dummy import DummyCompletionFn
from evals.local_models.language_model import (
    Generated,
    OnToken,
    Sampling,
    ScoredToken,
    TokenIds,
    check_room,
    random_stream,
    stop_position,
)
from evals.testing.waiting import wait_until

END = 0
"The begin and end of a text; id k + 1 is the byte k."


@functools.lru_cache(maxsize=100_000)
def table(before: tuple[int, ...]) -> list[float]:
    """Log probabilities of the 257 ids after up to three ids: letters are likely, odd bytes are not."""
    rng = random.Random(repr(before))
    weights = [rng.random() * (8 if k == END else 40 if 32 <= k - 1 < 127 else 1) for k in range(257)]
    total = math.fsum(weights)
    return [math.log(weight / total) for weight in weights]


def likeliest(logprobs: Sequence[float], n: int) -> tuple[tuple[int, float], ...]:
    order = sorted(range(len(logprobs)), key=lambda k: -logprobs[k])
    return tuple((k, logprobs[k]) for k in order[:n])


class StandIn:
    """The model, one id at a time. n_ctx: in bytes."""

    chat_stop = ("\n",)
    chat_lead = " "
    end_token = ("<end>", END)

    def __init__(self, name: str = "stand-in", n_ctx: int = 512, held_until: str | None = None) -> None:
        self.name, self.n_ctx = name, n_ctx
        self.held_until = held_until
        "A file; nothing is drawn before it is there."

    def encode(self, text: str) -> list[int]:
        return [byte + 1 for byte in text.encode("utf-8", "replace")]

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        return bytes(k - 1 for k in ids if k != END)

    def render_chat(self, messages: Sequence[Mapping[str, Any]]) -> str:
        return "".join(f"{message['role']}: {message['content']}\n" for message in messages) + "Answer:"

    def generate(
        self, requests: Sequence[tuple[TokenIds, Sampling]], on_token: OnToken | None = None
    ) -> list[list[Generated]]:
        if self.held_until:
            wait_until(Path(self.held_until).exists)
        for prompt, sampling in requests:
            if self.decode_bytes(prompt).endswith(b"BROKEN"):
                raise RuntimeError("the model is broken")
            check_room(len(prompt), sampling.max_tokens, self.n_ctx)
        hear = on_token or (lambda request, draw, token: None)
        return [
            [
                self._draw(prompt, sampling, random_stream(sampling.seed, draw), partial(hear, request, draw))
                for draw in range(sampling.n)
            ]
            for request, (prompt, sampling) in enumerate(requests)
        ]

    def _draw(
        self, prompt: TokenIds, sampling: Sampling, rng: random.Random, hear: Callable[[ScoredToken], None]
    ) -> Generated:
        ids: list[int] = [END, *prompt]
        tokens: list[ScoredToken] = []
        n_drawn, text = 0, ""
        while n_drawn < sampling.max_tokens:
            logprobs = table(tuple(ids[-3:]))
            token = likeliest(logprobs, 1)[0][0]
            if sampling.temperature:
                weights = [math.exp(value / sampling.temperature) for value in logprobs]
                token = rng.choices(range(257), weights)[0]
            n_drawn += 1
            piece, top = self.decode_bytes([token]), likeliest(logprobs, sampling.top_logprobs)
            hear(ScoredToken(token, piece, logprobs[token], top))
            if token == END:
                return Generated(text, tuple(tokens), "stop", n_drawn)
            ids.append(token)
            tokens.append(ScoredToken(token, piece, logprobs[token], top))
            text = self.decode_bytes(t.id for t in tokens).decode("utf-8", "replace")
            at = stop_position(text, sampling.stop)
            if at is not None:
                kept = self._covering(tokens, len(text[:at].encode()))
                return Generated(text[:at], kept, "stop", n_drawn)
        return Generated(text, tuple(tokens), "length", n_drawn)

    @staticmethod
    def _covering(tokens: Sequence[ScoredToken], n_bytes: int) -> tuple[ScoredToken, ...]:
        return tuple(tokens[:n_bytes])

    def score(
        self, sequences: Sequence[TokenIds], top_logprobs: int = 0, first: Sequence[int] | None = None
    ) -> list[list[ScoredToken]]:
        starts = first or [0] * len(sequences)
        return [self._score([END, *ids], top_logprobs)[start:] for ids, start in zip(sequences, starts, strict=True)]

    def _score(self, ids: list[int], n_top: int) -> list[ScoredToken]:
        found = []
        for place in range(1, len(ids)):
            logprobs = table(tuple(ids[max(0, place - 3) : place]))
            token = ids[place]
            found.append(ScoredToken(token, self.decode_bytes([token]), logprobs[token], likeliest(logprobs, n_top)))
        return found


class StandInFn(DummyCompletionFn):
    """A completion function that leads to the model, as `evals serve` looks for one."""

    def __init__(self, registry: object = None, **kwargs: Any) -> None:
        self.language_model = StandIn(**kwargs)
