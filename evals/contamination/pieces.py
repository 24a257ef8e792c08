"""Cuts long documents into pieces that overlap, so that memory stays flat and no match is lost at a border."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from evals.contamination.characters import COMPOSES, KEPT, character_classes, code_points
from evals.contamination.items import Offsets
from evals.contamination.normalise import safe_cut

PIECE_CHARS = 1 << 21
_MOST_TAIL = 1 << 16
"Characters of an overlap from which on runs of blanks and symbols in it are shortened."


class Piece(NamedTuple):
    """A part of a document, or all of it."""

    document: int
    "Number of the document in its unit, from 0."
    line: int | None
    "The line on which the document begins, from 1; None where the file has no lines."
    text: str
    tail: Offsets | None = None
    "Places in the document of the first characters, which the piece before ended with. None for a beginning."
    start: int = 0
    "Place in the document of the first character after those."
    is_whole: bool = True

    def offset(self, index: int) -> int:
        """The place in the document, in characters, of character `index` of the piece."""
        n_tail = 0 if self.tail is None else len(self.tail)
        return int(self.tail[index]) if self.tail is not None and index < n_tail else self.start + index - n_tail


def pieces_of(document: int, line: int | None, blocks: Iterable[str], overlap: int) -> Iterator[Piece]:
    """The pieces of a document that comes in blocks. Two neighbours share `overlap` letters, digits and marks."""
    tail, tail_places, start, held = "", np.zeros(0, np.int64), 0, ""
    waiting: str | None = None
    for block in _small(blocks):
        if waiting is not None:
            piece = Piece(document, line, tail + waiting, tail_places, start, False)
            yield piece
            start += len(waiting)
            tail, tail_places = _tail_of(piece, overlap)
        text = held + block
        cut = safe_cut(text)
        waiting, held = text[:cut], text[cut:]
    rest = (waiting or "") + held
    is_whole = not start
    yield Piece(document, line, tail + rest, None if is_whole else tail_places, start, is_whole)


def _small(blocks: Iterable[str]) -> Iterator[str]:
    for block in blocks:
        for begin in range(0, len(block), PIECE_CHARS):
            yield block[begin : begin + PIECE_CHARS]


def _tail_of(piece: Piece, overlap: int) -> tuple[str, Offsets]:
    """The end of a piece that holds `overlap` kept characters, or all of it, and the places of its characters."""
    text, size = piece.text, 2 * overlap + 1000
    while size < len(text) and _n_kept(text[-size:]) < overlap:
        size *= 2
    begin = max(0, len(text) - size)
    while begin > 0 and character_classes()[ord(text[begin])] & COMPOSES:
        begin -= 1
    places = np.array([piece.offset(index) for index in range(begin, len(text))], dtype=np.int64)
    tail = text[begin:]
    if len(tail) <= max(_MOST_TAIL, 16 * overlap):
        return tail, places
    return _shortened(tail, places)


def _n_kept(text: str) -> int:
    return int(np.count_nonzero(character_classes().take(code_points(text)) & KEPT))


def _shortened(text: str, places: Offsets) -> tuple[str, Offsets]:
    """The kept characters, and one of each run of others: NFC stays the same."""
    kept = (character_classes().take(code_points(text)) & KEPT).astype(bool)
    chosen = np.flatnonzero(kept | np.concatenate([[True], kept[:-1]]))
    return "".join([text[index] for index in chosen.tolist()]), places[chosen]
