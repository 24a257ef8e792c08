"""Continues many prompts at once: prompts are read together, then each gets one more token a step until it ends."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from evals.local_models.decoding import Draft, all_finished, drafts_of
from evals.local_models.language_model import Generated, OnToken, Sampling, ScoredToken, TokenIds
from evals.local_models.pocket.packing import packs
from evals.local_models.pocket.threads import WORTH_THREADS, computing, in_parallel
from evals.local_models.pocket.tokenizer import END, Tokenizer
from evals.local_models.pocket.transformer import Cache, logits, read, write
from evals.local_models.pocket.weights import Array, Weights
from evals.local_models.sampling import draw_next, log_probabilities

MAX_CACHE_BYTES = 128 * 2**20
"Of the keys and values of what is written at a time; what is read for it takes as much again, for a moment."
MAX_ROWS = 64
"Completions that are written at a time."
ROWS_WORTH_A_THREAD = 8
FULL_ENOUGH = 0.75
"Share of rows still being written below which the others are taken out of the cache."


def generate(
    weights: Weights,
    tokenizer: Tokenizer,
    requests: Sequence[tuple[TokenIds, Sampling]],
    on_token: OnToken | None = None,
) -> list[list[Generated]]:
    """The completions of each request; prompts carry the begin token and fit the context with what is asked for."""
    drafts = [drafts_of(k, prompt, sampling, frozenset({END})) for k, (prompt, sampling) in enumerate(requests)]
    hear = None if on_token is None else _one_at_a_time(on_token)
    with computing() as n_threads:
        for wave in _waves([draft for own in drafts for draft in own], weights):
            shares = _shares(wave, n_threads, weights)
            deque(in_parallel(lambda share: _Writing(weights, tokenizer, share, hear).run(), shares, n_threads), 0)
    return all_finished(drafts, [sampling.n for _, sampling in requests], on_token)


def _one_at_a_time(on_token: OnToken) -> OnToken:
    lock = threading.Lock()

    def hear(request: int, draw: int, token: ScoredToken) -> None:
        with lock:
            on_token(request, draw, token)

    return hear


def _shares(wave: list[Draft], n_threads: int, weights: Weights) -> list[list[Draft]]:
    """The wave in parts for threads; whole where a part would be too little work to be worth one."""
    if weights.config.n_parameters < WORTH_THREADS:
        return [wave]
    n = max(1, min(n_threads, len(wave) // ROWS_WORTH_A_THREAD))
    return [wave[k::n] for k in range(n)]


def _waves(drafts: Sequence[Draft], weights: Weights) -> Iterator[list[Draft]]:
    """Drafts that are written together, of like length so that little room is left empty."""
    wave: list[Draft] = []
    for draft in sorted((draft for draft in drafts if draft.finish_reason is None), key=lambda draft: draft.n_read):
        n_rows = len(wave) + 1
        too_large = Cache.n_bytes(weights.config, n_rows, draft.n_read) > MAX_CACHE_BYTES
        if wave and (n_rows > MAX_ROWS or too_large):
            yield wave
            wave = []
        wave.append(draft)
    if wave:
        yield wave


class _Writing:
    """One wave of drafts."""

    def __init__(self, weights: Weights, tokenizer: Tokenizer, wave: Sequence[Draft], on_token: OnToken | None) -> None:
        self._weights, self._tokenizer, self._on_token = weights, tokenizer, on_token
        self._rows = list(wave)
        "The draft of each row of the cache; those that are done take room until enough of them are."

    def run(self) -> None:
        """Write until every draft is done."""
        cache, hidden = self._read_prompts()
        while True:
            logprobs = log_probabilities(logits(self._weights, hidden))
            ids = draw_next(logprobs, self._rows, self._tokenizer.pieces.__getitem__, self._on_token)
            left = [row for row, draft in enumerate(self._rows) if draft.finish_reason is None]
            if not left:
                return
            if len(left) <= FULL_ENOUGH * len(self._rows):
                cache.keep(left)
                self._rows, ids = [self._rows[row] for row in left], [ids[row] for row in left]
            for row, draft in enumerate(self._rows):
                if draft.finish_reason is not None:
                    cache.lengths[row] -= 1  # its last token is written over, so that it never needs more room
            before = [_before(draft) for draft in self._rows]
            hidden = write(self._weights, cache, np.array(ids, np.intp), np.array(before, np.intp))

    def _read_prompts(self) -> tuple[Cache, Array]:
        """The filled cache, and the hidden state of each prompt's last token."""
        prompts = list(dict.fromkeys(tuple(draft.prompt) for draft in self._rows))
        (pack,) = packs(prompts, sum(map(len, prompts)))
        done = read(self._weights, pack)
        paths = {prompts[k]: part.path for k, part in zip(pack.order, pack.parts, strict=True)}
        cache = Cache(self._weights.config, len(self._rows), max(draft.n_read for draft in self._rows))
        for row, draft in enumerate(self._rows):
            cache.fill(row, done, paths[tuple(draft.prompt)])
        last = [paths[tuple(draft.prompt)][-1] for draft in self._rows]
        return cache, done.hidden[last]


def _before(draft: Draft) -> int:
    """The token before the one that was drawn last."""
    return draft.tokens[-2].id if len(draft.tokens) > 1 else draft.prompt[-1]
