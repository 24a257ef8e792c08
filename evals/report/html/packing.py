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
SHARED_BYTES = 2 << 20
"Of turns that are kept once for all samples; further ones stay where they are."

_ALPHABET = str.maketrans("<", ",")
"Base 85 of git without `<`: a quarter larger than bytes, where base 64 is a third; no tag or comment can begin in it."

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def json_in_html(value: Any) -> str:
    """`value` as JSON for a `<script>` of data: no tag, comment or line end of JavaScript can be in it."""
    return encode(dumps(value).translate(_ESCAPES)).decode("utf-8")


def packed(text: str) -> str:
    """`text` as base 85 of raw deflate, which the page inflates with `DecompressionStream("deflate-raw")`."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    return base64.b85encode(squeezer.compress(encode(text)) + squeezer.flush()).decode("ascii").translate(_ALPHABET)


def unpacked(text: str) -> str:
    """The reverse of `packed`."""
    return zlib.decompress(base64.b85decode(text.replace(",", "<")), -zlib.MAX_WBITS).decode("utf-8")


class SharedTurns:
    """Turns that many samples have in common, such as few-shot examples and system messages: kept once for a run.

    In the samples a number stands for each, its place in `turns`.
    """

    def __init__(self) -> None:
        self.turns: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}
        self._n_bytes = 0

    def replace(self, detail: dict[str, Any]) -> None:
        """Put numbers in place of such turns in the calls of a sample."""
        for call in detail.get("calls", ()):
            call["turns"] = [self._place(turn) if _may_be_shared(turn) else turn for turn in call["turns"]]

    def _place(self, turn: dict[str, Any]) -> dict[str, Any] | int:
        text = dumps(turn)
        if text not in self._places:
            if self._n_bytes + len(text) > SHARED_BYTES:
                return turn
            self._places[text] = len(self.turns)
            self.turns.append(turn)
            self._n_bytes += len(text)
        return self._places[text]


def _may_be_shared(turn: dict[str, Any]) -> bool:
    return bool(turn.get("example")) or turn["role"] in ("system", "developer")


class Chunks:
    """Collects samples, a line of JSON each, and packs them when a chunk is full."""

    def __init__(self) -> None:
        self.shared = SharedTurns()
        self.packed: list[str] = []
        self.sizes: list[int] = []
        "Samples in each chunk."
        self._lines: list[str] = []
        self._n_bytes = 0

    def add(self, detail: dict[str, Any]) -> None:
        """Add one sample. Its turns are replaced by numbers where `shared` holds them."""
        self.shared.replace(detail)
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
