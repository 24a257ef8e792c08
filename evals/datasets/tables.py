"""Reads rows from CSV, TSV, JSON arrays and Parquet."""

from __future__ import annotations

import csv
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from evals.datasets.json_rows import MAX_LINE_BYTES, STRICT_DECODER, RepeatedKeyError, line_too_long
from evals.datasets.opening import open_binary, open_text
from evals.datasets.plain_rows import NumberedRow
from evals.errors import DataError, MissingExtra, listed

TABLE_FORMS = (".csv", ".tsv", ".json", ".parquet")
READ_CHARS = 1 << 20
PARQUET_BATCH = 1024


NOT_PARQUET = "name it by what it is (.jsonl, .csv), or write it again"


def rows_of_table(source: str, shown: str, form: str, *, read_chars: int = READ_CHARS) -> Iterator[NumberedRow]:
    """The rows of the file `source`. shown: its name in errors. form: one of TABLE_FORMS.

    read_chars: how many characters of a JSON array are read at a time.

    Raises:
        DataError: the file or a row cannot be read.
        MissingExtra: Parquet without pyarrow.
    """
    readers: dict[str, Callable[[str, str], Iterator[NumberedRow]]] = {
        ".csv": lambda path, name: _csv_rows(path, name, ","),
        ".tsv": lambda path, name: _csv_rows(path, name, "\t"),
        ".json": lambda path, name: _json_rows(path, name, read_chars),
        ".parquet": _parquet_rows,
    }
    return readers[form](source, shown)


def _csv_rows(source: str, shown: str, delimiter: str) -> Iterator[NumberedRow]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with open_text(source, newline="") as file:
        try:
            lines = _lines(file)
            first = next(lines, "")
            delimiter = _separator(first, delimiter)
            reader = csv.reader(itertools.chain([first] if first else [], lines), delimiter=delimiter, strict=True)
            header = next(reader, None)
            if not header:
                raise DataError("no first line with column names", where=shown, fix="name the columns in line 1")
            n_index = _index_columns(header)
            _refuse_bad_header(header[n_index:], shown)
            begins = reader.line_num + 1
            for cells in reader:
                if cells:
                    yield NumberedRow(begins, _named(cells, header, f"{shown}:{begins}", n_index))
                begins = reader.line_num + 1
        except csv.Error as error:
            raise DataError(
                f"not {'TSV' if delimiter == chr(9) else 'CSV'}: {error}",
                where=f"{shown}:{reader.line_num}",
                fix='put texts that hold quotes or newlines in "...", with quotes in them doubled',
            ) from None


