"""Writes a record as a file of JSON lines: the run spec, events, the final report."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.errors import RecordError, UsageError
from evals.json_text import dumps, encode
from evals.record.batches import resealed, sealed
from evals.record.event import Event as Event
from evals.record.event import in_sample_order
from evals.record.exact_data import marks_of, unlike_json
from evals.record.file import RecordFile
from evals.record.lines import event_line, line_of, safe_text
from evals.record.reader import read_record
from evals.record.recorders import RecorderBase
from evals.sample import OWN_ID_KEY

if TYPE_CHECKING:
    from evals.specs import RunSpec

logger = logging.getLogger(__name__)

RECORD_FORMAT = 1


class LocalRecorder(RecorderBase):
    """Writes a JSON lines file: the run spec, the events, the final report.

    The events of a finished sample are one write, so a killed run loses only the samples in flight. Keys in
    `hidden_data_fields` are left out of every event's data, at any depth. `get_events` reads the file; events are
    kept in memory only if the file cannot give them back (a pipe, hidden fields, data that JSON changes). log_path
    None: no file. rotate_bytes: a file that has grown to this size moves its lines into a compressed segment
    (`record.segments`).

    Raises:
        RecordError: the file cannot be made or locked.
        UsageError: `log_path` is a URL.
    """

    def __init__(
        self,
        log_path: str | Path | None,
        run_spec: RunSpec,
        hidden_data_fields: Sequence[str] = (),
        *,
        rotate_bytes: int | None = None,
    ) -> None:
        super().__init__(run_spec)
        self.event_file_path = log_path
        self.hidden_data_fields = hidden_data_fields
        self.keeps_exact_data = True
        "Whether `get_events` gives NaN, tuples and objects back as they were recorded; off where nobody asks for them."
        self._exact: dict[int, Event] = {}
        self._hidden = frozenset(hidden_data_fields)
        self._file: RecordFile | None = None
        if log_path is not None:
            self._file = RecordFile.create(_local_path(log_path), rotate_bytes=rotate_bytes)
            try:
                self._file.append(line_of({"spec": asdict(run_spec), "record_format": RECORD_FORMAT}))
            except RecordError:
                self._file.discard()
                raise

    @classmethod
    def resume(
        cls,
        path: str | Path,
        run_spec: RunSpec,
        hidden_data_fields: Sequence[str] = (),
        *,
        rotate_bytes: int | None = None,
    ) -> LocalRecorder:
        """A recorder that continues the record at `path`.

        A torn last line and a final report are cut off. `run_spec` takes over the run id and time of the record. A
        `resumed` event with the `command` is recorded.

        Raises:
            RecordError: another process writes the record, it cannot be written, or it has no whole line yet.
            DataError: the file is not a record.
        """
        file = RecordFile.reopen(_local_path(path), rotate_bytes=rotate_bytes)
        log = read_record(path)
        if not log.is_ours or not log.spec:
            raise RecordError(
                "this record cannot be resumed: it was cut before its first sample, or written by openai/evals",
                where=str(path),
                fix="start the run again without --resume",
            )
        file.mend(log.whole_size - log.file_start)
        run_spec.run_id = log.run_id or run_spec.run_id
        run_spec.created_at = log.spec.get("created_at") or run_spec.created_at
        recorder = cls(None, run_spec, hidden_data_fields)
        recorder.event_file_path = path
        recorder._file = file
        recorder._next_event_id = log.next_event_id
        if recorder._keeps_events:
            recorder._events.extend(log.events())
        recorder.record_event("resumed", {"command": run_spec.run_config.get("command")})
        return recorder

    def _text_of(self, data: Any) -> str:
        return safe_text(data, self._hidden)

    def _write(self, entries: list[tuple[Event, str]], marks: dict[str, Any]) -> None:
        if self._file is None:
            return super()._write(entries, marks)
        if self.keeps_exact_data and marks.get("sample_done") and not marks.get("failed"):
            said = marks_of(event for event, _ in entries)
            entries = [*entries[:-1], *((event, self._text_of(event.data)) for event in said), entries[-1]]
        with self._lock:
            first = self._next_event_id
            events = self._numbered(entries)
            lines = [event_line(event, text) for event, text in entries]
            lines[-1] = f"{lines[-1][:-2]}{self._marks_text(marks)}}}\n"
            batch = sealed(encode("".join(lines)), len(lines))
            try:
                start = self._file.append(batch)
            except RecordError:
                self._next_event_id = first
                raise
            self._appended(start, batch, events, marks)
            if self._keeps_events and not marks.get("failed"):
                self._events.extend(events)
            elif self.keeps_exact_data and not marks.get("failed"):
                self._exact.update((event.event_id, event) for event in events if unlike_json(event.data))
        self._flush_events_internal(events)
        return None

    def _appended(self, start: int, batch: bytes, events: Sequence[Event], marks: Mapping[str, Any]) -> None:
        """Take note of a batch that is in the file now. start: its place there. Here: do nothing."""

    def _marks_text(self, marks: dict[str, Any]) -> str:
        """The keys that end the last line of a batch."""
        shown = (
            marks if not self._hidden else {k: v for k, v in marks.items() if k != OWN_ID_KEY or k not in self._hidden}
        )
        return "".join([f', "{key}": {"true" if mark is True else self._text_of(mark)}' for key, mark in shown.items()])

    def adopt(self, batches: Sequence[Sequence[bytes]]) -> None:
        """Append batches of another record of the same run as they are, under the run id and event ids of this one.

        batches: for each sample its lines, whole and with line ends.

        Raises:
            RecordError: the lines cannot be written; none of them is then in the record.
        """
        if self._file is None or not batches:
            return
        with self._lock:
            event_id, head = self._next_event_id, self.line_start
            adopted = []
            for lines in batches:
                adopted.append(resealed(lines, head, event_id))
                event_id += len(lines)
            self._file.append(b"".join(adopted))
            self._next_event_id = event_id

    @property
    def line_start(self) -> bytes:
        """What each line of an event begins with, up to its event id."""
        return f'{{"run_id": {dumps(self._run_id)}, "event_id": '.encode()

    @property
    def next_event_id(self) -> int:
        """The id of the event that comes next."""
        return self._next_event_id

    def adopt_written(self, chunks: Iterable[bytes], next_event_id: int) -> None:
        """Append batches that have their ids already, from `next_event_id` of now up to the one given.

        Raises:
            RecordError: they cannot be written; chunks before the one that failed are in the record.
        """
        assert self._file is not None
        with self._lock:
            for chunk in chunks:
                self._file.append(chunk)
            self._next_event_id = next_event_id

    @property
    def _keeps_events(self) -> bool:
        """Whether events stay in memory, because the file cannot give them back: a pipe, or hidden fields."""
        return self._file is not None and (not self._file.is_regular or bool(self._hidden))

    def get_events(self, type: str) -> Sequence[Event]:
        """All events of a type in the order of samples and repeats, without those of failed samples.

        Reads the file, so each call costs a pass over the record. Data that JSON would change (NaN, tuples, objects)
        is what was recorded, as in openai/evals, for the events of this process.
        """
        if self._file is None or self._keeps_events:
            return super().get_events(type)
        events = in_sample_order(read_record(self._file.path).events(type))
        return [self._exact.get(event.event_id, event) for event in events] if self._exact else events

    def record_final_report(self, final_report: Any, extra: Mapping[str, Any] | None = None) -> None:
        """Write the report as the last line, and release the lock of the file. extra: further keys of that line.

        Raises:
            RecordError: the line cannot be written.
        """
        if self._file is None:
            return super().record_final_report(final_report, extra)
        line = {"final_report": final_report, "run_id": self._run_id, **(extra or {})}
        self._file.append(line_of(line))
        self._file.unlock()
        logger.info("Final report: %s. Logged to %s", final_report, self.event_file_path)
        return None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _local_path(path: str | Path) -> Path:
    if "://" in str(path):
        raise UsageError(
            "a record is written to a local file, not to a URL",
            where=str(path),
            fix="name a local file with --record_path, and copy it after the run",
        )
    return Path(path)
