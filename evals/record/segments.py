"""Compressed segments of a long record: finished lines move out of the file into `<record>.segments/`, in order.

The record stays where it is, with the run spec as its first line, the newest samples, and in the end the report. Its
first line says how many segments come before it, so a crash at any point leaves a record that is whole: a segment
counts only once the record names it.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evals.errors import DataError, MissingExtra

SUFFIX = ".segments"
MAX_LINE_BYTES = 256 << 20
"A longer line is read as several broken ones: a few kilobytes of a compressed file may hold gigabytes of it."
BROKEN_LINE = b"\0\n"
"Stands where the rest of a segment is lost, which may end between two lines, so that readers tell of the damage."
_CHUNK = 1 << 20
_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"A frame without data may come first (RFC 8878)."
_CONTINUES = re.compile(rb', "n_segments": (\d{1,9})\}\n\Z')


@dataclass(frozen=True)
class Segment:
    """One line of `index.jsonl`. n_bytes: of the lines, uncompressed. n_samples: evaluations that end in it."""

    name: str
    n_bytes: int
    n_lines: int
    n_samples: int


def folder_of(record: str | Path) -> Path:
    """Where the segments of a record lie."""
    return beside(record, SUFFIX)


def beside(record: str | Path, suffix: str) -> Path:
    """A path beside a record: beside the file itself, where `record` is a link to it."""
    return Path(f"{os.path.realpath(record) if os.path.islink(record) else record}{suffix}")


def n_segments(first_line: bytes) -> int:
    """How many segments come before the file that begins with this line."""
    found = _CONTINUES.search(first_line, max(0, len(first_line) - 64))
    return int(found[1]) if found else 0


def first_line_after(first_line: bytes, n: int) -> bytes:
    """The first line of the file that `n` segments precede."""
    plain = _CONTINUES.sub(b"}\n", first_line)
    return plain[:-2] + b', "n_segments": %d}\n' % n


def check_can_compress() -> None:
    """Raise MissingExtra where zstandard is not installed."""
    try:
        import zstandard  # noqa: F401
    except ImportError:
        raise MissingExtra("--rotate", "data") from None


def write_segment(source: BinaryIO, record: Path, number: int) -> None:
    """Compress the lines of `source`, from where it stands to its end, as segment `number` (from 1) of a record.

    The segment and its line of the index are on the disk when this returns.

    Raises:
        OSError: they cannot be written.
    """
    import zstandard

    folder = folder_of(record)
    folder.mkdir(mode=0o700, exist_ok=True)
    name = _name(number)
    n_bytes = n_lines = n_samples = 0
    part = folder / f"{name}.tmp"
    with open(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        with zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as packed:
            for raw in source:
                packed.write(raw)
                n_bytes, n_lines = n_bytes + len(raw), n_lines + 1
                n_samples += b'"sample_done": true' in raw
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, folder / name)
    _write_index(folder, number, Segment(name, n_bytes, n_lines, n_samples))


def read_index(record: Path) -> list[Segment]:
    """The segments of a record as its index tells them; empty without one.

    Raises:
        DataError: the index cannot be read.
    """
    path = folder_of(record) / "index.jsonl"
    if not path.is_file():
        return []
    try:
        return [Segment(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"the index of segments cannot be read: {error}", where=str(path)) from None


def segment_lines(record: Path, n: int) -> Iterator[bytes]:
    """The lines of the first `n` segments. One that is damaged gives what can be unpacked, and then a broken line.

    Raises:
        DataError: a segment is missing, or nothing of the first one can be unpacked. MissingExtra: zstandard is not
            installed.
    """
    sizes = _sizes(record)
    for number in range(1, n + 1):
        path, n_lines, raw = folder_of(record) / _name(number), 0, b"\n"
        try:
            for raw in _unpacked(path):
                yield raw
                n_lines += 1
        except OSError as error:
            raise _unreadable(record, number, n, error.strerror or str(error)) from None
        if number == 1 and n_lines == 0:
            raise _unreadable(record, number, n, "it is damaged from its beginning")
        if n_lines != sizes.get(path.name, n_lines) and raw.endswith(b"\n"):
            yield BROKEN_LINE


def _sizes(record: Path) -> dict[str, int]:
    """How many lines each segment has; empty where the index is lost, without which segments can be read too."""
    try:
        return {segment.name: segment.n_lines for segment in read_index(record)}
    except DataError:
        return {}


def _unreadable(record: Path, number: int, n: int, reason: str) -> DataError:
    return DataError(
        f"segment {number} of {n} of this record cannot be read: {reason}",
        where=str(folder_of(record) / _name(number)),
        fix=f"keep the folder {folder_of(record).name} beside the record, as it was written",
    )


def unpacked_lines(path: Path) -> Iterator[bytes]:
    """The lines of a `.zst` file. One that was cut gives the lines that can be unpacked.

    Raises:
        DataError: it is not compressed by zstd. OSError: it cannot be read. MissingExtra: zstandard is not installed.
    """
    with open(path, "rb") as file:
        start = file.read(len(_MAGIC))
    if not _MAGIC.startswith(start) and not _SKIPPABLE.match(start):
        raise not_compressed(path, "zstd")
    yield from _unpacked(path)


def not_compressed(path: Path, kind: str) -> DataError:
    """The error of a file whose name says that it is compressed, and whose bytes do not."""
    fix = f"give it its right name, or compress it: a name that ends in {path.suffix} stands for {kind}"
    return DataError(f"this file is not compressed by {kind}", where=str(path), fix=fix)


def _unpacked(path: Path) -> Iterator[bytes]:
    """The lines of a file, as far as it can be unpacked."""
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("a record that is compressed by zstd", "data") from None
    with open(path, "rb") as file:
        plain = zstandard.ZstdDecompressor().stream_reader(file, read_size=_CHUNK, read_across_frames=True)
        lines = io.BufferedReader(plain, _CHUNK)
        try:
            while raw := lines.readline(MAX_LINE_BYTES):
                yield raw
        except zstandard.ZstdError:
            return


def _name(number: int) -> str:
    return f"{number:06d}.jsonl.zst"


def _write_index(folder: Path, number: int, segment: Segment) -> None:
    """The index with `segment` as its line `number`: a segment of a rotation that did not end is replaced."""
    path = folder / "index.jsonl"
    before = path.read_text(encoding="utf-8").splitlines()[: number - 1] if path.is_file() else []
    lines = [*before, json.dumps(segment.__dict__)]
    part = folder / "index.tmp"
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.chmod(0o600)
    os.replace(part, path)
