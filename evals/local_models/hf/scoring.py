"""Log probabilities of the tokens of many texts; a beginning that several texts share is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.local_models.hf.forward import Forward
from evals.local_models.hf.pieces import Pieces
from evals.local_models.language_model import ScoredToken, TokenIds
from evals.local_models.sampling import Array, likeliest

Row = tuple[int, ...]

MAX_TOKENS = 8192
"Of a pass, padding counted."


def score(
    forward: Forward, pieces: Pieces, rows: Sequence[TokenIds], first: Sequence[int], n_top: int
) -> list[list[ScoredToken]]:
    """Each token of each row from its place in `first` on; the first token of all has no log probability."""
    found = [[ScoredToken(row[0], pieces.piece(row[0]), None)] if row and start == 0 else []
             for row, start in zip(rows, first, strict=True)]  # fmt: skip
    asked: dict[Row, list[int]] = {}
    for k, row in enumerate(rows):
        if len(row) > max(1, first[k]):
            asked.setdefault(tuple(row[:-1]), []).append(k)
    for batch in _batches(list(asked), forward.pads):
        starts = [min(max(1, first[k]) for k in asked[row]) for row in batch]
        wanted = [range(start - 1, len(row)) for row, start in zip(batch, starts, strict=True)]
        for row, start, table in zip(batch, starts, forward.rows_after(batch, wanted), strict=True):
            for k in asked[row]:
                begin = max(1, first[k])
                found[k] += _scored(pieces, rows[k][begin:], table[begin - start :], n_top)
    return found


def _scored(pieces: Pieces, ids: TokenIds, table: Array, n_top: int) -> Iterator[ScoredToken]:
    for k, logprobs in zip(ids, table, strict=True):
        yield ScoredToken(k, pieces.piece(k), float(logprobs[k]), likeliest(logprobs, n_top))


def _batches(rows: Sequence[Row], pads: bool) -> Iterator[list[Row]]:
    """Rows of like length together, at most MAX_TOKENS with their padding."""
    batch: list[Row] = []
    for row in sorted(rows, key=len):
        too_large = (len(batch) + 1) * len(row) > MAX_TOKENS
        if batch and (too_large or (not pads and len(row) != len(batch[0]))):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
