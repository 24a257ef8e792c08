"""Completions that are being written in this process: which tokens they have, and when and why they end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from evals.local_models.language_model import (
    Generated,
    OnToken,
    Sampling,
    ScoredToken,
    TokenIds,
    random_stream,
    stop_position,
)


@dataclass
class Draft:
    """One completion that is being written. Made by `drafts_of`."""

    request: int
    "The place of its request in a call, and which of its `n` completions it is."
    draw: int
    sampling: Sampling
    prompt: TokenIds
    ends: frozenset[int]
    "The tokens by which the model says that it is done."
    stop: tuple[bytes, ...]
    stream: Random
    tokens: list[ScoredToken] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)
    "The bytes of the tokens."
    n_drawn: int = 0
    finish_reason: Literal["stop", "length"] | None = None
    "None while it goes on."
    cut: int | None = None
    "Where a stop text begins in `data`."

    @property
    def n_read(self) -> int:
        """Tokens that the model has read when the draft is done, at most: the last one drawn is never read."""
        return len(self.prompt) + max(0, self.sampling.max_tokens - 1)

    def add(self, token: ScoredToken) -> None:
        """Take the token that was drawn; `finish_reason` says whether it was the last."""
        self.n_drawn += 1
        if token.id in self.ends:
            self.finish_reason = "stop"
            return
        n_before = len(self.data)
        self.tokens.append(token)
        self.data += token.piece
        if self._meets_stop(n_before):
            self.finish_reason = "stop"
        elif self.n_drawn == self.sampling.max_tokens:
            self.finish_reason = "length"

    def _meets_stop(self, n_before: int) -> bool:
        """Whether a stop text ends in the bytes that were added last."""
        if not self.stop:
            return False
        start = max(0, n_before - max(map(len, self.stop)) + 1)
        found = stop_position(bytes(self.data[start:]), self.stop)
        self.cut = None if found is None else start + found
        return found is not None

    def finished(self) -> Generated:
        """The completion, without what follows the beginning of a stop text."""
        assert self.finish_reason is not None
        data, tokens = bytes(self.data), self.tokens
        if self.cut is not None:
            data, tokens = data[: self.cut], list(_within(tokens, self.cut))
        return Generated(data.decode("utf-8", errors="replace"), tuple(tokens), self.finish_reason, self.n_drawn)


def _within(tokens: Sequence[ScoredToken], n_bytes: int) -> Iterator[ScoredToken]:
    """The tokens that begin within so many bytes."""
    start = 0
    for token in tokens:
        if start >= n_bytes:
            return
        yield token
        start += len(token.piece)


def drafts_of(request: int, prompt: TokenIds, sampling: Sampling, ends: frozenset[int]) -> list[Draft]:
    """The drafts of a request, each with its own random numbers; one where chance has no part, as all are the same."""
    stop = tuple(text.encode("utf-8", errors="replace") for text in sampling.stop)
    n = sampling.n if sampling.temperature > 0 and sampling.top_p > 0 else 1
    reason: Literal["length"] | None = None if sampling.max_tokens else "length"
    return [
        Draft(request, draw, sampling, prompt, ends, stop, random_stream(sampling.seed, draw), finish_reason=reason)
        for draw in range(n)
    ]


def all_finished(
    drafts: Sequence[Sequence[Draft]], n_asked: Sequence[int], on_token: OnToken | None = None
) -> list[list[Generated]]:
    """As many completions of each request as were asked for: one that was written once for all is given again.

    on_token: hears those that are given again; the others it has heard when they were drawn.
    """
    found = [[draft.finished() for draft in own] for own in drafts]
    for request, (done, n) in enumerate(zip(found, n_asked, strict=True)):
        for draw in range(len(done), n):
            done.append(done[0])
            for token in done[0].tokens if on_token is not None else ():
                on_token(request, draw, token)  # type: ignore[misc]
    return found
