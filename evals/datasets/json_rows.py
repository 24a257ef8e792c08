"""Parses a line of JSON into a row; errors name the file, line, column and the fix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from evals.errors import BadSample, DataError

CHUNK_BYTES = 1 << 18
MAX_LINE_BYTES = 256 << 20
"A row that is longer is taken for a file without lines: a few kilobytes of compressed data may hold gigabytes of it."
LFS_HEAD = b"version https://git-lfs.github.com/spec/"

_MAGIC = {
    b"\x1f\x8b": ("gzip data", "give the file a name that ends in .gz"),
    b"\x28\xb5\x2f\xfd": ("zstandard data", "give the file a name that ends in .zst"),
    b"\x04\x22\x4d\x18": ("LZ4 data", "give the file a name that ends in .lz4"),
    b"PAR1": ("a Parquet file", "give the file a name that ends in .parquet"),
    b"\xff\xfe": ("UTF-16 text", "save the file as UTF-8"),
    b"\xfe\xff": ("UTF-16 text", "save the file as UTF-8"),
    b"PK\x03\x04": ("a ZIP archive", "unpack it"),
}

_decode = json.JSONDecoder().decode


class RepeatedKeyError(ValueError):
    """An object has a key twice. what: the key in words. fix: both values."""

    def __init__(self, key: str, first: Any, last: Any) -> None:
        self.what = f"the key {key!r} appears twice"
        self.fix = f"remove one: first {_short(first)}, then {_short(last)}"
        super().__init__(self.what)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 30 else f"{text[:27]}..."


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        keys = [key for key, _ in pairs]
        key = next(key for key in keys if keys.count(key) > 1)
        raise RepeatedKeyError(key, *[value for name, value in pairs if name == key][:: keys.count(key) - 1])
    return row


STRICT_DECODER = json.JSONDecoder(object_pairs_hook=_unique)
"Raises RepeatedKeyError. Costs 0.4 microseconds an object more than a plain decoder."


class BadRowError(BadSample, ValueError):
    """A line is not JSON. This is also a ValueError, which openai/evals raises here."""


def decode_row(raw: bytes, path: str, line: int | None) -> Any:
    """The JSON value of one line of a data file. path, line (from 1, or None): for messages.

    Raises:
        BadRowError: the line is not JSON.
    """
    try:
        return _decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise bad_row(error, raw, path, line) from None


def decode_row_and_doubt(raw: bytes, path: str, line: int | None) -> tuple[Any, tuple[str, str] | None]:
    """As `decode_row`, and (what, fix) about a key that appears twice: of its values the last one is in the row.

    Raises:
        BadRowError: the line is not JSON.
    """
    try:
        return STRICT_DECODER.decode(raw.decode()), None
    except RepeatedKeyError as error:
        return decode_row(raw, path, line), (error.what, error.fix)
    except (ValueError, RecursionError) as error:
        raise bad_row(error, raw, path, line) from None


def bad_row(error: BaseException, raw: bytes, path: str, line: int | None) -> BadRowError:
    """The error for a line `raw` that could not be parsed because of `error`."""
    where = path if line is None else f"{path}:{line}"
    if isinstance(error, UnicodeDecodeError):
        column = error.start + 1
        what = f"byte 0x{error.object[error.start]:02x} at column {column} is not UTF-8"
        return BadRowError(what, where=where, fix="save the file as UTF-8")
    if isinstance(error, RecursionError):
        return BadRowError("the JSON is nested too deeply", where=where, fix="flatten the row")
    text = raw.decode("utf-8", "replace")
    if not isinstance(error, json.JSONDecodeError):
        return BadRowError(f"not JSON: {error}", where=where, fix="correct this row")
    near = text[max(0, error.pos - 30) : error.pos + 30].strip()
    return BadRowError(
        f"not JSON: {error.msg}" + (f" at column {error.pos + 1}" if line is None else ""),
        where=where if line is None else f"{where}:{error.pos + 1}",
        notes=[f"near: {near}" if near else ""],
        fix=_json_fix(text, error),
    )


def _json_fix(text: str, error: json.JSONDecodeError) -> str:
    body = text.strip()
    if body in ("[", "{") or body.endswith(("{", "[", ",")):
        return "put each row on one line (JSON Lines), or name the file .json if it is one JSON array"
    if error.msg.startswith("Extra data"):
        return "one JSON object a line: start a new line after the first"
    if body.startswith("{'") or "': '" in body:
        return "JSON needs double quotes, not single ones"
    if error.msg.startswith("Unterminated string") or (error.msg.startswith("Expecting") and error.pos >= len(body)):
        return "the line ends too early: complete it or delete it"
    return "correct this line so that it is one JSON object"


def refuse_wrong_kind(head: bytes, path: str) -> None:
    """Raise DataError if a file begins as a Git LFS pointer, a compressed file, an archive or UTF-16 does."""
    if head.startswith(LFS_HEAD):
        raise DataError(
            "this is a Git LFS pointer, not the data",
            where=path,
            fix="run `git lfs install && git lfs pull` in that repository",
        )
    for magic, (kind, fix) in _MAGIC.items():
        if head.startswith(magic):
            raise DataError(f"this is {kind}, not JSON lines", where=path, fix=fix)


def universal_lines(file: BinaryIO) -> Iterator[bytes]:
    r"""The lines of a binary file with their ends, which are \n, \r\n or \r. Nothing else ends a line.

    Raises:
        DataError: a line is longer than MAX_LINE_BYTES.
    """
    parts: list[bytes] = []
    while chunk := file.read(CHUNK_BYTES):
        if parts and parts[-1].endswith(b"\r"):  # the line ends here, or with the \n that may come now
            chunk, parts = b"".join(parts) + chunk, []
        first, *others = chunk.splitlines(keepends=True)
        parts.append(first)
        for line in others:
            yield b"".join(parts)
            parts = [line]
        if parts[-1].endswith(b"\n"):
            yield b"".join(parts)
            parts = []
        elif len(parts) * CHUNK_BYTES > MAX_LINE_BYTES:
            raise line_too_long()
    if parts:
        yield b"".join(parts)


def line_too_long() -> DataError:
    """The error for a line that is longer than MAX_LINE_BYTES; `where` is filled in by whoever knows the file."""
    what = f"a line is longer than {MAX_LINE_BYTES >> 20} MiB"
    return DataError(what, fix="put each row on its own line, and large texts in files")
