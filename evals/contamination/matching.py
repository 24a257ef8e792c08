"""Which substrings and n-grams of which items stand in a normalised text: exact, each longest equal stretch once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evals.contamination.item_index import ItemIndex
from evals.contamination.items import Item, Rule

_CHUNK_BYTES = 256


@dataclass(frozen=True)
class Match:
    """A stretch of a text that is equal to one of an item, as long as it can be."""

    item: int
    start: int
    "In bytes of the text."
    end: int
    substrings: tuple[int, ...]
    "Numbers of the item's substrings that the stretch holds whole."
    grams: range
    "Numbers of its n-grams."


class Matcher:
    """Finds the items' substrings and n-grams in texts."""

    def __init__(self, items: Sequence[Item], rule: Rule) -> None:
        self._index = ItemIndex(items, rule)
        self._spans = list(_absolute_spans(items, self._index))

    def matches(self, text: bytes) -> Iterator[Match]:
        """All matches in `text`, in no order. No match reaches across a zero byte, which stands between documents."""
        for candidates in self._index.candidates(text):
            yield from self._longest(text, candidates)

    def _longest(self, text: bytes, candidates: Iterator[tuple[int, int]]) -> Iterator[Match]:
        ended: dict[int, int] = {}
        for at, place in candidates:
            if ended.get(at - place, -1) > at:
                continue  # inside a stretch that was seen
            before = _equal_before(text, at, self._index.text, place)
            after = _equal_after(text, at, self._index.text, place)
            ended[at - place] = at + after
            number = int(np.searchsorted(self._index.starts, place, "right")) - 1
            match = self._match(number, place - before, place + after, at - before, at + after)
            if match is not None:
                yield match

    def _match(self, part: int, first: int, last: int, start: int, end: int) -> Match | None:
        spans = self._spans[part]
        whole = tuple(number for number, low, high in spans.substrings if first <= low and high <= last)
        begin = bisect_left(spans.gram_starts, first)
        grams = range(begin, max(begin, bisect_right(spans.gram_ends, last)))
        if not whole and not grams:
            return None
        shifted = range(grams.start + spans.first_gram, grams.stop + spans.first_gram)
        return Match(spans.item, start, end, whole, shifted)


@dataclass(frozen=True)
class _Spans:
    """The spans of one part of an item, counted in the index's text."""

    item: int
    substrings: tuple[tuple[int, int, int], ...]
    "(number, start, end)"
    gram_starts: list[int]
    gram_ends: list[int]
    first_gram: int
    "Number of the first of these n-grams among those of the item."


def _absolute_spans(items: Sequence[Item], index: ItemIndex) -> Iterator[_Spans]:
    at = iter(index.spans)
    for number, item in enumerate(items):
        n_before = 0
        for part in range(len(item.parts)):
            base = next(at)[0]
            grams = [(start, end) for of, start, end in item.grams if of == part]
            substrings = enumerate(item.substrings)
            yield _Spans(
                number,
                tuple((i, base + start, base + end) for i, (of, start, end) in substrings if of == part),
                [base + start for start, _ in grams],
                [base + end for _, end in grams],
                n_before,
            )
            n_before += len(grams)


def _equal_after(text: bytes, at: int, other: bytes, place: int) -> int:
    """How many bytes are equal from here on."""
    n = 0
    while True:
        a, b = text[at + n : at + n + _CHUNK_BYTES], other[place + n : place + n + _CHUNK_BYTES]
        if a != b:
            return n + _common(a, b)
        if not a:
            return n
        n += len(a)


def _equal_before(text: bytes, at: int, other: bytes, place: int) -> int:
    """How many bytes before here are equal."""
    n = 0
    while True:
        a = text[max(0, at - n - _CHUNK_BYTES) : at - n][::-1]
        b = other[max(0, place - n - _CHUNK_BYTES) : place - n][::-1]
        if a != b:
            return n + _common(a, b)
        if not a:
            return n
        n += len(a)


def _common(a: bytes, b: bytes) -> int:
    """The length of the common beginning."""
    n = min(len(a), len(b))
    differ = np.frombuffer(a, np.uint8, n) != np.frombuffer(b, np.uint8, n)
    return int(differ.argmax()) if differ.any() else n
