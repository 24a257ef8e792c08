"""Reads the rows of CSV, TSV and Parquet tables as titles and cells, each with its place, whatever wrote the file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.comparison.ladder import DECIMAL_COMMA
from evals.errors import DataError, MissingExtra, listed
from evals.record.special_files import refuse_special

Row = Mapping[str, Any]
SEPARATORS = (",", ";", "\t")
_UNIT = re.compile(r"\s*[(\[]\s*flops?\s*[)\]]$", re.IGNORECASE)


def table_rows(path: str, known: Sequence[str]) -> list[tuple[str, Row]]:
    """`file:line` and the cells of each row, by title. Rows without any text are left out, and lines that begin with #.

    known: titles that are found in whatever case they stand: `Compute FLOPs` and `compute (FLOPs)` are `compute_flops`
    and `compute`. The separator of CSV is the one of comma, semicolon and tab that the titles have most. Numbers of a
    table with semicolons may have a decimal comma.

    Raises:
        DataError: the file cannot be read, has no rows, or a row has another number of cells than there are titles.
        MissingExtra: Parquet without pyarrow.
    """
    is_parquet = path.lower().endswith(".parquet")
    rows = [(where, row) for where, row in (_parquet_rows if is_parquet else _csv_rows)(path, known) if _has_text(row)]
    if not rows:
        raise DataError(
            "the table has no rows", where=path, fix="write titles in its first line and a model in each row"
        )
    return rows


def plain_title(title: str, known: Sequence[str]) -> str:
    """The known title that is meant, whatever its case; else the title itself, without space around it.

    Titles of one letter are taken as they are: N is often the parameters of a model, n the samples.
    """
    bare = re.sub(r"[\s-]+", "_", _UNIT.sub("", title.strip()).casefold())
    return bare if bare in known and len(bare) > 1 else title.strip()


def _has_text(row: Row) -> bool:
    return any(str(cell).strip() for cell in row.values() if cell is not None)


def _titles(given: Sequence[str], known: Sequence[str], where: str) -> list[str]:
    titles = [plain_title(title, known) for title in given]
    twice = next((title for title in titles if title and titles.count(title) > 1), None)
    if twice is not None:
        raise DataError(f"two columns are called {twice!r}", where=where, fix="give each column a name of its own")
    return titles


def _csv_rows(path: str, known: Sequence[str]) -> Iterator[tuple[str, Row]]:
    kept = [(number, line) for number, line in enumerate(_text_of(path).splitlines(), start=1) if _is_kept(line)]
    if not kept:
        return
    separator = max(SEPARATORS, key=kept[0][1].count)
    cells = csv.reader([line for _, line in kept], delimiter=separator)
    titles: list[str] | None = None
    try:
        for row in cells:
            where = f"{path}:{kept[cells.line_num - 1][0]}"
            if titles is None:
                titles = _titles(row, known, where)
                continue
            if len(row) != len(titles):
                fix = f"put cells that hold {'a tab' if separator == chr(9) else repr(separator)} in double quotes"
                raise DataError(f"{len(row)} cells, and {len(titles)} titles", where=where, fix=fix)
            stripped = (cell.strip() for cell in row)
            if separator == ";":
                stripped = (DECIMAL_COMMA.sub(r"\1.\2", cell) for cell in stripped)
            yield where, dict(zip(titles, stripped, strict=True))
    except csv.Error as error:
        where = f"{path}:{kept[cells.line_num - 1][0]}"
        raise DataError(f"cannot be read as CSV: {error}", where=where, fix="write plain UTF-8 text") from None


def _is_kept(line: str) -> bool:
    return bool(line.strip()) and line[0] != "#"


def _text_of(path: str) -> str:
    try:
        refuse_special(path, pipes=True)
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path, fix="name a file that is there") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"not UTF-8: {error.reason} at byte {error.start}", where=path, fix="save the table as CSV in UTF-8"
        ) from None


def _parquet_rows(path: str, known: Sequence[str]) -> Iterator[tuple[str, Row]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("reading Parquet", "data") from None
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(
            f"cannot be read as Parquet: {error}"[:200], where=path, fix="write the file again, or save it as CSV"
        ) from None
    titles = _titles(table.column_names, known, path)
    for number, row in enumerate(table.to_pylist(), start=1):
        yield f"{path}:row {number}", dict(zip(titles, row.values(), strict=True))


def column_of(titles: Sequence[str], names: Sequence[str], what: str, path: str, more: str = "") -> str:
    """The first of `names` that is a title. what: for the message. more: what else may be done.

    Raises:
        DataError: none is.
    """
    found = next((name for name in names if name in titles), None)
    if found is None:
        notes = [f"columns found: {listed(titles, 10)}"]
        fix = f"call it {' or '.join(names)}{more}"
        raise DataError(f"no column for {what}", where=f"{path}:1", notes=notes, fix=fix)
    return found
