"""Finds places in a text where it may hold a part of an item: windows of the items, tried at every s-th byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.contamination.items import Item, Rule

Offsets = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIXER = np.uint64(0xD6E8FEB86659FD93)
_LONG_WINDOW = 20
_MAX_PAIRS = 20_000
"Candidates that are looked at together: bounds the memory, also for a stem that a thousand items share."


@dataclass(frozen=True)
class _Windows:
    """All windows of `width` bytes in texts whose spans have at least `shortest` bytes.

    Such a span, wherever it stands in a text, covers a whole window that begins at a multiple of `stride`, since it has
    at least width + stride - 1 bytes. So only these windows of a text are looked up.
    """

    width: int
    stride: int
    shortest: int
    bits: int
    is_known: NDArray[np.bool_]
    "By the first bits of a hash: whether a window has them."
    hashes: Hashes
    "Sorted."
    places: Offsets
    "Where the windows begin in the index's text, in the order of `hashes`."

    def candidates(self, text: bytes) -> Iterator[tuple[Offsets, Offsets]]:
        """Places (in `text`, in the index's text) of equal windows, in the order of `text`."""
        found = _hashes(text, 0, self.width, self.stride)
        hits = np.flatnonzero(self.is_known.take((found >> np.uint64(64 - self.bits)).astype(np.intp)))
        hashes = found[hits]
        first = np.searchsorted(self.hashes, hashes, "left")
        counts = np.searchsorted(self.hashes, hashes, "right") - first
        hits, first, counts = hits[counts > 0], first[counts > 0], counts[counts > 0]
        for few in _batches(counts):
            n = counts[few]
            within = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
            yield np.repeat(hits[few] * self.stride, n), self.places[np.repeat(first[few], n) + within]


class ItemIndex:
    """The items' texts as one, and the tables by which their parts are found.

    text: all parts, a byte 1 after each. Spans of items are counted in it.
    """

    def __init__(self, items: Sequence[Item], rule: Rule) -> None:
        self.text, self.spans = _one_text(items)
        self.starts = np.array([start for start, _, _ in self.spans], dtype=np.int64)
        self._tables = list(self._make_tables(items, rule))
        self._padded = np.frombuffer(bytes(64) + self.text + bytes(64), np.uint8)

    def _make_tables(self, items: Sequence[Item], rule: Rule) -> Iterator[_Windows]:
        long, short = _lengths(items, rule)
        for shortest, width, wanted in ((rule.min_gram_bytes, _LONG_WINDOW, long), _short_class(rule, short)):
            places = [np.arange(start, end - width + 1) for start, end, number in self.spans if number in wanted]
            if places:
                yield _windows(self.text, np.concatenate(places), width, shortest)

    def candidates(self, text: bytes) -> Iterator[Iterator[tuple[int, int]]]:
        """Pairs of places (in `text`, in `self.text`) that lie in an equal stretch, long enough for some item.

        text: normalised. There is one iterator a table, and its places come in the order of the text.
        """
        padded = np.frombuffer(bytes(64) + text + bytes(64), np.uint8)
        for table in self._tables:
            yield self._candidates(table, text, padded)

    def _candidates(self, table: _Windows, text: bytes, padded: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
        reach = table.shortest - table.width
        for in_text, in_items in table.candidates(text):
            run = _equal_run(padded, self._padded, in_text - 1, in_items - 1, reach, -1)
            run += _equal_run(padded, self._padded, in_text + table.width, in_items + table.width, reach, 1)
            kept = run >= reach
            yield from zip(in_text[kept].tolist(), in_items[kept].tolist(), strict=True)


def _one_text(items: Sequence[Item]) -> tuple[bytes, list[tuple[int, int, int]]]:
    """The text of all parts, and (start, end, item) of each."""
    pieces, spans, at = [], [], 0
    for number, item in enumerate(items):
        for part in item.parts:
            pieces.append(part.text + b"\x01")
            spans.append((at, at + len(part.text), number))
            at += len(pieces[-1])
    return b"".join(pieces), spans


def _lengths(items: Sequence[Item], rule: Rule) -> tuple[set[int], set[int]]:
    """The items that have a span of at least `min_gram_bytes`, and those that have a shorter one."""
    long: set[int] = set()
    short: set[int] = set()
    for number, item in enumerate(items):
        for _, start, end in (*item.substrings, *item.grams[:1]):
            (long if end - start >= rule.min_gram_bytes else short).add(number)
    return long, short


def _short_class(rule: Rule, wanted: set[int]) -> tuple[int, int, set[int]]:
    shortest = min(rule.min_length, rule.length)
    return shortest, max(8, min(_LONG_WINDOW, shortest // 2 + 2)), wanted


def _windows(text: bytes, places: Offsets, width: int, shortest: int) -> _Windows:
    hashes = _hashes(text, 0, width, 1)[places]
    order = np.argsort(hashes, kind="stable")
    bits = int(np.clip(np.ceil(np.log2(len(places) * 16)), 16, 26))
    is_known = np.zeros(1 << bits, bool)
    is_known[(hashes >> np.uint64(64 - bits)).astype(np.intp)] = True
    return _Windows(width, shortest - width + 1, shortest, bits, is_known, hashes[order], places[order])


def _hashes(text: bytes, start: int, width: int, stride: int) -> Hashes:
    """Hashes of the windows of `width` (at least 8) bytes that begin at `start` and every `stride` bytes after it."""
    n = max(0, (len(text) - start - width) // stride + 1)
    if not n:
        return np.zeros(0, np.uint64)
    offsets = dict.fromkeys([*range(0, width - 7, 8), width - 8])
    hashes = np.zeros(n, np.uint64)
    for offset in offsets:
        words = np.ndarray((n,), "<u8", text, start + offset, (stride,))
        hashes ^= words
        hashes *= _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
    hashes *= _MIXER
    return hashes


def _batches(counts: Offsets) -> Iterator[slice]:
    """Slices of `counts` that add up to about _MAX_PAIRS each."""
    start, n = 0, len(counts)
    ends = np.cumsum(counts)
    while start < n:
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + _MAX_PAIRS, "right")))
        yield slice(start, end)
        start = end


def _equal_run(
    text: NDArray[np.uint8], items: NDArray[np.uint8], at: Offsets, place: Offsets, reach: int, step: int
) -> Offsets:
    """How many bytes, at most `reach`, are equal from `at` and `place` on. Both texts are padded by 64 bytes."""
    if not reach:
        return np.zeros(len(at), np.int64)
    way = step * np.arange(reach) + 64
    ended = text[at[:, None] + way] != items[place[:, None] + way]
    return np.where(ended.any(axis=1), ended.argmax(axis=1), reach)
