"""Which characters of a text count: letters, digits and marks, after NFC. A table of flags by code point."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
CodePoints = NDArray[np.uint32]

KEPT = 1
"Unicode category L, N or M. Without the marks (M) Indic and Thai words would lose their vowels."
COMPOSES = 2
"NFC may change it or join it to the character before: a text without such characters is in NFC already."
UNSPACED = 4
"A letter of a script that puts no spaces between words."

SEPARATOR = "\x00"
"Stands between texts that are normalised together. It is kept, and stands in no text."

_UNUSED = range(0x40000, 0xE0000)
"Planes without characters: leaving them out makes the table in 0.1 s."
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_JAMO = ((0x1161, 0x1175), (0x11A8, 0x11C2))
"Vowels and final consonants of Hangul, which join the syllable before them."


@functools.cache
def character_classes() -> Bytes:
    """Flags of every code point, shape (0x110000,)."""
    classes = np.zeros(0x110000, np.uint8)
    for code in range(0x110000 - 0x20000):
        if code not in _UNUSED:
            classes[code] = _flags(chr(code))
    for first, last in (*_second_of_pairs(), *_JAMO):
        classes[first : last + 1] |= COMPOSES
    classes[0xD800:0xE000] = 0
    classes[ord(SEPARATOR)] = KEPT
    return classes


def _flags(char: str) -> int:
    category = unicodedata.category(char)
    code = ord(char)
    flags = KEPT if category[0] in "LNM" else 0
    if unicodedata.combining(char) or not unicodedata.is_normalized("NFC", char):
        flags |= COMPOSES
    if category[0] == "L" and any(first <= code <= last for first, last in _UNSPACED):
        flags |= UNSPACED
    return flags


def _second_of_pairs() -> Iterator[tuple[int, int]]:
    """Characters that join the one before them though they combine with nothing by their class: some vowel signs."""
    for code in range(0x30000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            yield (int(parts[1], 16), int(parts[1], 16))


def code_points(text: str) -> CodePoints:
    """The code points of `text`, shape (len(text),); lone surrogates too, which JSON may hold."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def utf8(codes: CodePoints) -> bytes:
    """UTF-8 of code points without surrogates."""
    return codes.tobytes().decode("utf-32-le").encode()
