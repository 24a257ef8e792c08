"""Samples in the page: compressed chunks as text, and JSON that cannot end the element that it stands in."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from typing import Any

from evals.json_text import dumps, encode

CHUNK_BYTES = 256 << 10
"Of JSON before it is compressed. Opening a sample inflates its chunk: some milliseconds."
CHUNK_SAMPLES = 256

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def json_in_html(value: Any) -> str:
    """`value` as JSON for a `<script>` of data: no tag, comment or line end of JavaScript can be in it."""
    return encode(dumps(value).translate(_ESCAPES)).decode("utf-8")


def packed(text: str) -> str:
    """`text` as base64 of raw deflate, which the page inflates with `DecompressionStream("deflate-raw")`."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(squeezer.compress(encode(text)) + squeezer.flush()).decode("ascii")


def unpacked(text: str) -> str:
    """The reverse of `packed`."""
    return zlib.decompress(base64.b64decode(text), -zlib.MAX_WBITS).decode("utf-8")


class Chunks:
    """Collects samples, a line of JSON each, and packs them when a chunk is full."""

    def __init__(self) -> None:
        self.packed: list[str] = []
        self.sizes: list[int] = []
        "Samples in each chunk."
        self._lines: list[str] = []
        self._n_bytes = 0

    def add(self, detail: dict[str, Any]) -> None:
        """Add one sample."""
        line = dumps(detail)
        self._lines.append(line)
        self._n_bytes += len(line)
        if self._n_bytes >= CHUNK_BYTES or len(self._lines) >= CHUNK_SAMPLES:
            self.close()

    def close(self) -> None:
        """Pack what is left."""
        if self._lines:
            self.packed.append(packed("\n".join(self._lines)))
            self.sizes.append(len(self._lines))
            self._lines, self._n_bytes = [], 0

    def __iter__(self) -> Iterator[str]:
        return iter(self.packed)
