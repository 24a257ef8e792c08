"""The score of a sample: which numbers of its events count as one, and the mean over all of one evaluation."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from evals.json_text import plain
from evals.record.event import Event
from evals.record.first_pass import data_of
from evals.stats.intervals import mean_of

SCORE_NAMES = ("correct", "score", "accuracy")
"The score where no metric is named: the first of these that was recorded. `correct` is that of `match` events."

Scored = tuple[str, Mapping[str, Any]]
"Type and data of an event that holds scores."

_REPORT_NAMES = {"correct": "accuracy"}
_PLAIN_TYPES = (bool, int, float, str, list, dict, type(None))


def score_of(events: Iterable[Event], metric: str | None = None) -> float | None:
    """The score of one evaluation of a sample: the mean over all its matches, or over all values of `metric`.

    metric: `correct`, or a key of `metrics` events; without it the first of `SCORE_NAMES` that is there. None where
    nothing of the kind was recorded. Numbers that are not finite do not count.
    """
    values = values_of(events, _names_for(metric))
    name = recorded_name(values, metric)
    return None if name is None else mean_of(values[name])


def values_of(events: Iterable[Event], wanted: Sequence[str] | None = None) -> dict[str, list[float]]:
    """Every number of the `match` and `metrics` events of one evaluation, by name, in the order of the events.

    Of a match these are `correct` and further numbers, of metrics all numbers and truth values (as 1 and 0). A live
    event and the same event read back from its record give equal values. wanted: these names alone.
    """
    return numbers_in(scored_data(events), wanted)


def numbers_in(scored: Iterable[Scored], wanted: Sequence[str] | None = None) -> dict[str, list[float]]:
    """`values_of` for the events of `scored_data`."""
    values: dict[str, list[float]] = {}
    for type_, data in scored:
        for name, value in data.items() if wanted is None else [(name, data.get(name)) for name in wanted]:
            if value is None or type(value) is str:  # most of a match: texts
                continue
            number = _number(type_, name, value)
            if number is not None:
                values.setdefault(name, []).append(number)
    return values


def scored_data(events: Iterable[Event]) -> list[Scored]:
    """Type and data of the events that hold scores."""
    found = []
    for event in events:
        type_ = event.type
        if type_ == "match" or type_ == "metrics":
            data = data_of(event)
            # dict stands first: the check for Mapping alone takes three times as long as all the rest.
            if isinstance(data, (dict, Mapping)):
                found.append((type_, data))
    return found


def recorded_name(names: Collection[str], metric: str | None = None) -> str | None:
    """The name among `names` under which `metric` was recorded; `accuracy` also means matches, where only those are."""
    return next((name for name in _names_for(metric) if name in names), None)


def _names_for(metric: str | None) -> Sequence[str]:
    """The names that may stand for a metric, the first that was recorded counts."""
    if metric is None:
        return SCORE_NAMES
    return ("accuracy", "correct") if metric == "accuracy" else (metric,)


def report_name(name: str) -> str:
    """What the mean of a recorded number is called in reports: that of `correct` is `accuracy`."""
    return _REPORT_NAMES.get(name, name)


def n_unparsed(events: Iterable[Event]) -> int:
    """Completions of an evaluation that held no answer which could be read."""
    return unparsed_in(scored_data(events))


def unparsed_in(scored: Iterable[Scored]) -> int:
    """`n_unparsed` for the events of `scored_data`."""
    found = 0
    for _, data in scored:
        if data.get("parsed") is False:
            found += 1
    return found


def _number(type: str, name: str, value: Any) -> float | None:
    """The value as a number; None for what is none. `type` is that of its event."""
    if not isinstance(value, _PLAIN_TYPES):
        value = plain(value)  # a live event holds numpy's numbers as they are
    if value is True or value is False:
        return float(value) if type == "metrics" or name == "correct" else None
    return float(value) if isinstance(value, (int, float)) and is_finite(value) else None


def is_finite(value: float) -> bool:
    """Whether a number is finite as a float."""
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False
