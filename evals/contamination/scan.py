"""Scans one unit of the corpus for the items, in batches of documents."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from evals.contamination.corpus import Reading, Unit
from evals.contamination.documents import DocumentReader
from evals.contamination.items import Item, Offsets, Rule
from evals.contamination.matching import Match, Matcher
from evals.contamination.normalise import joined, kept_positions
from evals.contamination.pieces import Piece
from evals.contamination.unit_findings import NGRAM, SUBSTRING, Example, ItemFindings, UnitFindings

BATCH_CHARS = 1 << 21
_CONTEXT_CHARS = 60
_MAX_TEXT_CHARS = 500


class Scanner:
    """Finds items in units of a corpus. One scanner serves many units."""

    def __init__(self, items: Sequence[Item], rule: Rule, reading_as: Reading) -> None:
        self._matcher = Matcher(items, rule)
        self._rule, self._reading_as = rule, reading_as
        spans = [end - start for item in items for _, start, end in (*item.substrings, *item.grams)]
        self._overlap = max(spans, default=1)

    def scan(self, unit: Unit, keep_on: Callable[[], object] = lambda: None) -> UnitFindings:
        """What the unit holds. keep_on: called between batches; it may raise to stop the scan.

        Raises:
            DataError: a file or a row cannot be read.
            MissingExtra: a package for this kind of file is not installed.
        """
        findings, documents = UnitFindings(), DocumentReader(unit, self._reading_as, self._overlap)
        seen: set[tuple[int, int, int]] = set()
        for batch in _batches(documents):
            keep_on()
            if batch[0].is_whole or not batch[0].start:
                seen.clear()
            for pieces in _by_alphabet(batch):
                self._scan(pieces, findings, seen)
        findings.n_documents, findings.n_broken = documents.n_documents, documents.n_broken
        findings.n_lines = documents.n_lines
        return findings

    def _scan(self, pieces: Sequence[Piece], findings: UnitFindings, seen: set[tuple[int, int, int]]) -> None:
        text = joined([piece.text for piece in pieces], ignore_case=self._rule.ignore_case)
        starts = [0, *(np.flatnonzero(np.frombuffer(text, np.uint8) == 0) + 1).tolist()]
        positions = functools.lru_cache(1)(functools.partial(self._positions, pieces))
        for match in self._matcher.matches(text):
            number = bisect_right(starts, match.start) - 1
            piece, start = pieces[number], starts[number]
            found = findings.items.setdefault(match.item, ItemFindings())
            is_new = _count(found, match, piece.document, seen)
            kind = SUBSTRING if match.substrings else NGRAM
            if is_new and found.wants_example(kind):
                first = len(text[start : match.start].decode())
                last = first + len(text[match.start : match.end].decode()) - 1
                found.add_example(_example(kind, piece, positions(number), first, last))

    def _positions(self, pieces: Sequence[Piece], number: int) -> Offsets:
        return kept_positions(pieces[number].text, ignore_case=self._rule.ignore_case)


def _count(found: ItemFindings, match: Match, document: int, seen: set[tuple[int, int, int]]) -> bool:
    """Count the match, each document once; whether it adds a document to a count of the item."""
    found.grams.update(match.grams)
    for number in match.substrings:
        if _first((match.item, number, document), seen):
            found.substring_documents[number] = found.substring_documents.get(number, 0) + 1
    with_substring = bool(match.substrings) and _first((match.item, -1, document), seen)
    with_gram = bool(match.grams) and _first((match.item, -2, document), seen)
    found.n_documents += with_substring
    found.n_gram_documents += with_gram
    return with_substring or with_gram


def _first(key: tuple[int, int, int], seen: set[tuple[int, int, int]]) -> bool:
    if key in seen:
        return False
    seen.add(key)
    return True


def _example(kind: str, piece: Piece, positions: Offsets, first: int, last: int) -> Example:
    """The match of the kept characters `first` to `last` of a piece, with its surroundings as they stand there."""
    begin, end = int(positions[first]), int(positions[last]) + 1
    text = piece.text
    return Example(
        kind=kind,
        document=piece.document,
        line=piece.line,
        offset=piece.offset(begin),
        text=text[begin : min(end, begin + _MAX_TEXT_CHARS)],
        before=text[max(0, begin - _CONTEXT_CHARS) : begin],
        after=text[end : end + _CONTEXT_CHARS],
    )


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Whole documents together, up to BATCH_CHARS; a piece of a longer one alone."""
    batch: list[Piece] = []
    n_chars = 0
    for piece in pieces:
        if batch and (not piece.is_whole or n_chars > BATCH_CHARS):
            yield batch
            batch, n_chars = [], 0
        if not piece.is_whole:
            yield [piece]
            continue
        batch.append(piece)
        n_chars += len(piece.text)
    if batch:
        yield batch


def _by_alphabet(batch: Sequence[Piece]) -> Iterator[list[Piece]]:
    """ASCII texts apart from others: they are normalised four times as fast."""
    for is_ascii in (True, False):
        pieces = [piece for piece in batch if piece.text.isascii() is is_ascii]
        if pieces:
            yield pieces
