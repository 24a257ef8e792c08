"""Writes rows as plain JSON lines, with the line numbers of their source."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from evals.datasets.cache_folder import CacheFile
from evals.errors import DataError


class NumberedRow(NamedTuple):
    """A row and its place. number: its line in the source, from 1; its number, from 0, if the source has no lines."""

    number: int
    row: dict[str, Any]


def write_rows(rows: Iterable[NumberedRow], file: CacheFile, shown: str, *, has_lines: bool) -> None:
    """Write `rows` as JSON lines. has_lines: write each on its line number, with blank lines before it if needed.

    Raises:
        DataError: a value has no JSON form, or the cache cannot be written.
    """
    written = 0
    for number, row in rows:
        blank = max(0, number - written - 1) if has_lines else 0
        where = f"{shown}:{number}" if has_lines else f"{shown}[{number}]"
        file.write(b"\n" * blank + _dumped(row, where) + b"\n")
        written += blank + 1


def _dumped(row: dict[str, Any], where: str) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        fields = [key for key, value in row.items() if not _fits_json(value)]
        raise DataError(
            f"field {fields[0]!r} cannot be written as JSON: {error}" if fields else f"not a JSON row: {error}",
            where=where,
            fix="leave that column out, or store it as text",
        ) from None


def _plain(value: Any) -> Any:
    """Dates as ISO text, numpy scalars and arrays as Python numbers and lists."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"it holds a value of type {type(value).__name__}")


def _fits_json(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, default=_plain).encode()
    except (TypeError, ValueError):
        return False
    return True
