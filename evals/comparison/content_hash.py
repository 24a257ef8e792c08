"""Hashes of prompts and rows, by which questions of two runs are told apart."""

from __future__ import annotations

from typing import Any

from evals.sample import LABEL_KEYS

_LABELS = frozenset({*LABEL_KEYS, "id"})


def content_hash(value: Any) -> int:
    """A hash of a parsed prompt or row, never 0, which means "not recorded". It holds in this process alone.

    The keys of an object are sorted first. Python's own keyed hash of the `repr` takes a third of the time of BLAKE2b
    on JSON text, and reading a record spends much of its time here.
    """
    if isinstance(value, dict):
        value = sorted(value.items())
    return hash(value if isinstance(value, str) else repr(value)) or 1


def row_hash(row: Any) -> int:
    """`content_hash` of a row without its labels and its id: a row with a new category is the same question."""
    if isinstance(row, dict) and not _LABELS.isdisjoint(row):
        row = {key: value for key, value in row.items() if key not in _LABELS}
    return content_hash(row)
