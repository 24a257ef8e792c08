"""Tells whether the lines of a sample are still those that were written: a checksum a batch, and equal ids."""

from __future__ import annotations

import re
import sys
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
    rb'\{"run_id": "[^"\\]*", "event_id": (\d{1,15}), "sample_id": "([^"\\]*)", "type": "([^"\\]*)", "data": '
)
_BEFORE_END = b', "created_by": "'
_PLAIN_END = re.compile(
    rb', "created_by": "[^"\\]*", "created_at": "[^"\\]*"(?:, "repeat": (\d{1,15}))?'
    rb'(?:, "id": "([^"\\]*)")?(?:, "labels": (\{(?:"[^"\\]*": (?:"[^"\\]*"|-?\d+)(?:, (?="))?)+\}))?'
    rb', "sample_done": true(, "checksum": ")(\d{1,9}):([0-9a-f]{8})"\}\n\Z'
)
SEALED_END = b', "sample_done": true, "checksum": "'
"Stands near the end of the last line of a sample. Inside a text its quotes would have backslashes before them."


class PlainEnd(NamedTuple):
    """What a reader must know of the last line of a sample that was scored."""

    sample_id: str
    event_id: int
    repeat: int
    own_id: bytes | None
    labels: bytes | None
    "JSON text."
    n_lines: int
    "By the checksum, as the next two."
    crc: int
    sealed_from: int
    "Where the key of the checksum begins in the line."
    type: bytes
    data_from: int
    "Where the data begins in the line."


def plain_end(raw: bytes) -> PlainEnd | None:
    """The keys of a line as the recorder writes the last one of a scored sample; None for lines of another form.

    It may be believed where the checksum is right: the line is then what was written, and its end belongs to it, since
    a quote inside a text would have a backslash before it. Parsing these lines would take most of a first pass.
    """
    start = _PLAIN_START.match(raw)
    end = _PLAIN_END.match(raw, raw.rfind(_BEFORE_END)) if start is not None else None
    if start is None or end is None:
        return None
    event_id, sample_id, type_ = start.groups()
    repeat, own, labels, _, n_lines, crc = end.groups()
    return PlainEnd(
        sys.intern(sample_id.decode("utf-8", "replace")),  # two runs of an eval have the same ids
        int(event_id),
        0 if repeat is None else int(repeat),
        own,
        labels,
        int(n_lines),
        int(crc, 16),
        end.start(4),
        type_,
        start.end(),
    )


class Batch(NamedTuple):
    """What became of the lines up to the end of a batch."""

    n_kept: int
    "The last lines, which are the batch. 0: it is damaged."
    n_dropped: int
    "The lines before: all, for a damaged batch."
    n_broken: int
    "Broken lines that this tells of: 1 for a damaged batch of which no line was counted as broken before, else 0."


class BatchCheck:
    """Follows the lines of a record, and tells at the end of each batch which of them belong to it.

    A lost line end or a lost mark would otherwise put the events of one sample into the batch of the next one. Lines
    that are left over from a damaged batch are dropped, and so is a batch whose own lines are not what was written.
    trusts_checksums: False for a record that another program has written anew; ids are then all that can be compared.
    """

    def __init__(self, *, trusts_checksums: bool) -> None:
        self._trusts = trusts_checksums
        self.ended: list[bytes] = []
        "The lines before the last line of the batch that has ended, and what was left over before it."
        self.n_sealed = 0
        "Batches with a checksum."
        self.n_wrong = 0
        "Those whose checksum was that of other lines."
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
        matches = seal is None or self._matches(raw, int(seal[1]), int(seal[2], 16), seal.start())
        if seal is not None and self._trusts:
            n_kept = int(seal[1]) if matches else 0
        else:
            n_kept = self._n_of_one_sample(sample_id)
        return self._ended(n_kept, seal is not None, matches)

    def _ended(self, n_kept: int, is_sealed: bool, matches: bool) -> Batch:
        n_lines, n_counted = len(self._lines) + 1, len(self._broken)
        self.n_sealed += is_sealed
        self.n_wrong += not matches
        self.ended, self._lines = self._lines, []
        if n_counted:
            self._broken = set()
        return Batch(n_kept, n_lines - n_kept, int(n_kept < n_lines and not n_counted))

    def whole(self, lines: bytes) -> PlainEnd | None:
        """The end of an intact batch, all of whose lines these are; None for others, which change nothing."""
        if self._lines or not self._trusts:
            return None
        last_from = lines.rfind(b"\n", 0, -1) + 1
        found = plain_end(lines[last_from:])
        if found is None or lines.count(b"\n") != found.n_lines:
            return None
        if zlib.crc32(b"}\n", zlib.crc32(lines[: last_from + found.sealed_from])) != found.crc:
            return None
        self.n_sealed += 1
        return found

    def end_if_intact(self, raw: bytes, found: PlainEnd) -> Batch | None:
        """As `end` for a plain line whose checksum is right; None for others, which change nothing."""
        if not self._trusts or not self._matches(raw, found.n_lines, found.crc, found.sealed_from):
            return None
        return self._ended(found.n_lines, True, True)

    def _matches(self, raw: bytes, n_lines: int, crc: int, sealed_from: int) -> bool:
        if not 0 < n_lines <= len(self._lines) + 1:
            return False
        found = 0
        for line in self._lines[len(self._lines) + 1 - n_lines :]:
            found = zlib.crc32(line, found)
        return zlib.crc32(b"}\n", zlib.crc32(raw[:sealed_from], found)) == crc

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


def is_marked(raw: bytes) -> bool:
    """Whether the line may end a batch or be none of its lines. Four searches take half of the time of one pattern."""
    return b'"sample_done"' in raw or b'"loose"' in raw or b'"final_report"' in raw or b'"spec"' in raw


def may_belong(raw: bytes, wanted: frozenset[str]) -> bool:
    """False if the line certainly belongs to none of these samples."""
    head = HEAD.match(raw)
    return head is None or head[1].decode("utf-8", "replace") in wanted
