"""Parses a line of JSON into a row; errors name the file, line, column and the fix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from evals.errors import BadSample, DataError

CHUNK_BYTES = 1 << 18
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
    r"""The lines of a binary file with their ends, which are \n, \r\n or \r. Nothing else ends a line."""
    tail = b""
    while chunk := file.read(CHUNK_BYTES):
        lines = (tail + chunk).splitlines(keepends=True)
        tail = lines.pop()
        yield from lines
    if tail:
        yield tail
