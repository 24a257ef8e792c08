"""Puts records that share the samples of one run together: batches are copied in the order of the samples."""

from __future__ import annotations

import os
import shutil
import time
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from evals.engine.sample_order import sample_order
from evals.errors import RecordError, listed
from evals.record.batches import BatchCheck
from evals.record.event import Event
from evals.record.file import PARTS_SUFFIX, explained, is_being_written
from evals.record.local import LocalRecorder
from evals.record.raw_lines import MAX_LINE_BYTES, lines_but_batches, parsed_line, raw_lines
from evals.record.sample_record import Key, key_of
from evals.record.segments import beside, n_segments
from evals.specs import RunSpec

Place = tuple[int, int, int]
"What samples are sorted by: pass, rank in the shuffled order, repeat."

LEFT_BEHIND_S = 30.0
"Seconds that processes whose parent was killed get to finish their calls in flight."

WRITE_BYTES = 1 << 20
"How much is written at once."

_Span = tuple[int, int, int]
"The start, the size and the number of the lines of an evaluation."


def parts_folder(record: str | Path) -> Path:
    """Where the processes of one run keep their parts of its record until it ends."""
    return beside(record, PARTS_SUFFIX)


def parts_of(record: str | Path) -> list[Path]:
    """The parts of the run of this record, as a killed run leaves them beside it; none for most records.

    Parts of another run, whose record was removed or replaced without them, are none of its own.
    """
    found = sorted(parts_folder(record).glob("*.jsonl"))
    run_id = _run_id_of(Path(record)) if found else None
    return [path for path in found if run_id is not None and _run_id_of(path) == run_id]


def _run_id_of(path: Path) -> str | None:
    with path.open("rb") as file:
        line = parsed_line(file.readline(MAX_LINE_BYTES)) or {}
    spec = line.get("spec")
    return spec.get("run_id") if isinstance(spec, dict) else None


def remove_parts(record: str | Path) -> None:
    """Remove the folder of parts and what is in it. RecordError: that cannot be done."""
    folder = parts_folder(record)
    if folder.is_dir():
        with explained(folder):
            shutil.rmtree(folder)


def take_in_parts(record: Path, run_spec: RunSpec, order: SampleOrder, done: Collection[Key]) -> None:
    """Move what is finished in the parts of a killed run into its record. done: what the record has already.

    Raises:
        RecordError: processes of that run still write their parts, though they got some time to end.
    """
    parts = parts_of(record)
    deadline = time.monotonic() + LEFT_BEHIND_S
    while busy := [path for path in parts if is_being_written(path)]:
        if time.monotonic() > deadline:
            raise RecordError(
                f"processes of the run that was killed still write {listed([path.name for path in busy])}",
                where=str(parts_folder(record)),
                fix="wait until they have ended, then resume",
            )
        time.sleep(0.2)
    recorder = LocalRecorder.resume(record, run_spec)
    try:
        append_parts(recorder, parts, order, done)
    finally:
        recorder.close()
    remove_parts(record)


@dataclass
class SampleOrder:
    """The place of each sample in a run. passes: of each the number of samples; repeats: of a pass.

    Ids that end in no row number of the pass come last, in the order in which they are found.
    """

    passes: Sequence[int]
    repeats: int = 1
    _ranks: dict[int, array[int]] = field(default_factory=dict)

    def place(self, sample_id: str, repeat: int) -> Place:
        """Where this evaluation stands in the run."""
        number = repeat // self.repeats
        ranks = self._ranks_of(min(number, len(self.passes) - 1)) if self.passes else array("I")
        tail = sample_id.rpartition(".")[2]
        row = int(tail) if tail.isdecimal() else len(ranks)
        return number, ranks[row] if row < len(ranks) else row, repeat

    def _ranks_of(self, number: int) -> array[int]:
        if number not in self._ranks:
            ranks = array("I", bytes(4 * self.passes[number]))
            # A cap on samples only cuts the end of the order.
            for rank, row in enumerate(sample_order(len(ranks))):
                ranks[row] = rank
            self._ranks[number] = ranks
        return self._ranks[number]


@dataclass
class PartIndex:
    """Where the samples of a part stand, in the order of the run: one entry each, of the last attempt at a sample.

    places: what they are sorted by. starts, sizes: bytes, in the lines of the part. n_lines: of each. loose: lines of
    events that belong to no sample.
    """

    keys: list[Key]
    places: list[Place]
    starts: array[int]
    sizes: array[int]
    n_lines: array[int]
    loose: list[bytes]


def index_of(path: Path, order: SampleOrder) -> PartIndex:
    """Read a part once. What is damaged is left out: its samples are not done.

    Raises:
        DataError: a segment is missing. OSError: the part cannot be read.
    """
    return _sorted(*_spans_of(path), order)


def _sorted(spans: Mapping[Key, _Span], loose: list[bytes], order: SampleOrder) -> PartIndex:
    places = {key: order.place(*key) for key in spans}
    keys = sorted(spans, key=places.__getitem__)
    starts, sizes, n_lines = (array(kind, [spans[key][i] for key in keys]) for i, kind in enumerate("QQL"))
    return PartIndex(keys, [places[key] for key in keys], starts, sizes, n_lines, loose)


