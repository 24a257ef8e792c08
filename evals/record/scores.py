"""The score of a sample: which numbers of its events count as one, and the mean over all of one evaluation."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from evals.json_text import plain
from evals.record.event import Event

SCORE_NAMES = ("correct", "score", "accuracy")
"The score where no metric is named: the first of these that was recorded. `correct` is that of `match` events."

_REPORT_NAMES = {"correct": "accuracy"}
_PLAIN_TYPES = (bool, int, float, str, list, dict, type(None))


def score_of(events: Iterable[Event], metric: str | None = None) -> float | None:
    """The score of one evaluation of a sample: the mean over all its matches, or over all values of `metric`.

    metric: `correct`, or a key of `metrics` events; without it the first of `SCORE_NAMES` that is there. None where
    nothing of the kind was recorded. Numbers that are not finite do not count.
    """
    values = values_of(events)
    name = recorded_name(values, metric)
    return None if name is None else mean_of(values[name])


def values_of(events: Iterable[Event]) -> dict[str, list[float]]:
    """Every number of the `match` and `metrics` events of one evaluation, by name, in the order of the events.

    Of a match these are `correct` and further numbers, of metrics all numbers and truth values (as 1 and 0). A live
    event and the same event read back from its record give equal values.
    """
    values: dict[str, list[float]] = {}
    for event in events:
        if event.type in ("match", "metrics") and isinstance(event.data, Mapping):
            for name, value in _numbers(event.type, event.data):
                values.setdefault(name, []).append(value)
    return values


def mean_of(values: Sequence[float]) -> float:
    """The mean of the values of one sample, which must not be empty: their exact sum, rounded, over their number.

    Equal values have just that mean: the sum of three times 0.1, divided by 3, would be another number.
    """
    first = values[0]
    if all(value == first for value in values):
        return float(first)
    return math.fsum(values) / len(values)


def recorded_name(names: Collection[str], metric: str | None = None) -> str | None:
    """The name among `names` under which `metric` was recorded; `accuracy` also means matches, where only those are."""
    if metric is None:
        wanted: Sequence[str] = SCORE_NAMES
    else:
        wanted = (metric, "correct") if metric == "accuracy" else (metric,)
    return next((name for name in wanted if name in names), None)


def report_name(name: str) -> str:
    """What the mean of a recorded number is called in reports: that of `correct` is `accuracy`."""
    return _REPORT_NAMES.get(name, name)


def n_unparsed(events: Iterable[Event]) -> int:
    """Completions of an evaluation that held no answer which could be read."""
    return sum(
        event.data.get("parsed") is False
        for event in events
        if event.type in ("match", "metrics") and isinstance(event.data, Mapping)
    )


def _numbers(type: str, data: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in data.items():
        if not isinstance(value, _PLAIN_TYPES):
            value = plain(value)  # a live event holds numpy's numbers as they are
        if isinstance(value, bool):
            if type == "metrics" or name == "correct":
                yield name, float(value)
        elif isinstance(value, int | float) and _is_finite(value):
            yield name, float(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False
