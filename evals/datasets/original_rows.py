"""Reads the rows of a published original unchanged: JSON lines, tables, Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.datasets.json_rows import decode_row, universal_lines
from evals.datasets.plain_rows import NumberedRow
from evals.datasets.tables import TABLE_FORMS, rows_of_table
from evals.errors import BadSample


def original_rows(original: Path) -> Iterator[NumberedRow]:
    """The rows of the original, numbered from 1.

    Raises:
        DataError: the file or a row cannot be read.
    """
    if original.suffix in TABLE_FORMS:
        for number, (_, row) in enumerate(rows_of_table(str(original), str(original), original.suffix), start=1):
            yield NumberedRow(number, row)
        return
    with open(original, "rb") as file:
        for line, raw in enumerate(universal_lines(file), start=1):
            yield NumberedRow(line, decode_row(raw, str(original), line))


def field(row: Any, key: str, original: Path, number: int) -> Any:
    """The value of `key` in a row.

    Raises:
        BadSample: the row has no such key, so the original has another schema than expected.
    """
    if not isinstance(row, dict) or key not in row:
        found = ", ".join(row) if isinstance(row, dict) else type(row).__name__
        raise BadSample(f"the original has no {key!r}", where=f"{original}:{number}", notes=[f"found: {found}"])
    return row[key]
