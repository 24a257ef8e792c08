"""The columns that texts take in a terminal, where a Chinese letter is as wide as two others."""

from __future__ import annotations

import unicodedata


def columns_of_char(char: str) -> int:
    """Columns that a character takes: two for East Asian wide ones, none for combining ones."""
    if char < "\u0300":
        return 1
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def columns_of(text: str) -> int:
    """Columns that a line takes."""
    return len(text) if text.isascii() else sum(map(columns_of_char, text))


def in_columns(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` columns: filled with blanks, or cut in its middle, as both ends may tell names apart.

    right: the blanks stand before it.
    """
    space = width - columns_of(text)
    if space < 0:
        tail = _ending(text, (width - 1) // 2 + (width - 1) % 2)
        head = _beginning(text, width - 1 - columns_of(tail))
        text = f"{head}…{tail}"
        space = width - columns_of(text)
    return " " * space + text if right else text + " " * space


def _beginning(text: str, width: int) -> str:
    """As much of the beginning of a text as fits."""
    end = columns = 0
    while end < len(text) and columns + columns_of_char(text[end]) <= width:
        columns += columns_of_char(text[end])
        end += 1
    return text[:end]


def _ending(text: str, width: int) -> str:
    """As much of the end of a text as fits. A combining mark is not parted from its letter."""
    start, columns = len(text), 0
    while start > 0 and columns + columns_of_char(text[start - 1]) <= width:
        start -= 1
        columns += columns_of_char(text[start])
    while start < len(text) and unicodedata.combining(text[start]):
        start += 1
    return text[start:]
