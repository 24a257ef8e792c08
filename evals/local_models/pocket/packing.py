"""Sequences of different lengths as one list of rows, in which what they begin with in common stands once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.intp]

NONE_BEFORE = -1


@dataclass(frozen=True)
class Part:
    """One sequence of a pack."""

    new: slice
    "The rows that no earlier sequence has; none for one that is the beginning of another."
    path: Ids
    "The row of each of its tokens."


@dataclass(frozen=True)
class Pack:
    """A row for each token that comes after what no other row comes after."""

    ids: Ids
    before: Ids
    "The token before each row's, NONE_BEFORE for the first of a sequence."
    positions: Ids
    parts: tuple[Part, ...]
    order: tuple[int, ...]
    "For each part the place of its sequence in the list that was packed."


def packs(sequences: Sequence[Sequence[int]], max_rows: int) -> Iterator[Pack]:
    """All sequences, none empty, in packs of at most `max_rows` rows (more where one sequence alone is longer)."""
    order = sorted(range(len(sequences)), key=lambda k: tuple(sequences[k]))
    chosen: list[int] = []
    n_rows = 0
    last: tuple[int, ...] = ()
    for k in order:
        sequence = tuple(sequences[k])
        n_new = len(sequence) - n_shared(last, sequence)
        if chosen and n_rows + n_new > max_rows:
            yield _pack(sequences, chosen)
            chosen, n_rows, n_new = [], 0, len(sequence)
        chosen.append(k)
        n_rows, last = n_rows + n_new, sequence
    if chosen:
        yield _pack(sequences, chosen)


def n_shared(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    for k, (one, other) in enumerate(zip(a, b, strict=False)):
        if one != other:
            return k
    return min(len(a), len(b))


def _pack(sequences: Sequence[Sequence[int]], order: Sequence[int]) -> Pack:
    ids: list[int] = []
    before: list[int] = []
    positions: list[int] = []
    parts = []
    last: Sequence[int] = ()
    path = np.empty(0, np.intp)
    for k in order:
        sequence = sequences[k]
        shared, n, start = n_shared(last, sequence), len(sequence), len(ids)
        ids.extend(sequence[shared:])
        before.extend(sequence[i - 1] if i else NONE_BEFORE for i in range(shared, n))
        positions.extend(range(shared, n))
        path = np.concatenate([path[:shared], np.arange(start, len(ids), dtype=np.intp)])
        parts.append(Part(slice(start, len(ids)), path))
        last = sequence
    return Pack(
        ids=np.array(ids, np.intp),
        before=np.array(before, np.intp),
        positions=np.array(positions, np.intp),
        parts=tuple(parts),
        order=tuple(order),
    )
