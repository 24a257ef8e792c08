"""Events: each is one thing that happened to a sample, and one line of a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evals.sample import id_order


@dataclass
class Event:
    """What one `record_*` call recorded. The fields are the keys of its line in the record."""

    run_id: str
    event_id: int
    "Number of the event in the run, from 0, in the order of the lines; -1 until it is written."
    sample_id: str | None
    type: str
    data: Any
    created_by: str
    created_at: str
    "UTC, such as `2026-11-23 15:54:25.985214+00:00`."
    repeat: int | None = None
    "Which repeat of the sample, from 1; None for the first evaluation."


def in_sample_order(events: Iterable[Event]) -> list[Event]:
    """The events sorted by sample id (`x.9` before `x.10`) and repeat.

    Events of one evaluation keep their order. Events of no sample come first, in their order.
    """
    return sorted(events, key=lambda event: (id_order(event.sample_id or ""), event.repeat or 0))


def by_sample(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each sample by its id, in their order; those of no sample are under the empty text."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.sample_id or "", []).append(event)
    return found


def event_of(line: Mapping[str, Any]) -> Event:
    """The event of one parsed line. A missing key gives an empty text or None; a missing or null `event_id` gives -1.

    Raises:
        KeyError: the line has no `type`.
    """
    get = line.get
    event_id = get("event_id")
    return Event(
        get("run_id") or "",
        -1 if event_id is None else event_id,
        get("sample_id"),
        line["type"],
        get("data"),
        get("created_by") or "",
        get("created_at") or "",
        get("repeat"),
    )
