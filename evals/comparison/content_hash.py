"""Hashes of prompts and rows, by which questions of two runs are told apart."""

from __future__ import annotations

import hashlib
from typing import Any

from evals.sample import LABEL_KEYS

_LABELS = frozenset({*LABEL_KEYS, "id"})


def content_hash(value: Any) -> int:
    """A hash of 64 bits (BLAKE2b) of a parsed prompt or row; never 0, which means "not recorded".

    The keys of an object are sorted first. `repr` is three times as fast as JSON, and reading a record spends most of
    its time here.
    """
    if isinstance(value, dict):
        value = sorted(value.items())
    text = value if isinstance(value, str) else repr(value)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def row_hash(row: Any) -> int:
    """`content_hash` of a row without its labels and its id: a row with a new category is the same question."""
    if isinstance(row, dict) and not _LABELS.isdisjoint(row):
        row = {key: value for key, value in row.items() if key not in _LABELS}
    return content_hash(row)
