"""Normalises texts so that only letters, digits and marks are compared, and finds the way back to the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evals.contamination.characters import COMPOSES, KEPT, SEPARATOR, character_classes, code_points, utf8

_KEPT_ASCII = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\x00")
_DROPPED = bytes(set(range(128)) - _KEPT_ASCII)
_LOWER = bytes(range(256)).lower()


def normalised(text: str, *, ignore_case: bool = False) -> str:
    """The letters, digits and marks (categories L, N, M) of the NFC form of `text`, in their order.

    GPT-4 Technical Report (arXiv:2303.08774), appendix C, with marks. ignore_case: folds the case before.
    """
    return joined([text], ignore_case=ignore_case).decode()


def joined(texts: Sequence[str], *, ignore_case: bool = False) -> bytes:
    """The normalised texts as UTF-8 with a zero byte between them; none of them holds one."""
    text = SEPARATOR.join([text.replace(SEPARATOR, " ") if SEPARATOR in text else text for text in texts])
    if text.isascii():
        return text.encode().translate(_LOWER if ignore_case else None, _DROPPED)
    codes = code_points(composed(text, ignore_case=ignore_case))
    return utf8(codes[(character_classes().take(codes) & KEPT).view(bool)])


def composed(text: str, *, ignore_case: bool) -> str:
    """`text` in NFC, after its case was folded if that is asked for."""
    if ignore_case:
        text = text.casefold()
    if text.isascii() or not (character_classes().take(code_points(text)) & COMPOSES).any():
        return text
    return unicodedata.normalize("NFC", text)


def kept_positions(text: str, *, ignore_case: bool = False) -> NDArray[np.int64]:
    """For each character of `normalised(text)`, the index in `text` of the character that it comes from."""
    classes = character_classes().take(code_points(text.replace(SEPARATOR, " ")))
    if unicodedata.is_normalized("NFC", text) and (not ignore_case or text.isascii()):
        return np.flatnonzero(classes & KEPT)
    starts = np.flatnonzero((classes & COMPOSES) == 0).tolist()
    starts = starts if starts and starts[0] == 0 else [0, *starts]
    found: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        found += [start] * len(normalised(text[start:end], ignore_case=ignore_case))
    return np.array(found, dtype=np.int64)


def safe_cut(text: str) -> int:
    """The largest index below len(text), at which `text` can be cut so that NFC of the parts is NFC of the whole.

    It is the place of the last character that neither composes nor combines; len(text) where there is none.
    """
    for index in range(len(text) - 1, 0, -1):
        if not character_classes()[ord(text[index])] & COMPOSES:
            return index
    return len(text)
