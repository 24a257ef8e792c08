"""Gives a reader the samples of a record while its lines are checked: a sound record is read once, not twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from evals.record.batches import PlainEnd
from evals.record.envelope import is_event
from evals.record.event import Event, event_of
from evals.record.raw_lines import parsed_line, parsed_value
from evals.record.sample_record import Key, SampleRecord, key_of, sample_of

Take = Callable[[SampleRecord], None]

_START = re.compile(rb'\{"run_id": "[^"\\]*", "event_id": \d+, "sample_id": "[^"\\]*", "type": "([^"\\]*)", "data": ')
_AFTER_DATA = b', "created_by": "'


class UnreadEvent(Event):
    """An event of an intact batch, which is parsed when more than its type and its bytes are asked for."""

    is_unread = True

    def __init__(self, type: str, raw: bytes, data_from: int, repeat: int | None) -> None:
        self.type = type
        self.repeat = repeat
        self.raw = raw
        "Its line."
        self.data_from = data_from
        "Where the data begins in the line."

    def __getattr__(self, name: str) -> Any:
        if name not in Event.__dataclass_fields__:
            raise AttributeError(name)
        self.__dict__ |= event_of(parsed_line(self.raw) or {"type": self.type}).__dict__
        self.is_unread = False
        return self.__dict__[name]


def data_of(event: Event) -> Any:
    """The data of an event; of one that was not parsed yet, the data alone is parsed."""
    if type(event) is UnreadEvent and event.is_unread:
        event.is_unread = False
        event.data = parsed_value(event.raw[event.data_from : event.raw.rfind(_AFTER_DATA)])
    return event.data


def unread_data(event: Event) -> bytes | None:
    """The data of an event as the recorder wrote it, with the rest of its line behind it; None if it was parsed."""
    return event.raw[event.data_from :] if type(event) is UnreadEvent and event.is_unread else None


class FirstPass:
    """Takes in the batches of a record as they are checked, and gives their samples to `take`.

    A sample that failed is given in the end, since a later attempt may replace it. What a resumed run replaces, and
    which lines of a damaged record count, is known only when all lines were seen: such records need a second pass.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        self._failed: dict[Key, SampleRecord] = {}

    def add_plain(self, found: PlainEnd, lines: Sequence[bytes]) -> None:
        """Take in an intact batch whose last line is of the plain form."""
        repeat, own = found.repeat or None, found.own_id
        labels = {} if found.labels is None else _labels(found.labels)
        events = [event for raw in lines[:-1] if (event := _event(raw, repeat)) is not None]
        events.append(UnreadEvent(_text(found.type), lines[-1], found.data_from, repeat))
        name = None if not own else own.decode("utf-8", "replace")
        if self._failed:
            self._failed.pop((found.sample_id, found.repeat), None)
        self._take(SampleRecord(found.sample_id, found.repeat, events, None, labels, name))

    def add_parsed(self, lines: Sequence[bytes], last: Mapping[str, Any]) -> None:
        """Take in a batch whose last line had to be parsed, and maybe has no checksum; `last` is what it holds."""
        events = [event for raw in lines if (event := _parsed_event(raw)) is not None]
        sample = sample_of([*events, event_of(last)], last)
        self._failed.pop(key_of(last), None)
        if sample.error is not None:
            self._failed[key_of(last)] = sample
        else:
            self._take(sample)

    def end(self) -> None:
        """Give the samples whose last attempt failed."""
        for sample in self._failed.values():
            self._take(sample)


def _event(raw: bytes, repeat: int | None) -> Event | None:
    """The event of a line, parsed where the line has another form than the recorder gives it; None if it is none."""
    head = _START.match(raw)
    if head is not None:
        return UnreadEvent(_text(head[1]), raw, head.end(), repeat)
    return _parsed_event(raw)


def _parsed_event(raw: bytes) -> Event | None:
    line = parsed_line(raw)
    return event_of(line) if line is not None and is_event(line) else None


@lru_cache(maxsize=256)
def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


@lru_cache(maxsize=4096)
def _labels(text: bytes) -> dict[str, Any]:
    labels: dict[str, Any] = parsed_value(text)
    return labels
