"""A file of JSON lines, indexed once by byte offsets, so that each row can be read by itself."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import weakref
from array import array
from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, BinaryIO

from evals.datasets.json_rows import CHUNK_BYTES, MAX_LINE_BYTES, decode_row_and_doubt, line_too_long, refuse_wrong_kind
from evals.datasets.opening import reading
from evals.errors import BadSample, DataError
from evals.record.special_files import refuse_special
from evals.sample import Sample


class CarriageReturnError(DataError):
    """The lines end in CR alone. Such a file is rewritten before it is indexed."""


class JsonlFile:
    """The rows of one plain file of JSON lines.

    path: the file. shown: its name in errors and samples. has_lines: False for a source without lines (a JSON array,
    Parquet), whose rows are named `shown[row]`. digest: the hash of the files before this one; `self.digest` has the
    bytes of this file added. Memory: 4 bytes for each row and each blank line, 8 from 4 GiB on.

    Raises:
        DataError: the file cannot be read, or is not JSON lines.
    """

    def __init__(self, path: str, *, shown: str | None = None, has_lines: bool = True, digest: Any = None) -> None:
        self.path = path
        self.shown = path if shown is None else shown
        self.has_lines = has_lines
        self._size = 0
        self.digest = hashlib.sha256() if digest is None else digest.copy()
        refuse_special(path)
        with reading(self.shown), open(path, "rb") as file:
            offsets = "Q" if os.fstat(file.fileno()).st_size >= 1 << 32 else "I"
            self._starts, self._blanks = array(offsets), array(offsets)
            self._index(file)
            self._stamp = _stamp(file.fileno())
        self._reader = _Reader(path)

    def __len__(self) -> int:
        return len(self._starts)

    def line_of(self, row: int) -> int:
        """The 1-based line on which row `row` begins."""
        return row + 1 + bisect_right(self._blanks, row) if self._blanks else row + 1

    def raw(self, row: int) -> bytes:
        """The bytes of row `row`, with the blank lines after it."""
        starts = self._starts
        start = starts[row]
        end = starts[row + 1] if row + 1 < len(starts) else self._size
        return self._reader.read(start, end - start)

    def sample(self, row: int, index: int) -> Sample:
        """Row `row` as a sample. index: its number in the whole dataset.

        Raises:
            BadSample: the row is not a JSON object.
            DataError: the file has changed since it was indexed.
        """
        path, line = (self.shown, self.line_of(row)) if self.has_lines else (f"{self.shown}[{row}]", None)
        raw = self.raw(row)
        try:
            value, repeated = decode_row_and_doubt(raw, path, line)
        except BadSample:
            self._refuse_changed()
            raise
        if type(value) is not dict:
            raise BadSample(
                f"a row must be a JSON object, this one is {_kind(value)}",
                where=path if line is None else f"{path}:{line}",
                fix='write it as {"input": ..., "ideal": ...}',
            )
        return Sample(value, path=path, line=line, index=index, repeated=repeated)

    @property
    def may_have_changed(self) -> bool:
        """Whether anything was done to the file since it was indexed; its content may still be the same."""
        return self._reader.stamp() != self._stamp

    def digest_now(self, digest: Any) -> Any:
        """`digest` with the bytes added that the file has now."""
        digest, start = digest.copy(), 0
        while chunk := self._reader.read(start, CHUNK_BYTES):
            digest.update(chunk)
            start += len(chunk)
        return digest

    def _refuse_changed(self) -> None:
        if self.may_have_changed:
            raise DataError("the file changed while it was read", where=self.shown, fix="start again")

    def _index(self, file: BinaryIO) -> None:
        starts, blanks = self._starts, self._blanks
        start = carried = 0
        has_text = False
        for chunk in self._chunks(file):
            if self._size == len(chunk) and chunk.startswith(BOM_UTF8):
                start, chunk = len(BOM_UTF8), chunk[len(BOM_UTF8) :]
            pieces = chunk.split(b"\n")
            rest = pieces.pop()
            for piece in pieces:
                if has_text or (piece and not piece.isspace()):
                    starts.append(start)
                    has_text = False
                else:
                    blanks.append(len(starts))
                start += carried + len(piece) + 1
                carried = 0
            carried += len(rest)
            if carried > MAX_LINE_BYTES:
                raise line_too_long()
            has_text = has_text or bool(rest and not rest.isspace())
        if has_text:
            starts.append(start)

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        ended_in_cr = False
        while chunk := file.read(CHUNK_BYTES):
            if not self._size:
                refuse_wrong_kind(chunk, self.shown)
            self.digest.update(chunk)
            self._size += len(chunk)
            lone = chunk.count(b"\r") - chunk.count(b"\r\n") - chunk.endswith(b"\r")
            if lone or (ended_in_cr and not chunk.startswith(b"\n")):
                raise CarriageReturnError("lines end in CR alone", where=self.shown)
            ended_in_cr = chunk.endswith(b"\r")
            yield chunk
        if ended_in_cr:
            raise CarriageReturnError("lines end in CR alone", where=self.shown)


class _Reader:
    """Reads at offsets from several threads: with `pread` where the system has it, else under a lock."""

    def __init__(self, path: str) -> None:
        self._fd = fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        self._lock = threading.Lock()
        self._closing = weakref.finalize(self, os.close, fd)

    if sys.platform == "win32":

        def read(self, start: int, size: int) -> bytes:
            with self._lock:
                os.lseek(self._fd, start, os.SEEK_SET)
                return os.read(self._fd, size)

    else:

        def read(self, start: int, size: int) -> bytes:
            return os.pread(self._fd, size, start)

    def stamp(self) -> tuple[int, int, int]:
        return _stamp(self._fd)


def _stamp(fd: int) -> tuple[int, int, int]:
    found = os.fstat(fd)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _kind(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