class PartRecorder(LocalRecorder):
    """Writes a part, and notes where its samples stand, so that it need not be read again while its process lives."""

    def __init__(self, path: str | Path, run_spec: RunSpec) -> None:
        self._spans: dict[Key, _Span] = {}
        self._loose: list[bytes] = []
        super().__init__(path, run_spec)

    def _appended(self, start: int, batch: bytes, events: Sequence[Event], marks: Mapping[str, Any]) -> None:
        last = events[-1]
        if marks.get("sample_done"):
            self._spans[last.sample_id or "", last.repeat or 0] = start, len(batch), len(events)
        elif marks.get("loose"):
            self._loose.append(batch)

    def index(self, order: SampleOrder) -> PartIndex:
        """As `index_of` the file that it has written."""
        return _sorted(self._spans, self._loose, order)


Row = tuple[Place, int, int]
"A sample of several parts: its place, the number of the part, the number in the part's index."


def merged_rows(indexes: Sequence[PartIndex], done: Collection[Key] = ()) -> list[Row]:
    """The samples of all parts in the order of the run, without those in `done`; of a sample in several, the last."""
    last = {key: part for part, index in enumerate(indexes) for key in index.keys} if len(indexes) > 1 else {}
    rows = []
    for part, index in enumerate(indexes):
        for number, (key, place) in enumerate(zip(index.keys, index.places, strict=True)):
            if key not in done and last.get(key, part) == part:
                rows.append((place, part, number))
    rows.sort()  # each part is in order already
    return rows


def loose_lines(indexes: Sequence[PartIndex]) -> list[bytes]:
    """The events that belong to no sample, each from the first part that has it."""
    found: dict[bytes, bytes] = {}
    for index in indexes:
        for line in index.loose:
            found.setdefault(_without_head(line), line)
    return list(found.values())


def append_parts(
    recorder: LocalRecorder, parts: Sequence[Path], order: SampleOrder, done: Collection[Key] = ()
) -> list[Key]:
    """Append the finished and failed samples of `parts` to a record, in order; the keys of those that were added.

    Of several attempts at a sample the last one counts. done: samples that the record has already. What is damaged is
    left out. Memory: about half a kilobyte a sample.

    Raises:
        RecordError: the record cannot be written. DataError: a segment of a part is missing. OSError: a part cannot be
            read.
    """
    indexes = [index_of(path, order) for path in parts]
    rows = merged_rows(indexes, done)
    recorder.adopt([[line] for line in loose_lines(indexes)])
    with ExitStack() as stack:
        files = [stack.enter_context(_as_one_file(path, recorder)) for path in parts]
        waiting, n_bytes = [], 0
        for _, part, number in rows:
            size = indexes[part].sizes[number]
            waiting.append(lines_at(files[part].fileno(), indexes[part].starts[number], size))
            n_bytes += size
            if n_bytes >= WRITE_BYTES:
                recorder.adopt(waiting)
                waiting, n_bytes = [], 0
        recorder.adopt(waiting)
    return [indexes[part].keys[number] for _, part, number in rows]


def lines_at(fd: int, start: int, size: int) -> list[bytes]:
    """The lines that stand at this place of an open file."""
    return os.pread(fd, size, start).splitlines(keepends=True)


@contextmanager
def _as_one_file(path: Path, recorder: LocalRecorder) -> Iterator[BinaryIO]:
    """A part in which spans can be read. What is packed of it is unpacked, beside the record that takes it in.

    Raises:
        RecordError: there is no space for it.
    """
    with open(path, "rb") as file:
        if path.suffix not in (".gz", ".zst") and not n_segments(file.readline(MAX_LINE_BYTES)):
            yield file
            return
    place = Path(str(recorder.event_file_path))
    with ExitStack() as stack:
        with explained(place):
            whole = stack.enter_context(TemporaryFile(dir=place.parent))
            for _, _, raw in raw_lines(path):
                whole.write(raw)
            whole.flush()
        yield whole


def _spans_of(path: Path) -> tuple[dict[Key, _Span], list[bytes]]:
    """Where the lines of each sample stand, of its last intact batch, and the lines of loose events."""
    check, starts = BatchCheck(trusts_checksums=True), array("Q")
    spans: dict[Key, _Span] = {}
    loose = []

    def accept(end: int, lines: bytes) -> bool:
        found = check.whole(lines)
        if found is None:
            return False
        spans[found.sample_id, found.repeat] = end - len(lines), len(lines), found.n_lines
        return True

    for start, end, raw in lines_but_batches(path, accept):
        if start == 0:
            continue
        starts.append(start)
        line = parsed_line(raw) if b'"sample_done"' in raw or b'"loose"' in raw else None
        if line is None or not (line.get("sample_done") or line.get("loose")):
            check.add(raw, is_broken=not raw.endswith(b"}\n"))
            continue
        batch = check.end(raw, line.get("sample_id"))
        if batch.n_kept and line.get("loose"):
            if line.get("type") != "resumed":
                loose.append(raw)
        elif batch.n_kept:
            first = starts[-batch.n_kept]
            spans[key_of(line)] = first, end - first, batch.n_kept
        starts = array("Q")
    return spans, loose


def _without_head(raw: bytes) -> bytes:
    """A loose event without the ids and times that differ from part to part."""
    return raw[raw.find(b'"sample_id"') : raw.rfind(b', "created_by"')]
