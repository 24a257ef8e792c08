"""The questions that are looked for: their normalised texts, the substrings drawn from them, and their 13-grams."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from evals.contamination.characters import KEPT, UNSPACED, character_classes, code_points, utf8
from evals.contamination.normalise import composed

Offsets = NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """How questions are looked for. The defaults are those of the GPT-4 Technical Report, appendix C."""

    n_substrings: int = 3
    length: int = 50
    "Characters of a substring."
    min_length: int = 20
    "A question with fewer characters is too short to judge: it would be found by chance."
    n_words: int = 13
    "Words of an n-gram."
    min_gram_bytes: int = 40
    "An n-gram with less text takes in further words: thirteen digits say nothing."
    ignore_case: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Part:
    """One text of a question: normalised, with its words. Nothing is looked for across two parts."""

    text: bytes
    "Normalised, UTF-8."
    word_starts: Offsets
    "In bytes of `text`, shape (n_words,)."
    word_ends: Offsets


@dataclass(frozen=True)
class Item:
    """A question with what is looked for. Spans are (part, start, end), in bytes of the part's text."""

    sample_id: str
    parts: tuple[Part, ...]
    substrings: tuple[tuple[int, int, int], ...]
    "Empty where the question is too short to judge."
    grams: tuple[tuple[int, int, int], ...]
    "Empty where it has too few words."
    row_id: str | None = None
    "The `id` that the row itself has, as questions of exams do."

    @property
    def n_words(self) -> int:
        return sum(len(part.word_starts) for part in self.parts)

    @property
    def too_short(self) -> bool:
        return not self.substrings


def make_item(sample_id: str, texts: Sequence[str], rule: Rule, row_id: str | None = None) -> Item:
    """The item of one sample. texts: its fields; where none is long enough for a substring, they are one text.

    The substrings are drawn at random, from all places where one fits, by a generator seeded with the sample's id.
    """
    parts = [part for text in texts if (part := make_part(text, rule.ignore_case)).text]
    lengths = [len(part.text.decode()) for part in parts]
    if len(parts) > 1 and max(lengths) < rule.length:
        parts = [make_part("\n".join(texts), rule.ignore_case)]
        lengths = [len(parts[0].text.decode())]
    rng = random.Random(f"{rule.seed} {sample_id}")
    return Item(
        sample_id,
        tuple(parts),
        tuple(_drawn(parts, lengths, rule, rng)),
        tuple((number, start, end) for number, part in enumerate(parts) for start, end in _grams(part, rule)),
        row_id,
    )


def make_part(text: str, ignore_case: bool) -> Part:
    """The normalised text, and where its words begin and end.

    A word is a run of letters, digits and marks; in scripts without spaces each letter is one.
    """
    codes = code_points(composed(text.replace("\x00", " "), ignore_case=ignore_case))
    classes = character_classes().take(codes)
    kept = (classes & KEPT).view(bool)
    alone = (classes & UNSPACED) > 0
    after_break = np.concatenate([[True], ~kept[:-1]]) if len(kept) else kept
    after_alone = np.concatenate([[False], alone[:-1]]) if len(kept) else kept
    begins = kept & (after_break | alone | (after_alone & ((classes & UNSPACED) == 0) & _is_base(codes)))
    letters = codes[kept]
    widths = 1 + (letters >= 0x80).astype(np.int64) + (letters >= 0x800) + (letters >= 0x10000)
    offsets = np.concatenate([[0], np.cumsum(widths)])
    numbers = np.flatnonzero(begins[kept])
    ends = offsets[np.append(numbers[1:], len(letters))] if len(numbers) else offsets[:0]
    return Part(utf8(letters), offsets[numbers], ends)


def _is_base(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether a character is no mark: marks belong to the letter before them."""
    import unicodedata

    return np.array([unicodedata.category(chr(code))[0] != "M" for code in codes.tolist()], dtype=bool)


def _drawn(parts: Sequence[Part], lengths: Sequence[int], rule: Rule, rng: random.Random) -> list[tuple[int, int, int]]:
    places = [(part, start) for part, n in enumerate(lengths) for start in range(n - rule.length + 1)]
    if places:
        chosen = sorted(rng.sample(places, min(rule.n_substrings, len(places))))
        return [(part, *_byte_span(parts[part], start, start + rule.length)) for part, start in chosen]
    if len(parts) == 1 and lengths[0] >= rule.min_length:
        return [(0, 0, len(parts[0].text))]
    return []


def _byte_span(part: Part, start: int, end: int) -> tuple[int, int]:
    text = part.text.decode()
    first = len(text[:start].encode())
    return first, first + len(text[start:end].encode())


def _grams(part: Part, rule: Rule) -> list[tuple[int, int]]:
    starts, ends = part.word_starts, part.word_ends
    if len(starts) < rule.n_words:
        return []
    last = np.arange(len(starts)) + rule.n_words - 1
    last = np.maximum(last, np.searchsorted(ends, starts + rule.min_gram_bytes))
    inside = last < len(starts)
    return list(zip(starts[inside].tolist(), ends[last[inside]].tolist(), strict=True))


def items_digest(items: Sequence[Item], rule: Rule) -> str:
    """A hash of what is looked for, in hex: of the rule, the texts and the spans."""
    import unicodedata

    digest = hashlib.sha256(json.dumps([asdict(rule), unicodedata.unidata_version]).encode())
    for item in items:
        spans = [item.sample_id, item.substrings, item.grams, [len(part.text) for part in item.parts]]
        digest.update(json.dumps(spans).encode())
        for part in item.parts:
            digest.update(part.text)
    return digest.hexdigest()
