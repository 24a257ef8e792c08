"""Continues many prompts at once: prompts are read together, then each row gets one more token a step until it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.local_models.decoding import Draft, all_finished, drafts_of
from evals.local_models.hf.forward import Forward, Writing
from evals.local_models.hf.pieces import Pieces
from evals.local_models.language_model import Generated, OnToken, Sampling, TokenIds
from evals.local_models.sampling import draw_next

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
    return all_finished(drafts, [sampling.n for _, sampling in requests], on_token)


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
        ids = draw_next(writing.logprobs, rows, pieces.piece, on_token)
        left = [row for row, draft in enumerate(rows) if draft.finish_reason is None]
        if not left:
            return
        if len(left) <= FULL_ENOUGH * len(rows):
            writing.keep(left)
            rows, ids = [rows[row] for row in left], [ids[row] for row in left]
        writing.write(ids)
