"""Continues many prompts at once: prompts are read together, then each row gets one more token a step until it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.drafts import Draft, drafts_of
from evals.hf.forward import Forward, Writing
from evals.hf.pieces import Pieces
from evals.language_model import Generated, OnToken, Sampling, ScoredToken, TokenIds
from evals.next_token import chosen, likeliest

FULL_ENOUGH = 0.75
"Share of rows still being written below which the others are taken out of the cache."


def generate(
    forward: Forward,
    pieces: Pieces,
    requests: Sequence[tuple[TokenIds, Sampling]],
    ends: frozenset[int],
    max_rows: int,
    on_token: OnToken | None = None,
) -> list[list[Generated]]:
    """The completions of each request. Prompts are not empty, and fit the context with what is asked for."""
    drafts = [drafts_of(k, prompt, sampling, ends) for k, (prompt, sampling) in enumerate(requests)]
    going = [draft for own in drafts for draft in own if draft.finish_reason is None]
    for wave in _waves(going, max_rows, forward.pads):
        _write(forward, pieces, wave, on_token)
    return [_all_draws(own, sampling.n, on_token) for own, (_, sampling) in zip(drafts, requests, strict=True)]


def _all_draws(own: Sequence[Draft], n: int, on_token: OnToken | None) -> list[Generated]:
    """`n` completions: without chance the one that was written, as often as was asked for."""
    done = [draft.finished() for draft in own]
    for draw in range(len(done), n):
        done.append(done[0])
        for token in done[0].tokens if on_token else ():
            on_token(own[0].request, draw, token)  # type: ignore[misc]
    return done


def _waves(drafts: Sequence[Draft], max_rows: int, pads: bool) -> Iterator[list[Draft]]:
    """Drafts that are written together: of like length, of equal length where the model does not pad."""
    wave: list[Draft] = []
    for draft in sorted(drafts, key=lambda draft: len(draft.prompt)):
        unlike = not pads and wave and len(draft.prompt) != len(wave[0].prompt)
        if len(wave) == max_rows or unlike:
            yield wave
            wave = []
        wave.append(draft)
    if wave:
        yield wave


def _write(forward: Forward, pieces: Pieces, rows: list[Draft], on_token: OnToken | None) -> None:
    """Write the drafts until all are done. Equal prompts are read once."""
    prompts = list(dict.fromkeys(tuple(draft.prompt) for draft in rows))
    writing = Writing(forward, prompts)
    if len(prompts) < len(rows):
        place = {prompt: k for k, prompt in enumerate(prompts)}
        writing.keep([place[tuple(draft.prompt)] for draft in rows])
    while True:
        ids = _draw(writing, pieces, rows, on_token)
        left = [row for row, draft in enumerate(rows) if draft.finish_reason is None]
        if not left:
            return
        if len(left) <= FULL_ENOUGH * len(rows):
            writing.keep(left)
            rows, ids = [rows[row] for row in left], [ids[row] for row in left]
        writing.write(ids)


def _draw(writing: Writing, pieces: Pieces, rows: Sequence[Draft], on_token: OnToken | None) -> list[int]:
    """The next token of each row, which the drafts that are not done take."""
    logprobs = writing.logprobs
    chances = [draft.stream.random() if draft.sampling.temperature > 0 else 0.0 for draft in rows]
    ids = [int(k) for k in chosen(logprobs, [draft.sampling for draft in rows], chances)]
    for row, (draft, k) in enumerate(zip(rows, ids, strict=True)):
        if draft.finish_reason is None:
            top = likeliest(logprobs[row], draft.sampling.top_logprobs)
            token = ScoredToken(k, pieces.piece(k), float(logprobs[row, k]), top)
            draft.add(token)
            if on_token is not None:
                on_token(draft.request, draft.draw, token)
    return ids