def _separator(header: str, usual: str) -> str:
    """What stands between cells. Spreadsheets write semicolons into CSV where a comma is the decimal sign."""
    found = [mark for mark in (usual, ";", "\t") if mark in header]
    return found[0] if found else usual


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of a text file, none of them longer than MAX_LINE_BYTES."""
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise line_too_long()
        yield line


def _index_columns(header: list[str]) -> int:
    """How many columns without a name the table begins with: pandas writes the index of its rows there."""
    return next((number for number, name in enumerate(header) if name), 0)


def _refuse_bad_header(header: list[str], shown: str) -> None:
    repeated = [name for number, name in enumerate(header) if name in header[:number]]
    if repeated or "" in header:
        what = f"two columns are called {repeated[0]!r}" if repeated else "a column has no name"
        raise DataError(what, where=f"{shown}:1", notes=[f"line 1: {listed(header)}"], fix="name each column once")


def _named(cells: list[str], header: list[str], where: str, n_index: int) -> dict[str, Any]:
    if len(cells) != len(header):
        raise DataError(
            f"{len(cells)} cells, but line 1 names {len(header)} columns",
            where=where,
            notes=[f"columns: {listed(header)}", f"last cell: {cells[-1][:60]!r}"],
            fix='put texts that hold the separator in "..."',
        )
    return dict(zip(header[n_index:], cells[n_index:], strict=True))


def _json_rows(source: str, shown: str, read_chars: int) -> Iterator[NumberedRow]:
    with open_text(source) as file:
        for number, row in enumerate(_elements(_Window(file, read_chars), shown)):
            if not isinstance(row, dict):
                what = f"a row must be a JSON object, this one is a {type(row).__name__}"
                raise DataError(what, where=f"{shown}[{number}]", fix='write it as {"input": ..., "ideal": ...}')
            yield NumberedRow(number, row)


class _Window:
    """The part of a text file that is in memory and not parsed yet, and the line on which it begins."""

    def __init__(self, file: TextIO, read_chars: int) -> None:
        self.file, self.text, self.pos, self.line = file, "", 0, 1
        self.read_chars = read_chars

    def more(self, n_chars: int | None = None) -> bool:
        """Read more of the file; False at its end."""
        self.line += self.text.count("\n", 0, self.pos)
        added = self.file.read(n_chars or self.read_chars)
        self.text, self.pos = self.text[self.pos :] + added, 0
        return bool(added)

    def peek(self) -> str:
        """The next character that is not white space, without consuming it; empty at the end of the file."""
        while True:
            while self.pos < len(self.text):
                if not self.text[self.pos].isspace():
                    return self.text[self.pos]
                self.pos += 1
            if not self.more():
                return ""

    def line_at(self, pos: int) -> int:
        return self.line + self.text.count("\n", 0, pos)


def _elements(window: _Window, shown: str) -> Iterator[Any]:
    """The members of a JSON array, parsed one at a time, so that a large array needs little memory.

    Two objects or more without an array around them are JSON lines under another name, as BFCL's files are.
    """
    if window.peek() == "{":
        yield from _objects_alone(window, shown)
        return
    if window.peek() != "[":
        raise _no_array(shown)
    window.pos += 1
    if window.peek() == "]":
        return
    while True:
        yield _element(window, shown)
        mark = window.peek()
        window.pos += 1
        if mark == "]":
            return
        if mark != ",":
            where = f"{shown}:{window.line_at(window.pos)}"
            raise DataError("not JSON: `,` or `]` is missing after a row", where=where, fix="correct the file there")


def _objects_alone(window: _Window, shown: str) -> Iterator[Any]:
    first = _element(window, shown)
    if window.peek() != "{":
        raise _no_array(shown, first)
    yield first
    while window.peek() == "{":
        yield _element(window, shown)
    if window.peek():
        where = f"{shown}:{window.line_at(window.pos)}"
        raise DataError("not JSON: an object is missing after a row", where=where, fix="correct the file there")


def _no_array(shown: str, found: Any = None) -> DataError:
    """found: the only value of the file."""
    lists = [name for name, value in found.items() if isinstance(value, list)] if isinstance(found, dict) else []
    return DataError(
        "a .json dataset must be one array of objects",
        where=shown,
        fix=f"keep nothing of it but the list under {lists[0]!r}"
        if lists
        else "put [ and ] around the rows, or name the file .jsonl if it has one object a line",
    )


def _element(window: _Window, shown: str) -> Any:
    window.peek()
    n_chars = window.read_chars
    while True:
        try:
            value, end = STRICT_DECODER.raw_decode(window.text, window.pos)
        except RepeatedKeyError as error:
            where = f"{shown}:{window.line_at(window.pos)}"
            raise DataError(f"{error.what} in the row here", where=where, fix=error.fix) from None
        except RecursionError:
            raise DataError("the JSON is nested too deeply", where=shown, fix="flatten the rows") from None
        except json.JSONDecodeError as error:
            offset = error.pos - window.pos
            if _is_cut(error) and window.more(n_chars):
                n_chars *= 2
                if n_chars > MAX_LINE_BYTES:
                    raise line_too_long() from None
                continue
            where = f"{shown}:{window.line_at(window.pos + offset)}"
            raise DataError(f"not JSON: {error.msg}", where=where, fix="correct the file there") from None
        if end == len(window.text) and window.more():
            continue
        window.pos = end
        return value


def _is_cut(error: json.JSONDecodeError) -> bool:
    """Whether more text could resolve the error: a string is open, or the error is at the very end."""
    return error.msg.startswith("Unterminated string") or error.pos > len(error.doc) - 16


def _parquet_rows(source: str, shown: str) -> Iterator[NumberedRow]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("reading Parquet files", "data") from None
    number = 0
    try:
        with open_binary(source) as file, pyarrow.parquet.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=PARQUET_BATCH):
                for row in batch.to_pylist():
                    yield NumberedRow(number, row)
                    number += 1
    except pyarrow.ArrowException as error:
        raise DataError(f"not a Parquet file: {str(error).splitlines()[0]}", where=shown, fix=NOT_PARQUET) from None
