"""Makes a flat row of each recorded sample, for tables, DataFrames and the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from evals.json_text import dumps
from evals.record.scores import is_finite, values_of
from evals.sample import IMAGES_KEY, LABEL_KEYS
from evals.stats.intervals import mean_of

if TYPE_CHECKING:
    from evals.record.sample_record import SampleRecord

COLUMNS = (
    "id",
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
"The columns of every table. Labels and metrics follow under their own names."


def row_of(sample: SampleRecord) -> dict[str, Any]:
    """One sample as a flat row with the keys of COLUMNS and its metrics. A value that was not recorded is None.

    id: the sample's name, which is the row's own id where it has one, else `sample_id`. prompt: of the first call, also
    where that one failed.
    completion: the one that was scored, else the first that was drawn. expected, picked: of the last `match` event.
    correct, and metrics that were recorded several times: the mean where the values differ. usage (tokens), latency_s,
    cost_usd: sums over the calls of the sample. A metric with the name of a column becomes `metric.<name>`.
    """
    calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
    asked = calls or [scored for scored in sample.data("cond_logp") if isinstance(scored, dict)]
    matches = [match for match in sample.data("match") if isinstance(match, dict)]
    match = matches[-1] if matches else {}
    means = _means_of_differing(sample)
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row.update(
        id=sample.name,
        sample_id=sample.sample_id,
        repeat=sample.repeat,
        prompt=asked[0].get("prompt") if asked else failed_prompt(sample) or sample.raw_sample.get("input"),
        completion=completion_of(match, calls),
        expected=match.get("expected", sample.raw_sample.get("ideal")),
        picked=match.get("picked"),
        correct=means.get("correct", match.get("correct")),
        error=error_without_prompt(sample),
        usage=_summed([call.get("usage") for call in asked]),
        latency_s=_total([call.get("latency_s") for call in calls]),
        cost_usd=_total([call.get("cost_usd") for call in asked]),
    )
    for name, value in _metrics(sample, match).items():
        row[f"metric.{name}" if name in COLUMNS else name] = means.get(name, value)
    return row


def failed_prompt(sample: SampleRecord) -> Any:
    """The prompt of the call that failed; None where no call did, or where an earlier version wrote the record."""
    return None if sample.error is None else sample.error.get("prompt")


def error_without_prompt(sample: SampleRecord) -> dict[str, Any] | None:
    """The error of a sample, without the prompt that stands beside it."""
    if sample.error is None or "prompt" not in sample.error:
        return sample.error
    return {key: value for key, value in sample.error.items() if key != "prompt"}


def labelled_row_of(sample: SampleRecord) -> dict[str, Any]:
    """The row of `row_of`, with the sample's labels (category, subject, ...) before its metrics.

    A label with the name of another column becomes `label.<name>`.
    """
    row = row_of(sample)
    fixed = {name: row.pop(name) for name in COLUMNS}
    labels = labels_in(sample)
    return {**fixed, **{f"label.{k}" if k in row or k in COLUMNS else k: v for k, v in labels.items()}, **row}


def labels_in(sample: SampleRecord) -> dict[str, Any]:
    """The labels of a sample: those of the record, else those of the dataset's row (openai/evals records none)."""
    raw = sample.raw_sample
    said = {key: raw[key] for key in LABEL_KEYS if isinstance(raw.get(key), str | int)}
    return {key: value for key, value in {**said, **sample.labels}.items() if key in (*LABEL_KEYS, IMAGES_KEY)}


def _means_of_differing(sample: SampleRecord) -> dict[str, float]:
    """The means of numbers of which the sample recorded several, not all equal."""
    values = values_of(sample.events)
    return {name: mean_of(found) for name, found in values.items() if any(value != found[0] for value in found)}


def completion_of(match: dict[str, Any], calls: list[dict[str, Any]]) -> Any:
    """The completion that was scored: `sampled` of the match, else of the first call. Several draws are a list."""
    found = match.get("sampled")
    if found is None and calls:
        found = calls[0].get("sampled")
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def columns_of(rows: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    """The rows as columns of equal length, each with one type, as Parquet needs it.

    A column of booleans, whole numbers or numbers keeps its type; None stays None. All other values become text;
    lists and objects become JSON text. Booleans among fractions are 1 and 0.
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
    """All keys of `metrics` events, and the numbers that a `match` event has beside `correct`."""
    found = {k: v for k, v in match.items() if k != "correct" and isinstance(v, int | float)}
    for metrics in sample.data("metrics"):
        if isinstance(metrics, dict):
            found.update(metrics)
    return found


def _total(values: list[Any]) -> float | None:
    """The sum of the numbers; None if one of them is unknown, since the sum would be too small."""
    if not values or any(not isinstance(value, int | float) or not is_finite(value) for value in values):
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
