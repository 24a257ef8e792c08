"""Reads the documents of a unit of the corpus: JSON lines, texts, tables, Parquet; errors name file and line."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from evals.contamination.corpus import LINE_TEXT, LINES, PARQUET, TABLE, Reading, Unit
from evals.contamination.pieces import PIECE_CHARS, Piece, pieces_of
from evals.datasets.expand import without_compression
from evals.datasets.json_rows import MAX_LINE_BYTES, decode_row, line_too_long, refuse_wrong_kind
from evals.datasets.opening import open_binary, reading
from evals.datasets.tables import rows_of_table
from evals.errors import BadSample, DataError, MissingExtra, listed

DEFAULT_KEYS = ("text", "content", "raw_content")
_READ_BYTES = 1 << 21
_PARQUET_ROWS = 256


class DocumentReader:
    """Iterates over the pieces of a unit's documents, and counts.

    overlap: letters, digits and marks that neighbouring pieces of one document share.
    """

    def __init__(self, unit: Unit, reading_as: Reading, overlap: int) -> None:
        self.unit, self.reading_as, self.overlap = unit, reading_as, overlap
        self.n_documents = 0
        self.n_broken = 0
        self.n_lines = 0
        "Of a unit of lines, when it has been read."

    def __iter__(self) -> Iterator[Piece]:
        with reading(self.unit.path):
            if self.unit.form == LINES:
                yield from self._json_lines()
            elif self.unit.form == LINE_TEXT:
                yield from self._text_lines()
            elif self.unit.form == TABLE:
                yield from self._table()
            elif self.unit.form == PARQUET:
                yield from self._parquet()
            else:
                yield from self._pieces(1, _decoded(self.unit.path, self.reading_as.skip_broken))

    def _pieces(self, line: int | None, blocks: Iterator[str]) -> Iterator[Piece]:
        self.n_documents += 1
        return pieces_of(self.n_documents - 1, line, blocks, self.overlap)

    def _document(self, line: int | None, text: str) -> Iterator[Piece]:
        if len(text) > PIECE_CHARS:
            yield from self._pieces(line, iter([text]))
            return
        self.n_documents += 1
        yield Piece(self.n_documents - 1, line, text)

    def _json_lines(self) -> Iterator[Piece]:
        for line, raw in self._lines():
            if not raw or raw.isspace():
                continue
            try:
                text = row_text(decode_row(raw, self.unit.path, line), self.reading_as, self._where(line))
            except BadSample as error:
                self._broken(error, line)
                continue
            yield from self._document(line, text)

    def _text_lines(self) -> Iterator[Piece]:
        for line, raw in self._lines():
            try:
                text = raw.decode()
            except UnicodeDecodeError as error:
                what = f"byte 0x{raw[error.start]:02x} at column {error.start + 1} is not UTF-8"
                fix = "save the file as UTF-8, or leave such lines out: --skip-broken"
                self._broken(BadSample(what, fix=fix), line)
                continue
            if text and not text.isspace():
                yield from self._document(line, text)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the unit, each with its number in the unit."""
        with open_binary(self.unit.path) as file:
            for raw in split_lines(self._blocks(file)):
                self.n_lines += 1
                yield self.n_lines, raw

    def _blocks(self, file: BinaryIO) -> Iterator[bytes]:
        unit = self.unit
        if unit.is_compressed or not unit.start:
            yield from _chunks(file, unit.path, None if unit.is_compressed else unit.n_bytes)
            return
        file.seek(unit.start)
        left = unit.n_bytes
        while left > 0 and (chunk := file.read(min(left, _READ_BYTES))):
            left -= len(chunk)
            yield chunk

    def _broken(self, error: BadSample, line: int) -> None:
        """Count a row that cannot be read, or raise its error with the number of its line in the whole file."""
        if self.reading_as.skip_broken:
            self.n_broken += 1
            return
        before = 0 if self.unit.is_compressed else lines_before(self.unit)
        where = (error.where or self.unit.path).removeprefix(self.unit.path).removeprefix(f":{line}")
        error.where = f"{self.unit.path}:{before + line}{where}"
        raise error

    def _where(self, line: int) -> str:
        return f"{self.unit.path}:{line}"

    def _table(self) -> Iterator[Piece]:
        path = self.unit.path
        form = "." + without_compression(path).rpartition(".")[2].lower()
        for number, row in rows_of_table(path, path, form):
            where = f"{path}[{number}]" if form == ".json" else f"{path}:{number}"
            yield from self._row(None if form == ".json" else number, row, where)

    def _row(self, line: int | None, row: Any, where: str) -> Iterator[Piece]:
        try:
            text = row_text(row, self.reading_as, where)
        except BadSample:
            if not self.reading_as.skip_broken:
                raise
            self.n_broken += 1
            return
        yield from self._document(line, text)

    def _parquet(self) -> Iterator[Piece]:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise MissingExtra("reading Parquet files", "data") from None
        path = self.unit.path
        try:
            with open_binary(path) as file, pyarrow.parquet.ParquetFile(file) as table:
                columns = self._columns(table.schema_arrow.names)
                for batch in table.iter_batches(batch_size=_PARQUET_ROWS, columns=columns):
                    for row in batch.to_pylist():
                        yield from self._row(None, row, f"{path}[{self.n_documents + self.n_broken}]")
        except pyarrow.ArrowException as error:
            raise DataError(f"not a Parquet file: {str(error).splitlines()[0]}", where=path) from None

    def _columns(self, names: list[str]) -> list[str]:
        wanted = self.reading_as.text_keys or [name for name in DEFAULT_KEYS if name in names][:1]
        missing = [name for name in wanted if name not in names]
        if missing or not wanted:
            raise no_text(missing, names, self.unit.path)
        return list(wanted)


