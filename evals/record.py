"""Records what happens to each sample: events of one sample reach the file together, when it is done.

Events belong to the recorder and the sample of the current context (`contextvars`), so they find their way
from asyncio tasks and from threads that run in a copied context. Outside a run the `record_*` functions do nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import asdict
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from evals.errors import RecordError, UsageError
from evals.event import Event as Event
from evals.event import in_sample_order
from evals.json_text import dumps, encode
from evals.record_file import RecordFile
from evals.record_text import event_line, line_of, safe_text

if TYPE_CHECKING:
    from evals.http_sink import HttpSink
    from evals.specs import RunSpec

logger = logging.getLogger(__name__)

RECORD_FORMAT = 1
KEPT_OF_FAILED = frozenset({"raw_sample", "sampling", "function_call", "extra"})
"Event types that stay when a sample fails: what was sent and came back, never a score."


class _Place(NamedTuple):
    """Where events of the current context go."""

    recorder: RecorderBase
    sample_id: str | None
    scope: SampleScope | None


_place: ContextVar[_Place | None] = ContextVar("evals_record_place", default=None)


def default_recorder() -> RecorderBase | None:
    """The recorder of the current context; None outside a run."""
    place = _place.get()
    return None if place is None else place.recorder


class SampleScope:
    """The events of one sample until it is done; `with recorder.sample(id) as scope` makes one.

    Nothing is written unless `commit` or `fail` is called. Events that come after that, from a thread that
    outlived its sample, are dropped: they belong to no result.
    """

    __slots__ = ("_closed", "_entries", "_recorder", "_token", "repeat", "sample_id")

    def __init__(self, recorder: RecorderBase, sample_id: str, repeat: int | None = None) -> None:
        self.sample_id = sample_id
        self.repeat = repeat
        self._recorder = recorder
        self._entries: list[tuple[Event, str]] = []
        self._closed = False
        self._token: Token[_Place | None] | None = None

    def __enter__(self) -> SampleScope:
        self._token = _place.set(_Place(self._recorder, self.sample_id, self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._recorder._paused.discard(self)
        if self._token is not None:
            _place.reset(self._token)

    @property
    def events(self) -> list[Event]:
        """What was recorded for the sample so far."""
        return [event for event, _ in self._entries]

    def add(self, event: Event, data_text: str) -> None:
        if not self._closed:
            self._entries.append((event, data_text))

    def commit(self, labels: Mapping[str, Any] | None = None) -> None:
        """Write the sample's events in one go, the last one marked `sample_done`.

        labels: keys that put the sample in a group (category, subject, ...); they stand beside the mark.
        """
        self._recorder._paused.discard(self)
        if not self._entries or self._entries[-1][0].sample_id != self.sample_id:
            self._recorder.record_event("result", {}, sample_id=self.sample_id)
        self._finish({"labels": dict(labels), "sample_done": True} if labels else {"sample_done": True})

    def fail(self, data: Mapping[str, Any], labels: Mapping[str, Any] | None = None) -> None:
        """Write what was sent and came back, and an `error` event with `data`, marked `failed` and `sample_done`."""
        self._entries = [entry for entry in self._entries if entry[0].type in KEPT_OF_FAILED]
        self._recorder._paused.discard(self)
        self._recorder.record_event("error", dict(data), sample_id=self.sample_id)
        marks = {"failed": True, "sample_done": True}
        self._finish({"labels": dict(labels), **marks} if labels else marks)

    def _finish(self, marks: dict[str, Any]) -> None:
        self._closed = True
        self._recorder._write(self._entries, marks)


class RecorderBase:
    """Keeps events in memory. Subclasses override `_flush_events_internal` to send them elsewhere too.

    Outside a sample's scope (a plug-in that uses `as_default_recorder` by itself) each event is written at once.
    """

    def __init__(self, run_spec: RunSpec | None) -> None:
        self.run_spec = run_spec
        self._lock = threading.Lock()
        self._paused: set[Any] = set()
        self._events: list[Event] = []
        self._next_event_id = 0
        self._run_id: str = (run_spec.run_id if run_spec is not None else None) or ""
        self._created_by: str = run_spec.created_by if run_spec is not None else ""

    @contextmanager
    def as_default_recorder(self, sample_id: str | None) -> Iterator[None]:
        """Make this the recorder of the current context, for `sample_id`; inside a scope events join that scope."""
        place = _place.get()
        scope = place.scope if place is not None and place.recorder is self else None
        token = _place.set(_Place(self, sample_id, scope))
        try:
            yield
        finally:
            _place.reset(token)

    def sample(self, sample_id: str, repeat: int | None = None) -> SampleScope:
        """A scope for one evaluation of one sample. repeat: from 1 for a repeat, None for the first evaluation."""
        return SampleScope(self, sample_id, repeat)

    def _mine(self) -> _Place | None:
        place = _place.get()
        return place if place is not None and place.recorder is self else None

    def current_sample_id(self) -> str | None:
        place = self._mine()
        return None if place is None else place.sample_id

    def pause(self) -> None:
        """Drop the events of the current sample until `unpause`."""
        self._paused.add(self._pause_key())

    def unpause(self) -> None:
        self._paused.discard(self._pause_key())

    def is_paused(self, sample_id: str | None = None) -> bool:
        if not self._paused:
            return False
        key = self._pause_key()
        if sample_id is None or sample_id == self.current_sample_id():
            return key in self._paused
        return sample_id in self._paused

    def _pause_key(self) -> Any:
        place = self._mine()
        if place is None:
            return None
        return place.scope if place.scope is not None else place.sample_id

    def get_events(self, type: str) -> Sequence[Event]:
        """All events of a type in the order of samples and repeats, those of failed samples left out.

        Not in the order in which samples finished: what a plug-in adds up from them does not depend on timing.
        """
        with self._lock:
            return in_sample_order(event for event in self._events if event.type == type)

    def get_metrics(self) -> list[Any]:
        """The data of all `metrics` events."""
        return [event.data for event in self.get_events("metrics")]

    def get_scores(self, key: str) -> list[Any]:
        """The value of `key` in every `metrics` event."""
        return [event.data[key] for event in self.get_events("metrics")]

    def record_event(self, type: str, data: Any = None, sample_id: str | None = None) -> None:
        """Record any event; `sample_id` stands for the current sample when it is not given."""
        if self.is_paused(sample_id):
            return
        place = self._mine()
        scope = None if place is None else place.scope
        if sample_id is None and place is not None:
            sample_id = place.sample_id
        event = Event(
            self._run_id,
            -1,
            sample_id,
            type,
            data,
            self._created_by,
            str(datetime.now(timezone.utc)),
            None if scope is None else scope.repeat,
        )
        if scope is None:
            self._write([(event, self._text_of(data))], {"loose": True})
        else:
            scope.add(event, self._text_of(data))

    def _text_of(self, data: Any) -> str:
        """The data as it will be written. Made at once: callers may go on changing what they recorded."""
        return ""

    def _write(self, entries: list[tuple[Event, str]], marks: dict[str, Any]) -> None:
        """Keep a batch: one sample, or one event from outside any."""
        with self._lock:
            events = self._numbered(entries)
            if not marks.get("failed"):
                self._events.extend(events)
        self._flush_events_internal(events)

    def _numbered(self, entries: list[tuple[Event, str]]) -> list[Event]:
        for number, (event, _) in enumerate(entries, self._next_event_id):
            event.event_id = number
        self._next_event_id += len(entries)
        return [event for event, _ in entries]

    def _flush_events_internal(self, events_to_write: Sequence[Event]) -> None:
        """Send finished events elsewhere; here there is nowhere."""

    def flush_events(self) -> None:
        """See that all finished events are where they belong."""

    def close(self) -> None:
        """Give back files and threads; nothing is recorded afterwards."""

    def record_match(
        self, correct: bool, *, expected: Any = None, picked: Any = None, sample_id: str | None = None, **extra: Any
    ) -> None:
        """Record whether a completion fits. A list of one expected answer is recorded as that answer."""
        if not isinstance(correct, bool):
            raise TypeError(
                f"record_match: `correct` must be True or False, not {correct!r} ({type(correct).__name__})"
            )
        if isinstance(expected, list) and len(expected) == 1:
            expected = expected[0]
        data = {"correct": correct, "expected": expected, "picked": picked, **extra}
        self.record_event("match", data, sample_id=sample_id)

    def record_embedding(self, prompt: Any, embedding_type: Any, sample_id: str | None = None, **extra: Any) -> None:
        data = {"prompt": prompt, "embedding_type": embedding_type, **extra}
        self.record_event("embedding", data, sample_id=sample_id)

    def record_sampling(self, prompt: Any, sampled: Any, sample_id: str | None = None, **extra: Any) -> None:
        self.record_event("sampling", {"prompt": prompt, "sampled": sampled, **extra}, sample_id=sample_id)

    def record_function_call(
        self, name: Any, arguments: Any, return_value: Any, sample_id: str | None = None, **extra: Any
    ) -> None:
        data = {"name": name, "arguments": arguments, "return_value": return_value, **extra}
        self.record_event("function_call", data, sample_id=sample_id)

    def record_cond_logp(
        self, prompt: Any, completion: Any, logp: Any, sample_id: str | None = None, **extra: Any
    ) -> None:
        data = {"prompt": prompt, "completion": completion, "logp": logp, **extra}
        self.record_event("cond_logp", data, sample_id=sample_id)

    def record_pick_option(
        self, prompt: Any, options: Any, picked: Any, sample_id: str | None = None, **extra: Any
    ) -> None:
        data = {"prompt": prompt, "options": options, "picked": picked, **extra}
        self.record_event("pick_option", data, sample_id=sample_id)

    def record_raw(self, data: Any) -> None:
        self.record_event("raw_sample", data)

    def record_metrics(self, **kwargs: Any) -> None:
        self.record_event("metrics", kwargs)

    def record_error(self, msg: str, error: BaseException | None = None, **kwargs: Any) -> None:
        """Record that something went wrong; the sample still counts as finished."""
        data = {"type": type(error).__name__, "message": str(error)} if error is not None else {"message": msg}
        if error is not None and msg and msg != str(error):
            data["note"] = msg
        self.record_event("error", {**data, **kwargs})

    def record_extra(self, data: Any, sample_id: str | None = None) -> None:
        self.record_event("extra", data, sample_id=sample_id)

    def record_final_report(self, final_report: Any, extra: Mapping[str, Any] | None = None) -> None:
        """Record the numbers of the run. extra: keys that stand beside the report."""
        logger.info("Final report: %s. Not writing anywhere.", final_report)


class DummyRecorder(RecorderBase):
    """Keeps events in memory and writes none; for `--dry-run` and tests. `DummyRecorder(None)` needs no run.

    log: say each event through `logging`.
    """

    def __init__(self, run_spec: RunSpec | None, log: bool = True) -> None:
        super().__init__(run_spec)
        self.log = log

    def _flush_events_internal(self, events_to_write: Sequence[Event]) -> None:
        if self.log and self.run_spec is not None and logger.isEnabledFor(logging.INFO):
            for event in events_to_write:
                logger.info("Not recording event: %s", event)


class LocalRecorder(RecorderBase):
    """Writes a JSON lines file: the run spec, events, the final report.

    A finished sample is one write, so a killed run loses what was in flight and nothing else. Keys in
    `hidden_data_fields` are left out of every event's data, at any depth. Nothing is kept in memory:
    `get_events` reads the file, unless fields are hidden in it.
    """

    def __init__(self, log_path: str | Path | None, run_spec: RunSpec, hidden_data_fields: Sequence[str] = ()) -> None:
        super().__init__(run_spec)
        self.event_file_path = log_path
        self.hidden_data_fields = hidden_data_fields
        self._hidden = frozenset(hidden_data_fields)
        self._file: RecordFile | None = None
        if log_path is not None:
            self._file = RecordFile.create(_local_path(log_path))
            try:
                self._file.append(line_of({"spec": asdict(run_spec), "record_format": RECORD_FORMAT}))
            except RecordError:
                self._file.discard()
                raise

    @classmethod
    def resume(cls, path: str | Path, run_spec: RunSpec, hidden_data_fields: Sequence[str] = ()) -> LocalRecorder:
        """Go on with the record at `path`: a torn tail and a final report are cut off, its run id is taken over.

        Raises:
            RecordError: another process writes it, or it cannot be written.
            DataError: it is no record.
        """
        from evals.run_log import read_log

        file = RecordFile.reopen(_local_path(path))
        log = read_log(path)
        if not log.is_ours or not log.spec:
            raise RecordError(
                "this record cannot be resumed: it was cut before its first sample, or written by openai/evals",
                where=str(path),
                fix="start the run again without --resume",
            )
        file.mend(log.whole_size)
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
        with self._lock:
            first = self._next_event_id
            events = self._numbered(entries)
            lines = [event_line(event, text) for event, text in entries]
            lines[-1] = lines[-1][:-2] + "".join(f", {dumps(k)}: {self._text_of(v)}" for k, v in marks.items()) + "}\n"
            try:
                self._file.append(encode("".join(lines)))
            except RecordError:
                self._next_event_id = first
                raise
            if self._keeps_events and not marks.get("failed"):
                self._events.extend(events)
        self._flush_events_internal(events)
        return None

    @property
    def _keeps_events(self) -> bool:
        """Whether the file cannot give back what was recorded: a pipe, or one that leaves fields out."""
        return self._file is not None and (not self._file.is_regular or bool(self._hidden))

    def get_events(self, type: str) -> Sequence[Event]:
        if self._file is None or self._keeps_events:
            return super().get_events(type)
        from evals.run_log import read_log

        return in_sample_order(read_log(self._file.path).events(type))

    def record_final_report(self, final_report: Any, extra: Mapping[str, Any] | None = None) -> None:
        """Write the report as the last line and let go of the file."""
        if self._file is None:
            return super().record_final_report(final_report, extra)
        line = {"final_report": final_report, "run_id": self._run_id, **(extra or {})}
        self._file.append(line_of(line))
        self._file.unlock()
        logger.info("Final report: %s. Logged to %s", final_report, self.event_file_path)
        return None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class HttpRecorder(LocalRecorder):
    """Sends events to an HTTP server as JSON lists, beside a whole local record at `local_fallback_path`.

    The events of a sample travel together; about `batch_size` events a POST, from a thread of its own. When more
    than `fail_percent_threshold` percent of the events sent so far were not accepted, the run ends.
    """

    def __init__(
        self,
        url: str,
        run_spec: RunSpec,
        local_fallback_path: str | Path,
        fail_percent_threshold: int = 5,
        batch_size: int = 100,
    ) -> None:
        from evals.http_sink import HttpSink

        self._sink: HttpSink = HttpSink(url, fail_percent_threshold, batch_size)
        super().__init__(local_fallback_path, run_spec)
        self.url = url
        self.batch_size = batch_size
        self.local_fallback_path = local_fallback_path

    def _write(self, entries: list[tuple[Event, str]], marks: dict[str, Any]) -> None:
        super()._write(entries, marks)
        self._sink.put([event_line(event, text) for event, text in entries])
        self._sink.check()

    def flush_events(self) -> None:
        self._sink.flush()

    def record_final_report(self, final_report: Any, extra: Mapping[str, Any] | None = None) -> None:
        super().record_final_report(final_report, extra)
        now = str(datetime.now(timezone.utc))
        event = Event(self._run_id, self._next_event_id, None, "final_report", None, self._created_by, now)
        self._sink.put([event_line(event, self._text_of(final_report))])
        self._sink.flush()
        self._sink.check(where=str(self.local_fallback_path))

    def close(self) -> None:
        self._sink.close()
        super().close()


class Recorder(RecorderBase):
    """The Snowflake recorder of openai/evals; only its name is here, for annotations in plug-ins."""

    def __init__(self, log_path: str | None, run_spec: RunSpec, snowflake_connection: Any = None) -> None:
        raise UsageError(
            "records cannot be written to Snowflake",
            fix="record locally (the default) and load the JSON lines file, or use --http-run",
        )


def _local_path(path: str | Path) -> Path:
    if "://" in str(path):
        raise UsageError(
            "a record is written to a local file, not to a URL",
            where=str(path),
            fix="name a local file with --record_path and copy it afterwards",
        )
    return Path(path)


class _NoRecorder(RecorderBase):
    """Stands in where no run is active; says once that events are lost."""

    def record_event(self, type: str, data: Any = None, sample_id: str | None = None) -> None:
        _warn_once()


@lru_cache(maxsize=1)
def _warn_once() -> None:
    logger.warning("an event was recorded outside any run, or on a thread without the run's context; it is lost")


_nowhere = _NoRecorder(None)


def _recorder() -> RecorderBase:
    return default_recorder() or _nowhere


def current_sample_id() -> str | None:
    """The id of the sample that is being evaluated in this context."""
    return _recorder().current_sample_id()


def record_match(correct: bool, *, expected: Any = None, picked: Any = None, **extra: Any) -> None:
    """Record whether a completion fits what was expected."""
    return _recorder().record_match(correct, expected=expected, picked=picked, **extra)


def record_embedding(prompt: Any, embedding_type: Any, **extra: Any) -> None:
    """Record an embedding of `prompt`."""
    return _recorder().record_embedding(prompt, embedding_type, **extra)


def record_sampling(prompt: Any, sampled: Any, **extra: Any) -> None:
    """Record a prompt and the completions that came back."""
    return _recorder().record_sampling(prompt, sampled, **extra)


def record_function_call(name: Any, arguments: Any, return_value: Any, **extra: Any) -> None:
    """Record a call of a function or tool."""
    return _recorder().record_function_call(name, arguments, return_value, **extra)


def record_cond_logp(prompt: Any, completion: Any, logp: Any, **extra: Any) -> None:
    """Record the log probability of `completion` after `prompt`."""
    return _recorder().record_cond_logp(prompt, completion, logp, **extra)


def record_pick_option(prompt: Any, options: Any, picked: Any, **extra: Any) -> None:
    """Record which of several options was picked."""
    return _recorder().record_pick_option(prompt, options, picked, **extra)


def record_raw(data: Any) -> None:
    """Record the row of the dataset."""
    return _recorder().record_raw(data)


def record_metrics(**extra: Any) -> None:
    """Record named numbers of the current sample."""
    return _recorder().record_metrics(**extra)


def record_error(msg: str, error: BaseException | None = None, **extra: Any) -> None:
    """Record that something went wrong, and go on."""
    return _recorder().record_error(msg, error, **extra)


def record_extra(data: Any) -> None:
    """Record anything else of interest."""
    return _recorder().record_extra(data)


def record_event(type: str, data: Any = None, sample_id: str | None = None) -> None:
    """Record an event of any type."""
    return _recorder().record_event(type, data, sample_id)


def pause() -> None:
    """Drop the events of the current sample until `unpause`."""
    return _recorder().pause()


def unpause() -> None:
    """Record the current sample's events again."""
    return _recorder().unpause()
