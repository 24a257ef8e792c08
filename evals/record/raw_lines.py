"""Reads the lines of a record as bytes, also of a cut compressed file, and parses one."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evals.errors import DataError
from evals.record.batches import SEALED_END
from evals.record.segments import MAX_LINE_BYTES as MAX_LINE_BYTES
from evals.record.segments import n_segments, not_compressed, segment_lines, unpacked_lines
from evals.record.special_files import is_of_the_system

_BLOCK = 1 << 17
_LONGEST_BATCH = 4 << 20
"A longer one is read line by line."

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


def lines_but_batches(path: Path, accept: Callable[[int, bytes], bool]) -> Iterator[tuple[int, int, bytes]]:
    """As `raw_lines`, without the lines of whole batches that `accept` takes.

    accept: is given the place where a batch ends and its lines in one piece, and returns whether it took them. Reading
    batch by batch saves most of the work of a line; compressed records are read line by line.
    """
    with open(path, "rb") as file:
        first = b"" if path.suffix in (".gz", ".zst") else file.readline(MAX_LINE_BYTES)
        if not first or n_segments(first):
            yield from raw_lines(path)
            return
        yield 0, len(first), first
        place, rest = len(first), b""
        while block := file.read(_BLOCK):
            block = rest + block
            used = 0
            while stop := _end_of_batch(block, used):
                batch = block[used:stop]
                place += len(batch)
                if not accept(place, batch):
                    yield from _placed(batch, place - len(batch))
                used = stop
            rest = block[used:]
            if len(rest) > _LONGEST_BATCH:
                if not rest.endswith(b"\n"):
                    rest += file.readline(MAX_LINE_BYTES)
                yield from _placed(rest, place)
                place, rest = place + len(rest), b""
        yield from _placed(rest, place)


def _end_of_batch(block: bytes, start: int) -> int:
    """Where the first batch after `start` ends; 0 if none does."""
    mark = block.find(SEALED_END, start)
    return 0 if mark < 0 else block.find(b"\n", mark) + 1


def _placed(lines: bytes, place: int) -> Iterator[tuple[int, int, bytes]]:
    for raw in io.BytesIO(lines):
        yield place, place + len(raw), raw
        place += len(raw)


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


def refuse_pipe(path: str | Path) -> None:
    """Raise DataError for a pipe, a device, a folder or a file in /proc: reading it may wait for ever.

    A path to nothing passes.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(found.st_mode) or is_of_the_system(found):
        fix = "name a record; what a pipe gives must be written first"
        raise DataError("this is no file", where=str(path), fix=fix)


def parsed_value(text: bytes) -> Any:
    """A JSON value as the recorder wrote it, without blanks around it. A bare NaN becomes None.

    Raises:
        ValueError: it is none.
    """
    written = text.decode("utf-8")
    value, end = _decoder.raw_decode(written)
    if end != len(written):
        raise ValueError("there is more than one JSON value")
    return value


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
