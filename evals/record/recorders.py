"""Records what happens to each sample: the events of a sample are written together when it is done.

The recorder and the sample are found through a context variable (`contextvars`). So plug-ins may record from asyncio
tasks, and from threads that run in a copied context, without getting a recorder as an argument.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import datetime, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any

from evals.record.event import Event as Event
from evals.record.event import in_sample_order
from evals.record.grading import current_grader
from evals.texts.thoughts import answers_where_cut

if TYPE_CHECKING:
    from evals.specs import RunSpec

logger = logging.getLogger(__name__)

KEPT_OF_FAILED = frozenset({"raw_sample", "sampling", "function_call", "extra"})
"Event types that are kept if a sample fails: what was sent and what came back, never a score."


class RecordContext:
    """Where events go: recorder, sample id, scope. The engine derives its context from it and adds what calls need."""

    __slots__ = ("recorder", "sample_id", "scope")

    def __init__(self, recorder: RecorderBase | None, sample_id: str | None, scope: SampleScope | None) -> None:
        self.recorder = recorder
        self.sample_id = sample_id
        self.scope = scope

    def at(self, recorder: RecorderBase, sample_id: str | None, scope: SampleScope | None) -> RecordContext:
        """A context inside this one, for another recorder or sample."""
        return RecordContext(recorder, sample_id, scope)


OUTSIDE = RecordContext(None, None, None)
"The context outside a run."

current_context: ContextVar[RecordContext] = ContextVar("evals_context", default=OUTSIDE)
"The only context variable of a run."


def default_recorder() -> RecorderBase | None:
    """The recorder of the current run; None outside a run."""
    return current_context.get().recorder


class SampleScope:
    """The events of one sample until it is done: `with recorder.sample(id) as scope`.

    Nothing is written unless `commit` or `fail` is called. Later events, from a thread that outlived its sample, are
    dropped: they belong to no result.
    """

    __slots__ = ("_closed", "_entries", "_recorder", "_token", "own_id", "repeat", "sample_id")

    def __init__(self, recorder: RecorderBase, sample_id: str, repeat: int | None = None) -> None:
        self.sample_id = sample_id
        self.repeat = repeat
        self.own_id: str | None = None
        "The id that the row gives itself, for the last line of the sample."
        self._recorder = recorder
        self._entries: list[tuple[Event, str]] = []
        self._closed = False
        self._token: Token[RecordContext] | None = None

    def __enter__(self) -> SampleScope:
        self._token = current_context.set(current_context.get().at(self._recorder, self.sample_id, self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._recorder._paused.discard(self)
        if self._token is not None:
            current_context.reset(self._token)

    @property
    def events(self) -> list[Event]:
        """The events of the sample so far."""
        return [event for event, _ in self._entries]

    def add(self, event: Event, data_text: str) -> None:
        """Keep an event until the sample is done. data_text: its data as JSON text."""
        if not self._closed:
            self._entries.append((event, data_text))

    def commit(self, labels: Mapping[str, Any] | None = None) -> None:
        """Write the sample's events at once; the last line gets the keys `sample_done`, `id` and `labels`.

        labels: keys of the row that reports group by. A sample without events gets an empty `result` event.

        Raises:
            RecordError: the events cannot be written.
        """
        self._recorder._paused.discard(self)
        if not self._entries or self._entries[-1][0].sample_id != self.sample_id:
            self._recorder.record_event("result", {}, sample_id=self.sample_id)
        self._finish({"sample_done": True}, labels)

    def fail(self, data: Mapping[str, Any], labels: Mapping[str, Any] | None = None) -> None:
        """Write the events of KEPT_OF_FAILED, and an `error` event with `data`, marked `failed` and `sample_done`."""
        self._entries = [entry for entry in self._entries if entry[0].type in KEPT_OF_FAILED]
        self._recorder._paused.discard(self)
        self._recorder.record_event("error", dict(data), sample_id=self.sample_id)
        self._finish({"failed": True, "sample_done": True}, labels)

    def _finish(self, marks: dict[str, Any], labels: Mapping[str, Any] | None) -> None:
        self._closed = True
        own = {"id": self.own_id} if self.own_id is not None else {}
        self._recorder._write(self._entries, {**own, **({"labels": dict(labels)} if labels else {}), **marks})


class RecorderBase:
    """Keeps events in memory. Subclasses override `_flush_events_internal` to send them elsewhere as well.

    Outside the scope of a sample (a plug-in that uses `as_default_recorder` itself) each event is written at once.
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
        """Make this the recorder inside the block, for `sample_id`. Within a sample's scope, events join that scope."""
        context = current_context.get()
        scope = context.scope if context.recorder is self else None
        token = current_context.set(context.at(self, sample_id, scope))
        try:
            yield
        finally:
            current_context.reset(token)

    def sample(self, sample_id: str, repeat: int | None = None) -> SampleScope:
        """A scope for one evaluation of one sample. repeat: from 1 for repeats, None for the first evaluation."""
        return SampleScope(self, sample_id, repeat)

    def _mine(self) -> RecordContext | None:
        context = current_context.get()
        return context if context.recorder is self else None

    def current_sample_id(self) -> str | None:
        """The id of the sample that this code evaluates; None outside a sample of this recorder."""
        context = self._mine()
        return None if context is None else context.sample_id

    def pause(self) -> None:
        """Drop the events of the current sample until `unpause` is called, at most until the sample is done."""
        self._paused.add(self._pause_key())

    def unpause(self) -> None:
        """Record the events of the current sample again."""
        self._paused.discard(self._pause_key())

    def is_paused(self, sample_id: str | None = None) -> bool:
        """Whether events of `sample_id` (by default the current sample) are dropped."""
        if not self._paused:
            return False
        key = self._pause_key()
        if sample_id is None or sample_id == self.current_sample_id():
            return key in self._paused
        return sample_id in self._paused

    def _pause_key(self) -> Any:
        context = self._mine()
        if context is None:
            return None
        return context.scope if context.scope is not None else context.sample_id

    def get_events(self, type: str) -> Sequence[Event]:
        """All events of a type in the order of samples and repeats, without those of failed samples.

        The order in which samples finished does not count, so sums that a plug-in computes do not depend on timing.
        """
        with self._lock:
            return in_sample_order(event for event in self._events if event.type == type)

    def get_metrics(self) -> list[Any]:
        """The data of all `metrics` events."""
        return [event.data for event in self.get_events("metrics")]

    def get_scores(self, key: str) -> list[Any]:
        """The value of `key` in every `metrics` event.

        Raises:
            KeyError: an event has no such key.
        """
        return [event.data[key] for event in self.get_events("metrics")]

    def record_event(self, type: str, data: Any = None, sample_id: str | None = None) -> None:
        """Record an event of any type. sample_id: by default the current sample."""
        if self._paused and self.is_paused(sample_id):
            return
        context, scope = current_context.get(), None
        if context.recorder is self:
            scope, sample_id = context.scope, context.sample_id if sample_id is None else sample_id
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
        """The data as it will be written. Made at once, since callers may change what they recorded afterwards."""
        return ""

    def _write(self, entries: list[tuple[Event, str]], marks: dict[str, Any]) -> None:
        """Keep a batch: the events of one sample, or one event of no sample."""
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
        """Send finished events elsewhere. Here: do nothing."""

    def flush_events(self) -> None:
        """Wait until all finished events are stored."""

    def close(self) -> None:
        """Close files and end threads. Nothing can be recorded afterwards."""

    def record_match(
        self, correct: bool, *, expected: Any = None, picked: Any = None, sample_id: str | None = None, **extra: Any
    ) -> None:
        """Record a `match` event: `correct`, `expected`, `picked`, and the keys of `extra`.

        A list of one expected answer is recorded as that answer.

        Raises:
            TypeError: `correct` is not True or False.
        """
        if not isinstance(correct, bool):
            raise TypeError(
                f"record_match: `correct` must be True or False, not {correct!r} ({type(correct).__name__})"
            )
        if isinstance(expected, list) and len(expected) == 1:
            expected = expected[0]
        data = {"correct": correct, "expected": expected, "picked": picked, **extra}
        self.record_event("match", data, sample_id=sample_id)

    def record_embedding(self, prompt: Any, embedding_type: Any, sample_id: str | None = None, **extra: Any) -> None:
        """Record an `embedding` event: `prompt`, `embedding_type`, and the keys of `extra`."""
        data = {"prompt": prompt, "embedding_type": embedding_type, **extra}
        self.record_event("embedding", data, sample_id=sample_id)

    def record_sampling(self, prompt: Any, sampled: Any, sample_id: str | None = None, **extra: Any) -> None:
        """Record a `sampling` event: `prompt`, `sampled`, `answers` (see there), `grader` (of its call), `extra`."""
        data = {"prompt": prompt, "sampled": sampled, **answers_where_cut(sampled), **extra}
        if (grader := current_grader()) is not None:
            data.setdefault("grader", grader)
        self.record_event("sampling", data, sample_id=sample_id)

    def record_function_call(
        self, name: Any, arguments: Any, return_value: Any, sample_id: str | None = None, **extra: Any
    ) -> None:
        """Record a `function_call` event: `name`, `arguments`, `return_value`, and the keys of `extra`."""
        data = {"name": name, "arguments": arguments, "return_value": return_value, **extra}
        self.record_event("function_call", data, sample_id=sample_id)

    def record_cond_logp(
        self, prompt: Any, completion: Any, logp: Any, sample_id: str | None = None, **extra: Any
    ) -> None:
        """Record a `cond_logp` event: `prompt`, `completion`, `logp` (nats), and the keys of `extra`."""
        data = {"prompt": prompt, "completion": completion, "logp": logp, **extra}
        self.record_event("cond_logp", data, sample_id=sample_id)

    def record_pick_option(
        self, prompt: Any, options: Any, picked: Any, sample_id: str | None = None, **extra: Any
    ) -> None:
        """Record a `pick_option` event: `prompt`, `options`, `picked`, and the keys of `extra`."""
        data = {"prompt": prompt, "options": options, "picked": picked, **extra}
        self.record_event("pick_option", data, sample_id=sample_id)

    def record_raw(self, data: Any) -> None:
        """Record a `raw_sample` event: the row of the dataset."""
        self.record_event("raw_sample", data)

    def record_metrics(self, **kwargs: Any) -> None:
        """Record a `metrics` event with these names and numbers."""
        self.record_event("metrics", kwargs)

    def record_error(self, msg: str, error: BaseException | None = None, **kwargs: Any) -> None:
        """Record an `error` event. The sample goes on, and still counts as finished.

        Keys: `type` and `message` of the exception, or `message` alone; `note` if `msg` says more; `kwargs`.
        """
        data = {"type": type(error).__name__, "message": str(error)} if error is not None else {"message": msg}
        if error is not None and msg and msg != str(error):
            data["note"] = msg
        self.record_event("error", {**data, **kwargs})

    def record_extra(self, data: Any, sample_id: str | None = None) -> None:
        """Record an `extra` event with any data."""
        self.record_event("extra", data, sample_id=sample_id)

    def record_final_report(self, final_report: Any, extra: Mapping[str, Any] | None = None) -> None:
        """Record the final report of the run. extra: further keys of its line."""
        logger.info("Final report: %s. Not writing anywhere.", final_report)


class DummyRecorder(RecorderBase):
    """Keeps events in memory and writes nothing, for `--dry-run` and tests. `DummyRecorder(None)` needs no run spec.

    log: log each event at level INFO.
    """

    def __init__(self, run_spec: RunSpec | None, log: bool = True) -> None:
        super().__init__(run_spec)
        self.log = log

    def _flush_events_internal(self, events_to_write: Sequence[Event]) -> None:
        if self.log and self.run_spec is not None and logger.isEnabledFor(logging.INFO):
            for event in events_to_write:
                logger.info("Not recording event: %s", event)
