"""Finds data that JSON would give back as something else: NaN, tuples, objects, keys that are no texts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from evals.record.event import Event

NOT_JSON = "not_json"
"The type of the event that says which events of its sample no record can give back."
_PLAIN = frozenset({str, int, bool, type(None)})
_MAX_DEPTH = 100


def unlike_json(value: Any, depth: int = 0) -> str:
    """What in `value` JSON would give back as another type: `nan`, `tuple`, `int keys`, a class; empty if nothing."""
    kind = type(value)
    if kind in _PLAIN:
        return ""
    if kind is float:
        return "" if math.isfinite(value) else str(value)
    if depth > _MAX_DEPTH:
        return "nesting"
    if kind is list:
        return _first(unlike_json(item, depth + 1) for item in value)
    if kind is dict:
        keys = _first("" if type(key) is str else f"{type(key).__name__} keys" for key in value)
        return keys or _first(unlike_json(item, depth + 1) for item in value.values())
    return kind.__name__


def marks_of(events: Iterable[Event]) -> list[Event]:
    """One `not_json` event for each type of which the record does not hold equal data.

    A subclass such as numpy's float64 is another type, and comes back as an equal number: there is no mark for it.
    """
    marks: dict[str, Event] = {}
    for event in events:
        if event.type not in marks and (what := unlike_json(event.data)) and not _comes_back_equal(event.data):
            data = {"type": event.type, "value": what}
            marks[event.type] = Event(
                event.run_id, -1, event.sample_id, NOT_JSON, data, event.created_by, event.created_at, event.repeat
            )
    return list(marks.values())


def _first(found: Iterable[str]) -> str:
    return next(filter(None, found), "")


def _comes_back_equal(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError, RecursionError):
        return False
