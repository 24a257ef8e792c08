"""A report of numbers alone, as openai/evals writes it, with n and intervals from the samples of its record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import DataError, UsageError
from evals.report_keys import Metric, metric_keys, metrics_of
from evals.texts.number_text import number

FROM_SAMPLES = "n and interval come from the samples; the report has none"


@dataclass(frozen=True)
class CompletedReport:
    """A report with what its record says of its metrics."""

    report: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    "Where n and intervals come from, or why a metric has none. Empty for a report that has its own."


def completed_report(report: Mapping[str, Any], path: Path) -> CompletedReport:
    """The report with n, standard error and interval of each metric that the samples of its record reproduce.

    A report that names its n stays as it is. A metric gets an interval only if the mean over the samples is the number
    that the report gives: otherwise it is another number than the mean of those scores.
    """
    if "n" in report:
        return CompletedReport(report)
    found, notes = dict(report), []
    for name, metric in metrics_of(report).items():
        if metric.ci95 is not None or metric.n is not None or math.isnan(metric.value):
            continue
        keys = _keys_from_samples(name, metric, path)
        if isinstance(keys, str):
            notes.append(f"no n and no interval of {name}: {keys}")
        else:
            n = keys.pop("n")
            if found.setdefault("n", n) != n:
                keys[f"{name}_n"] = n
            found |= keys
    if len(found) > len(report):
        notes.insert(0, FROM_SAMPLES)
    return CompletedReport(found, tuple(notes))


def _keys_from_samples(name: str, metric: Metric, path: Path) -> dict[str, Any] | str:
    """The keys of a metric by its samples, or why there are none."""
    from evals.record.score_arrays import read_score_arrays
    from evals.stats.means import estimate

    try:
        run = read_score_arrays(path, name)
    except (DataError, UsageError):
        return "no event of the record holds a number of this name"
    if not math.isclose(run.mean, metric.value, rel_tol=1e-9, abs_tol=1e-9):
        return f"the samples of the record have the mean {number(run.mean)} (n = {run.n:,}), not {number(metric.value)}"
    e = estimate(run.scores, run.cluster_codes(), beyond_unit=run.beyond_unit)
    return metric_keys(name, metric.value, e.stderr, (e.interval.low, e.interval.high), run.n, e.method)
