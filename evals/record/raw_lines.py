"""Reads the lines of a record as bytes, also of a cut compressed file, and parses one."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.record.segments import MAX_LINE_BYTES as MAX_LINE_BYTES
from evals.record.segments import n_segments, not_compressed, segment_lines, unpacked_lines

_decoder = json.JSONDecoder(parse_constant=lambda _: None)


def raw_lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, bytes) of each line, counted over the segments that come before the file and the file itself.

    A compressed file (`.gz`, `.zst`) that was cut gives the lines that can be unpacked.

    Raises:
        DataError: a segment is missing or damaged, or the file is not compressed as its name says.
        MissingExtra: zstandard is not installed.
    """
    end = 0
    for raw in _lines(path):
        start, end = end, end + len(raw)
        yield start, end, raw


def _lines(path: Path) -> Iterator[bytes]:
    if path.suffix == ".zst":
        yield from unpacked_lines(path)
        return
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        try:
            raw = _first_line(file, path)
            if n := n_segments(raw):
                yield from segment_lines(path, n)
            while raw:
                yield raw
                raw = file.readline(MAX_LINE_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return


def _first_line(file: gzip.GzipFile | io.BufferedReader, path: Path) -> bytes:
    try:
        return file.readline(MAX_LINE_BYTES)
    except gzip.BadGzipFile:
        raise not_compressed(path, "gzip") from None


def parsed_line(raw: bytes) -> dict[str, Any] | None:
    """The object in one line; None if the line is not a JSON object. A bare NaN becomes None."""
    try:
        text = raw.decode("utf-8")
        if text.startswith("{") and text.endswith("}\n"):  # as lines are written: without two searches for blanks
            line, end = _decoder.raw_decode(text)
            if end != len(text) - 1:
                return None
        else:
            line = _decoder.decode(text.strip())
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None
