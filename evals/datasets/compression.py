"""Opens .gz, .zst and .lz4 files; closing one closes the file below it, and a cut file is an error."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from typing import IO, Any

from evals.errors import MissingExtra

COMPRESSIONS = (".gz", ".zst", ".lz4")
CHUNK_BYTES = 1 << 16


def gzip_open(filename: str, mode: str = "rb", openhook: Callable[..., Any] = open) -> gzip.GzipFile:
    """A gzip file, always binary. openhook: opens the compressed file itself."""
    mode = _binary(mode)
    raw = openhook(filename, mode)
    file = gzip.GzipFile(fileobj=raw, mode=mode)
    file.myfileobj = raw  # GzipFile closes this file too
    return file


def lz4_open(filename: str, mode: str = "rb", openhook: Callable[..., Any] = open) -> Any:
    """An LZ4 frame file, always binary. openhook: opens the compressed file itself.

    Raises:
        MissingExtra: lz4 is not installed.
    """
    try:
        import lz4.frame
    except ImportError:
        raise MissingExtra("reading .lz4 files", "data") from None
    mode = _binary(mode)
    raw = openhook(filename, mode)

    class Lz4File(lz4.frame.LZ4FrameFile):  # type: ignore[misc]
        def close(self) -> None:
            try:
                super().close()
            finally:
                raw.close()

    return Lz4File(raw, mode=mode)


def zstd_open(filename: str, mode: str = "rb", openhook: Callable[..., Any] = open) -> Any:
    """A zstandard file, always binary. openhook: opens the compressed file itself.

    Raises:
        MissingExtra: zstandard is not installed.
    """
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("reading .zst files", "data") from None
    mode = _binary(mode)
    raw = openhook(filename, mode)
    if "r" in mode:
        return io.BufferedReader(_ZstdReader(raw, zstandard.ZstdDecompressor), CHUNK_BYTES)
    return zstandard.open(raw, mode=mode, closefd=True)


class _ZstdReader(io.RawIOBase):
    """The decompressed bytes of one or more frames. The reader of zstandard itself accepts a cut file silently."""

    def __init__(self, raw: IO[bytes], decompressor: Callable[[], Any]) -> None:
        self._raw = raw
        self._decompressor = decompressor
        self._frame: Any = None
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and self._fill():
            pass
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _fill(self) -> bool:
        """Decompress some more; False at the end of the file."""
        data = self._frame.unused_data if self._frame is not None and self._frame.eof else b""
        data = data or self._raw.read(CHUNK_BYTES)
        if not data:
            if self._frame is not None and not self._frame.eof:
                raise EOFError("the compressed file ended before its end-of-stream mark")
            return False
        if self._frame is None or self._frame.eof:
            self._frame = self._decompressor().decompressobj()
        self._ready = memoryview(self._frame.decompress(data))
        return True

    def close(self) -> None:
        super().close()
        self._raw.close()


def _binary(mode: str) -> str:
    return mode if "b" in mode else mode + "b"
