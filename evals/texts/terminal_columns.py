"""The columns that texts take in a terminal, where a Chinese letter is as wide as two others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


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
    text = _cut(text, width, (width - 1) // 2)
    space = width - columns_of(text)
    return " " * space + text if right else text + " " * space


def distinct_in_columns(names: Iterable[str], width: int) -> dict[str, str]:
    """Each name in at most `width` columns, cut so that different names stay different.

    All names that are too long are cut at one place: in the middle if that tells them apart, else at the nearest place
    that does. Where none does, because they differ in what every cut takes away, those that look alike get numbers at
    their ends: `~1`, `~2`.
    """
    found = list(dict.fromkeys(names))
    middle = (width - 1) // 2
    for head in sorted(range(max(1, width)), key=lambda place: abs(place - middle)):
        cut = [_cut(name, width, head) for name in found]
        if len(set(cut)) == len(found):
            return dict(zip(found, cut, strict=True))
    return _numbered(found, width)


def _numbered(names: list[str], width: int) -> dict[str, str]:
    """The names cut in their middles; those that then look alike end in numbers."""
    cut = {name: _cut(name, width, (width - 1) // 2) for name in names}
    taken = {text for name, text in cut.items() if text == name}
    for name in names:
        if cut[name] == name:
            continue
        text, number = cut[name], 0
        while text in taken:
            number += 1
            ending = f"~{number}"
            text = _beginning(cut[name], max(1, width - len(ending))) + ending
        taken.add(text)
        cut[name] = text
    return cut


def _cut(text: str, width: int, head: int) -> str:
    """`text` in at most `width` columns; of a longer one about `head` columns of its beginning, and its end."""
    if columns_of(text) <= width:
        return text
    tail = _ending(text, width - 1 - head)
    return f"{_beginning(text, width - 1 - columns_of(tail))}…{tail}"


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
