"""Flat rows out of recorded samples: what a table, a DataFrame or a terminal shows of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from evals.json_text import dumps
from evals.record.scores import mean_of, values_of

if TYPE_CHECKING:
    from evals.record.sample_record import SampleRecord

COLUMNS = (
    "sample_id",
    "repeat",
    "prompt",
    "completion",
    "expected",
    "picked",
    "correct",
    "error",
    "usage",
    "latency_s",
    "cost_usd",
)
"The columns that every table has; metrics stand behind them under their own names."


def row_of(sample: SampleRecord) -> dict[str, Any]:
    """One sample as a flat row. Values that were not recorded are None.

    completion: the one that was scored, else the first that was sampled. expected, picked: of the last match.
    correct, and metrics that were recorded several times: the mean where the values differ. usage, latency_s,
    cost_usd: summed over the sample's calls. A metric called like one of the columns becomes `metric.<name>`.
    """
    calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
    asked = calls or [scored for scored in sample.data("cond_logp") if isinstance(scored, dict)]
    matches = [match for match in sample.data("match") if isinstance(match, dict)]
    match = matches[-1] if matches else {}
    means = _means_of_differing(sample)
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row.update(
        sample_id=sample.sample_id,
        repeat=sample.repeat,
        prompt=asked[0].get("prompt") if asked else sample.raw_sample.get("input"),
        completion=completion_of(match, calls),
        expected=match.get("expected", sample.raw_sample.get("ideal")),
        picked=match.get("picked"),
        correct=means.get("correct", match.get("correct")),
        error=sample.error,
        usage=_summed([call.get("usage") for call in asked]),
        latency_s=_total([call.get("latency_s") for call in calls]),
        cost_usd=_total([call.get("cost_usd") for call in asked]),
    )
    for name, value in _metrics(sample, match).items():
        row[f"metric.{name}" if name in COLUMNS else name] = means.get(name, value)
    return row


def _means_of_differing(sample: SampleRecord) -> dict[str, float]:
    """The means of numbers of which the sample recorded several, not all equal."""
    values = values_of(sample.events)
    return {name: mean_of(found) for name, found in values.items() if any(value != found[0] for value in found)}


def completion_of(match: dict[str, Any], calls: list[dict[str, Any]]) -> Any:
    """The completion that was scored; several draws stay a list."""
    found = match.get("sampled")
    if found is None and calls:
        found = calls[0].get("sampled")
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def columns_of(rows: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    """Columns with one type each: numbers and truth values stay where a whole column is of them, all else is text.

    Truth values among fractions are 1 and 0.
    """
    table = list(rows)
    names = list(dict.fromkeys([*COLUMNS, *(name for row in table for name in row)]))
    return {name: _column([row.get(name) for row in table]) for name in names}


def _column(values: list[Any]) -> list[Any]:
    given = [value for value in values if value is not None]
    kinds = {type(value) for value in given}
    if len(kinds) == 1 and kinds <= {bool, int, float}:
        return values
    if kinds <= {bool, int, float} and float in kinds:
        return [None if value is None else float(value) for value in values]
    return [value if value is None or isinstance(value, str) else dumps(value) for value in values]


def _metrics(sample: SampleRecord, match: dict[str, Any]) -> dict[str, Any]:
    """Everything in `metrics` events, and the numbers that a match carries beside its own keys."""
    found = {k: v for k, v in match.items() if k != "correct" and isinstance(v, int | float)}
    for metrics in sample.data("metrics"):
        if isinstance(metrics, dict):
            found.update(metrics)
    return found


def _total(values: list[Any]) -> float | None:
    """The sum of the numbers; None when one is unknown, for a sum without it would be too small."""
    if not values or any(not isinstance(value, int | float) for value in values):
        return None
    return float(sum(values))


def _summed(usages: list[Any]) -> dict[str, int | float] | None:
    """Token counts of several calls, key by key; nested details are left out."""
    total: dict[str, int | float] = {}
    for usage in usages:
        if isinstance(usage, dict):
            for key, value in usage.items():
                if isinstance(value, int | float):
                    total[key] = total.get(key, 0) + value
    return total or None
