"""An event: one thing that happened to a sample, one line of a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evals.sample import id_order


@dataclass
class Event:
    """What a recorder keeps of one `record_*` call; the fields are the keys of its line."""

    run_id: str
    event_id: int
    "Counts from 0 over the run, in the order of the lines; -1 until the event is written."
    sample_id: str | None
    type: str
    data: Any
    created_by: str
    created_at: str
    "UTC, like `2026-11-23 15:54:25.985214+00:00`."
    repeat: int | None = None
    "Which repeat of the sample, from 1; None for the first evaluation."


def in_sample_order(events: Iterable[Event]) -> list[Event]:
    """The events by sample id and repeat; those of one evaluation, and those of no sample, stay as they were."""
    return sorted(events, key=lambda event: (id_order(event.sample_id or ""), event.repeat or 0))


def event_of(line: Mapping[str, Any]) -> Event:
    """The event of one parsed line; keys that are not there come out empty."""
    return Event(
        run_id=line.get("run_id") or "",
        event_id=line.get("event_id", -1),
        sample_id=line.get("sample_id"),
        type=line["type"],
        data=line.get("data"),
        created_by=line.get("created_by") or "",
        created_at=line.get("created_at") or "",
        repeat=line.get("repeat"),
    )
