"""Tells whether the lines of a sample are still those that were written: a checksum a batch, and equal ids."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple

HEAD = re.compile(rb'\{"run_id": "[^"\\]*", "event_id": \d+, "sample_id": "([^"\\]*)"')
"The start of our event lines. A line with another start is parsed as a whole."

_SEAL = re.compile(rb', "checksum": "(\d{1,9}):([0-9a-f]{8})"\}\n?\Z')
_SEAL_BYTES = 48
"The last bytes of a line, which hold a whole seal."


def sealed(data: bytes, n_lines: int) -> bytes:
    """The lines of a batch, with `checksum` as the last key of its last line: how many lines, and their CRC-32."""
    return data[:-2] + b', "checksum": "%d:%08x"}\n' % (n_lines, zlib.crc32(data))


_IDS = re.compile(rb'\{"run_id": "[^"\\]*", "event_id": \d+')


def resealed(lines: Sequence[bytes], head: bytes, event_id: int) -> bytes:
    """The lines of an intact batch with other ids. head: the start of each line up to its event id, which counts on."""
    given = list(lines)
    seal = _seal_of(given[-1])
    if seal is not None:
        given[-1] = given[-1][: seal.start()] + b"}\n"
    renamed = []
    for raw in given:
        ids = _IDS.match(raw)
        renamed.append(b"%b%d%b" % (head, event_id, raw[ids.end() :]) if ids else raw)
        event_id += 1
    return sealed(b"".join(renamed), len(renamed))


_PLAIN_START = re.compile(
    rb'\{"run_id": "[^"\\]*", "event_id": (\d{1,15}), "sample_id": "([^"\\]*)", "type": "[^"\\]*", '
)
_BEFORE_END = b', "created_by": "'
_PLAIN_END = re.compile(
    rb', "created_by": "[^"\\]*", "created_at": "[^"\\]*"(?:, "repeat": (\d{1,15}))?'
    rb'(?:, "id": "[^"\\]*")?(?:, "labels": \{(?:"[^"\\]*": (?:"[^"\\]*"|-?\d+)(?:, (?="))?)+\})?'
    rb', "sample_done": true, "checksum": "\d{1,9}:[0-9a-f]{8}"\}\n\Z'
)


class PlainEnd(NamedTuple):
    """What a reader must know of the last line of a sample that was scored."""

    sample_id: str
    event_id: int
    repeat: int


def plain_end(raw: bytes) -> PlainEnd | None:
    """The keys of a line as the recorder writes the last one of a scored sample; None for lines of another form.

    It may be believed where the checksum is right: the line is then what was written, and its end belongs to it, since
    a quote inside a text would have a backslash before it. Parsing these lines would take most of a first pass.
    """
    start, end = _PLAIN_START.match(raw), _PLAIN_END.match(raw, raw.rfind(_BEFORE_END))
    if start is None or end is None:
        return None
    return PlainEnd(start[2].decode("utf-8", "replace"), int(start[1]), int(end[1] or 0))


class Batch(NamedTuple):
    """What became of the lines up to the end of a batch."""

    n_kept: int
    "The last lines, which are the batch. 0: it is damaged."
    n_dropped: int
    "The lines before: all, for a damaged batch."
    n_broken: int
    "Broken lines that this tells of: 1 for a damaged batch of which no line was counted as broken before, else 0."
    is_sealed: bool
    "It has a checksum."
    matches: bool
    "The checksum is that of the lines; True without one."


class BatchCheck:
    """Follows the lines of a record, and tells at the end of each batch which of them belong to it.

    A lost line end or a lost mark would otherwise put the events of one sample into the batch of the next one. Lines
    that are left over from a damaged batch are dropped, and so is a batch whose own lines are not what was written.
    trusts_checksums: False for a record that another program has written anew; ids are then all that can be compared.
    """

    def __init__(self, *, trusts_checksums: bool) -> None:
        self._trusts = trusts_checksums
        self._lines: list[bytes] = []
        self._broken: set[int] = set()

    def add(self, raw: bytes, *, is_broken: bool = False) -> None:
        """Take in a line that ends no batch. is_broken: it is counted as broken already."""
        if is_broken:
            self._broken.add(len(self._lines))
        self._lines.append(raw)

    def end(self, raw: bytes, sample_id: str | None) -> Batch:
        """What the line `raw`, the last one of a batch of the sample, ends; the next batch begins."""
        seal = _seal_of(raw)
        matches = seal is None or self._matches(raw, seal)
        if seal is not None and self._trusts:
            n_kept = int(seal[1]) if matches else 0
        else:
            n_kept = self._n_of_one_sample(sample_id)
        return self._ended(n_kept, seal is not None, matches)

    def _ended(self, n_kept: int, is_sealed: bool, matches: bool) -> Batch:
        n_lines, n_counted = len(self._lines) + 1, len(self._broken)
        self._lines, self._broken = [], set()
        return Batch(n_kept, n_lines - n_kept, int(n_kept < n_lines and not n_counted), is_sealed, matches)

    def end_if_intact(self, raw: bytes) -> Batch | None:
        """As `end` for a line whose checksum is there and right; None for others, which change nothing."""
        seal = _seal_of(raw) if self._trusts else None
        return None if seal is None or not self._matches(raw, seal) else self._ended(int(seal[1]), True, True)

    def _matches(self, raw: bytes, seal: re.Match[bytes]) -> bool:
        n_before = int(seal[1]) - 1
        if not 0 <= n_before <= len(self._lines):
            return False
        crc = 0
        for line in self._lines[len(self._lines) - n_before :]:
            crc = zlib.crc32(line, crc)
        return zlib.crc32(b"}\n", zlib.crc32(raw[: seal.start()], crc)) == int(seal[2], 16)

    def _n_of_one_sample(self, sample_id: str | None) -> int:
        """The lines of the batch without a checksum: all, those after the rest of another sample, or none."""
        last_broken = max(self._broken, default=-1)
        before, own = self._lines[: max(last_broken, 0)], self._lines[last_broken + 1 :]
        if not all(_may_be_of(line, sample_id) for line in own):
            return 0
        if last_broken >= 0 and (not before or _may_be_of(before[-1], sample_id)):
            return 0  # the broken line was one of this batch
        return len(own) + 1


def _seal_of(raw: bytes) -> re.Match[bytes] | None:
    return _SEAL.search(raw, max(0, len(raw) - _SEAL_BYTES))


def _may_be_of(raw: bytes, sample_id: str | None) -> bool:
    head = HEAD.match(raw)
    return head is None or head[1].decode("utf-8", "replace") == sample_id


def may_belong(raw: bytes, wanted: frozenset[str]) -> bool:
    """False if the line certainly belongs to none of these samples."""
    head = HEAD.match(raw)
    return head is None or head[1].decode("utf-8", "replace") in wanted
