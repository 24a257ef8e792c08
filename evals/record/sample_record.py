"""One evaluation of one sample, read from a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evals.record.event import Event

Key = tuple[str, int]
"(sample id, repeat). The repeat is 0 for the first evaluation."


@dataclass
class SampleRecord:
    """One evaluation of one sample: its events, its error if it failed, and its labels."""

    sample_id: str
    repeat: int = 0
    "0 for the first evaluation, from 1 for repeats."
    events: list[Event] = field(default_factory=list)
    error: dict[str, Any] | None = None
    "The data of its last `error` event (`type`, `message`, ...) if the sample failed; else None."
    labels: dict[str, Any] = field(default_factory=dict)
    "Keys of the row that reports group by (category, subject, ...)."
    own_id: str | None = None
    "The id that the row gives itself; None where it has none, where several rows share one, and in older records."

    @property
    def name(self) -> str:
        """What people call the sample: the row's own id, else `sample_id`."""
        return self.own_id or self.sample_id

    def data(self, type: str) -> list[Any]:
        """The data of all events of one type, in the order in which they were recorded."""
        return [event.data for event in self.events if event.type == type]

    def objects(self, type: str) -> list[dict[str, Any]]:
        """As `data`, the JSON objects alone: a record may hold anything under the name of an event."""
        return [data for data in self.data(type) if isinstance(data, dict)]

    @property
    def raw_sample(self) -> dict[str, Any]:
        """The row of the dataset; an empty dict if it was not recorded."""
        for event in self.events:
            if event.type == "raw_sample" and isinstance(event.data, dict):
                return event.data
        return {}


def key_of(line: Mapping[str, Any]) -> Key:
    """Sample and repeat of a parsed line."""
    return line.get("sample_id") or "", line.get("repeat") or 0


def sample_of(events: list[Event], last: Mapping[str, Any]) -> SampleRecord:
    """The evaluation that `events` are. last: the parsed line of the last one, with the marks."""
    error = None
    if last.get("failed"):
        data = events[-1].data
        error = data if isinstance(data, dict) else {"message": str(data)}
    own = last.get("id")
    name = own if isinstance(own, str) and own else None
    return SampleRecord(*key_of(last), events, error, last.get("labels") or {}, name)