def row_text(row: Any, reading_as: Reading, where: str) -> str:
    """The text of a row: of its text keys; lists and objects, as chats are, by all texts in them.

    Raises:
        BadSample: the row is no object, or has no such key.
    """
    if type(row) is dict and type(row.get("text")) is str and not reading_as.text_keys:
        return str(row["text"])
    if isinstance(row, str) and not reading_as.text_keys:
        return row
    if not isinstance(row, dict):
        raise BadSample("a row must be a JSON object", where=where, fix='write it as {"text": ...}')
    keys = reading_as.text_keys or [key for key in DEFAULT_KEYS if key in row][:1]
    missing = [key for key in keys if key not in row]
    if missing or not keys:
        raise no_text(missing, list(row), where)
    return "\n".join(text for key in keys for text in texts_in(row[key]))


def no_text(missing: list[str], keys: list[str], where: str) -> BadSample:
    """The error for a row or a table without the keys that hold the text."""
    what = f"no {missing[0]!r}" if missing else f"none of the keys {', '.join(DEFAULT_KEYS)}"
    return BadSample(what, where=where, notes=[f"keys found: {listed(keys, 12)}"], fix="name the key: --text-key KEY")


def texts_in(value: Any) -> Iterator[str]:
    """All texts in a JSON value, in their order; keys are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name not in ("role", "type"):
                yield from texts_in(one)


def lines_before(unit: Unit) -> int:
    """The lines of the file before the unit."""
    n, left = 0, unit.start
    with open(unit.path, "rb") as file:
        while left > 0 and (chunk := file.read(min(left, _READ_BYTES))):
            n += chunk.count(b"\n")
            left -= len(chunk)
    return n


def _decoded(path: str, skip_broken: bool) -> Iterator[str]:
    """The text of a file in blocks. skip_broken: a mark stands for each byte that is not UTF-8.

    Raises:
        DataError: it is not UTF-8, with the line.
    """
    decode = codecs.getincrementaldecoder("utf-8")("replace" if skip_broken else "strict").decode
    n_lines = 1
    with open_binary(path) as file:
        for chunk in _chunks(file, path):
            try:
                text = decode(chunk, not chunk)
            except UnicodeDecodeError as error:
                line = n_lines + error.object[: error.start].count(b"\n")
                byte = error.object[error.start]
                raise DataError(
                    f"byte 0x{byte:02x} is not UTF-8", where=f"{path}:{line}", fix="save the file as UTF-8"
                ) from None
            n_lines += chunk.count(b"\n")
            yield text


def _chunks(file: BinaryIO, path: str, n_bytes: int | None = None) -> Iterator[bytes]:
    """The first `n_bytes` of a file, or all, without its byte order mark, and an empty piece at the end."""
    left = sys.maxsize if n_bytes is None else n_bytes
    chunk = file.read(min(left, _READ_BYTES))
    refuse_wrong_kind(chunk[:64], path)
    yield chunk.removeprefix(codecs.BOM_UTF8)
    while chunk:
        left -= len(chunk)
        chunk = file.read(min(left, _READ_BYTES))
        yield chunk


def split_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in blocks of bytes, without their ends.

    Raises:
        DataError: a line is longer than MAX_LINE_BYTES.
    """
    parts: list[bytes] = []
    for block in blocks:
        first, *others = block.split(b"\n")
        parts.append(first)
        if others:
            yield b"".join(parts)
            yield from others[:-1]
            parts = others[-1:]
        elif len(parts) * _READ_BYTES > MAX_LINE_BYTES:
            raise line_too_long()
    if any(parts):
        yield b"".join(parts)
