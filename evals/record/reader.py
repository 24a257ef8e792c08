"""Reads records, whole or torn, ours or those of openai/evals, sample by sample and in little memory."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.errors import DataError, MissingExtra
from evals.record.batches import Batch, BatchCheck, PlainEnd, is_marked, may_belong, plain_end
from evals.record.envelope import fix_of_first_line, is_event, problem_of_spec
from evals.record.event import Event, event_of
from evals.record.first_pass import FirstPass, Take
from evals.record.raw_lines import lines_but_batches, parsed_line, raw_lines, refuse_pipe
from evals.record.sample_record import Key, SampleRecord, key_of, sample_of

if TYPE_CHECKING:
    import pandas

logger = logging.getLogger(__name__)

_WHOLE = Batch(1, 0, 0)
"A line of openai/evals' own records, which have no batches."


class Record:
    """One record. Opening it reads the file once; each iteration reads it again and holds one sample in memory.

    path: the file, plain, `.gz` or `.zst`; segments that come before it are read with it. take: see `read_record`.

    Raises:
        DataError: the file is not a record.
        OSError: the file cannot be read; `read_record` turns that into a DataError.
    """

    def __init__(self, path: Path, take: Take | None = None) -> None:
        self.path = path
        self.spec: dict[str, Any] = {}
        "The run spec; empty if the record was cut inside its first line."
        self.final_report: dict[str, Any] | None = None
        "None if the run did not end."
        self.extras: dict[str, Any] = {}
        "The further keys of the line of the final report."
        self.is_ours = False
        "False for a record of openai/evals, whose events have no marks for finished samples."
        self.n_broken_lines = 0
        "Lines that are no event: at most the torn last line, unless the file was damaged."
        self.whole_size = 0
        "Bytes up to the end of the last whole batch, without a final report. A resumed run continues there."
        self.next_event_id = 0
        self.file_start = 0
        "Bytes in the segments that come before the file; 0 for most records."
        self._size = 0
        self._session = 0
        self._n_attempts = 0
        self._last_of_failed: dict[Key, int] = {}
        self._finished_later: dict[Key, int] = {}
        self._n_events: dict[str | None, int] = {}
        self._n_kept: dict[int, int] = {}
        "By the offset where a damaged batch ends: how many of its lines count, which may be none."
        first = FirstPass(take) if take is not None else None
        if not self._scan(trusts_checksums=True, first=first):
            self._forget()
            self._scan(trusts_checksums=False)
            first = None
        self.gave_all = first is not None and self._is_sound()
        "Whether `take` was given all samples, so that they need not be read again."
        if first is not None and self.gave_all:
            first.end()

    @property
    def run_id(self) -> str | None:
        """The id of the run; None if the record has none."""
        run_id = self.spec.get("run_id")
        return run_id if isinstance(run_id, str) else None

    def samples(self, ids: Collection[str] | None = None) -> Iterator[SampleRecord]:
        """Each sample once, in the order in which samples ended; attempts that a resumed run replaced are left out.

        ids: only these samples; most lines of other samples are then not parsed.
        """
        wanted = None if ids is None else frozenset(ids)
        for item in self._items(wanted):
            if isinstance(item, SampleRecord) and (wanted is None or item.sample_id in wanted):
                yield item

    def events(self, type: str | None = None) -> Iterator[Event]:
        """The events of samples that did not fail, and events of no sample. type: only this type."""
        for item in self._items():
            if isinstance(item, Event):
                events = [item]
            else:
                events = [] if item.error is not None else item.events
            for event in events:
                if type is None or event.type == type:
                    yield event

    def to_rows(self) -> Iterator[dict[str, Any]]:
        """A flat row for each sample: `evals.record.rows.COLUMNS`, the sample's labels, and its metrics."""
        from evals.record.rows import labelled_row_of

        return map(labelled_row_of, self.samples())

    def to_dataframe(self) -> pandas.DataFrame:
        """The rows of `to_rows` as a pandas DataFrame.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MissingExtra("a DataFrame of a record", "data") from None
        return pandas.DataFrame(list(self.to_rows()))

    def to_parquet(self, path: str | Path) -> None:
        """Write the rows of `to_rows` to a Parquet file; prompts, lists and objects as JSON text.

        Raises:
            MissingExtra: pyarrow is not installed.
        """
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise MissingExtra("a Parquet file of a record", "data") from None
        from evals.record.rows import columns_of

        pyarrow.parquet.write_table(pyarrow.table(columns_of(self.to_rows())), path)

    def _is_sound(self) -> bool:
        """Whether, as far as was read, every batch counts: nothing is broken, and no resumed run replaced anything."""
        return self.is_ours and not self.n_broken_lines and not self._session

    def _forget(self) -> None:
        self.n_broken_lines = self.n_damaged = self.next_event_id = self._session = self._n_attempts = 0
        self._last_of_failed, self._finished_later, self._n_kept = {}, {}, {}

    def _scan(self, *, trusts_checksums: bool, first: FirstPass | None = None) -> bool:
        """The first pass over the file: spec, report, which attempts were replaced, where the last whole batch ends.

        False if most checksums are wrong: another program wrote the record anew, and its lines are other bytes.
        """
        check, is_torn = BatchCheck(trusts_checksums=trusts_checksums), False

        def accept(end: int, lines: bytes) -> bool:
            found = check.whole(lines) if self.is_ours else None
            if found is None:
                return False
            self._size = end
            self._scan_plain(found, lines[:-1].split(b"\n"), end, first)
            return True

        for start, end, raw in lines_but_batches(self.path, accept):
            self._size = end
            if start == 0 and self._scan_first(raw, end):
                continue
            is_torn = not raw.endswith(b"\n")
            if self.is_ours and not is_marked(raw):
                is_broken = not raw.endswith(b"}\n")
                self.n_broken_lines += is_broken
                check.add(raw, is_broken=is_broken)
                continue
            found = plain_end(raw) if self.is_ours else None
            batch = check.end_if_intact(raw, found) if found is not None else None
            if found is not None and batch is not None:
                self._scan_batch(batch, end)
                self._scan_plain(found, [*check.ended, raw], end, first)
                continue
            line = parsed_line(raw)
            if line is not None and "final_report" in line:
                self._scan_report(line)
            elif line is None or ("type" in line and not is_event(line)):
                self.n_broken_lines += 1
                check.add(raw, is_broken=True)
            elif "type" not in line:
                if "spec" in line:  # the first line of the file, after its segments
                    self.file_start, self.whole_size = start, end
                continue
            elif self.is_ours and not (line.get("sample_done") or line.get("loose")):
                check.add(raw)
            else:
                batch = check.end(raw, line.get("sample_id")) if self.is_ours else _WHOLE
                self._scan_batch(batch, end)
                if batch.n_kept:
                    self._scan_event(line, end)
                    if first is not None and line.get("sample_done") and self._is_sound():
                        first.add_parsed(check.ended, line)
        self.n_damaged = max(0, self.n_broken_lines - is_torn)
        return not trusts_checksums or 2 * check.n_wrong <= check.n_sealed

    def _scan_batch(self, batch: Batch, end: int) -> None:
        self.n_broken_lines += batch.n_broken
        if batch.n_dropped:
            self._n_kept[end] = batch.n_kept

    def _scan_plain(self, found: PlainEnd, lines: Sequence[bytes], end: int, first: FirstPass | None) -> None:
        """Take in an intact batch."""
        if first is not None and self._is_sound():
            first.add_plain(found, lines)
        self._scan_end((found.sample_id, found.repeat), found.event_id, end)

    def _scan_first(self, raw: bytes, end: int) -> bool:
        line = parsed_line(raw)
        if line is not None and isinstance(line.get("spec"), dict):
            problem = problem_of_spec(line["spec"])
            if problem is not None:
                raise DataError(f"the run spec of this record cannot be used: {problem}", where=f"{self.path}:1")
            self.spec, self.is_ours, self.whole_size = line["spec"], "record_format" in line, end
            return True
        if line is None and not raw.endswith(b"\n") and b'{"spec"'.startswith(raw[:7]):
            self.is_ours, self.n_broken_lines = True, 1
            return True
        raise DataError("this is not a record", where=f"{self.path}:1", fix=fix_of_first_line(raw))

    def _scan_report(self, line: dict[str, Any]) -> None:
        if not isinstance(line["final_report"], dict):
            self.n_broken_lines += 1
            return
        self.final_report = line["final_report"]
        self.extras = {k: v for k, v in line.items() if k not in ("final_report", "run_id")}

    def _scan_event(self, line: dict[str, Any], end: int) -> None:
        """Take in one marked event."""
        if not self.is_ours:
            sample_id = line.get("sample_id")
            self._n_events[sample_id] = self._n_events.get(sample_id, 0) + 1
            self.whole_size = end
            return
        event_id = line.get("event_id")
        event_id = -1 if event_id is None else event_id
        if line.get("loose"):
            self.whole_size, self.next_event_id = end, max(self.next_event_id, event_id + 1)
            self._session += line["type"] == "resumed"
            return
        self._scan_end(key_of(line), event_id, end, failed=bool(line.get("failed")))

    def _scan_end(self, key: Key, event_id: int, end: int, *, failed: bool = False) -> None:
        """Take in the end of an attempt."""
        self.whole_size = end
        if event_id >= self.next_event_id:
            self.next_event_id = event_id + 1
        if failed or key in self._last_of_failed:
            self._last_of_failed[key] = self._n_attempts
        if self._session and not failed:
            self._finished_later[key] = self._session
        self._n_attempts += 1

    def _event_lines(self, wanted: frozenset[str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """(end, line) of the event lines that the first pass saw. A record that is being written may have grown since.

        wanted: only lines of these samples and lines that end an attempt have to be given; others may be skipped.
        """
        for _, end, raw in raw_lines(self.path):
            if end > self._size:
                return
            if wanted is not None and not may_belong(raw, wanted) and not is_marked(raw):
                continue
            line = parsed_line(raw)
            if line is not None and "final_report" not in line and is_event(line):
                yield end, line

    def _items(self, wanted: frozenset[str] | None = None) -> Iterator[SampleRecord | Event]:
        return self._our_items(wanted) if self.is_ours else self._foreign_items()

    def _our_items(self, wanted: frozenset[str] | None = None) -> Iterator[SampleRecord | Event]:
        batch: list[Event] = []
        ordinal = session = 0
        for end, line in self._event_lines(wanted):
            event, n_kept = event_of(line), self._n_kept.get(end)
            if n_kept is not None and (line.get("sample_done") or line.get("loose")):
                batch = batch[len(batch) - n_kept + 1 :] if n_kept > 1 else []
                if not n_kept:
                    continue
            if line.get("loose"):
                batch = []
                session += event.type == "resumed"
                if session == self._session and event.type != "resumed":
                    yield event
                continue
            batch.append(event)
            if line.get("sample_done"):
                sample = sample_of(batch, line)
                if not self._is_superseded(key_of(line), ordinal, session, failed=sample.error is not None):
                    yield sample
                ordinal += 1
                batch = []

    def _is_superseded(self, key: Key, ordinal: int, session: int, *, failed: bool) -> bool:
        if failed:
            return self._last_of_failed[key] > ordinal
        return self._finished_later.get(key, -1) > session

    def _foreign_items(self) -> Iterator[SampleRecord | Event]:
        """The samples of an openai/evals record, whose events are interleaved: each when its last event was read."""
        left = dict(self._n_events)
        open_samples: dict[str | None, list[Event]] = {}
        for _, line in self._event_lines():
            event = event_of(line)
            if event.sample_id is None:
                yield event
                continue
            events = open_samples.setdefault(event.sample_id, [])
            events.append(event)
            left[event.sample_id] -= 1
            if left[event.sample_id] == 0:
                yield SampleRecord(event.sample_id, 0, open_samples.pop(event.sample_id))


def read_record(path: str | Path, take: Take | None = None) -> Record:
    """The record at `path`, plain or `.gz`.

    take: is called with samples during the first pass, which saves the second one where `gave_all` is True after it. In
    other records (damaged, resumed, of openai/evals) it was called with some samples, and what it took must be dropped.

    Raises:
        DataError: the file cannot be read, or is not a record.
    """
    refuse_pipe(path)
    try:
        record = Record(Path(path), take)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"the record cannot be read: {reason}", where=str(path), fix="check the path") from None
    if record.n_damaged:
        _warn_of_damage(str(path), record.n_damaged)
    return record


@functools.lru_cache(maxsize=1000)
def _warn_of_damage(path: str, n: int) -> None:
    """Say it once for each record, whatever reads it, and however often."""
    lines = "1 broken line" if n == 1 else f"{n:,} broken lines"
    logger.warning("%s has %s: their samples count as not finished; --resume evaluates them again", path, lines)
