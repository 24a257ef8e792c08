"""The lines of groups in the block that ends a run, and how sure a number is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.report.words import columns_of, counted, distinct_in_columns, in_columns, interval_text, number, one_line
from evals.report_keys import TOO_FEW, Metric, metrics_of

MAX_GROUP_ROWS = 20  # more would push the metrics off a screen of common height
MAX_GROUP_NAME = 24


def certainty(metric: Metric | None, *, with_stderr: bool = True) -> str:
    """Standard error, interval and n of a metric, as far as they are there."""
    parts: list[str] = []
    if metric is None:
        return ""
    if metric.stderr is not None and with_stderr:
        parts.append(f"stderr {number(metric.stderr)}")
    if metric.ci95 is not None or metric.is_too_few:
        parts.append(f"95 % interval {interval_text(*metric.ci95) if metric.ci95 else TOO_FEW}")
    if metric.n is not None and parts:
        clusters = f" in {counted(metric.n_clusters, 'cluster')}" if metric.n_clusters else ""
        parts.append(f"n = {metric.n:,}{clusters}")
    return "   ".join(parts)


def group_lines(report: Mapping[str, Any]) -> list[str]:
    """A table of each label: the first metric of its groups."""
    lines: list[str] = []
    groups = report.get("groups")
    for key, table in groups.items() if isinstance(groups, Mapping) else ():
        found = {one_line(value): metrics_of(row) for value, row in table.items() if isinstance(row, Mapping)}
        rows = [(value, *_shown_metrics(metrics)) for value, metrics in found.items() if metrics]
        if len(rows) < 2:
            continue
        name = next(name for metrics in found.values() for name in metrics)
        methods = dict.fromkeys(metric.method for _, _, metric in rows if metric.method is not None)
        lines.append(f"{name} by {key}" + (f" ({', '.join(methods)})" if methods else ""))
        width = min(MAX_GROUP_NAME, max(columns_of(value) for value, _, _ in rows[:MAX_GROUP_ROWS]))
        shown = distinct_in_columns((value for value, _, _ in rows[:MAX_GROUP_ROWS]), width)
        for value, seen, metric in rows[:MAX_GROUP_ROWS]:
            sure = certainty(metric, with_stderr=False) or ("" if metric.n is None else f"n = {metric.n:,}")
            shrunk = "" if seen is metric else f"shrunk {number(metric.value):<7} "
            lines.append(f"  {in_columns(shown[value], width)}  {number(seen.value):<7} {shrunk}{sure}".rstrip())
        if len(rows) > MAX_GROUP_ROWS:
            lines.append(f"  and {len(rows) - MAX_GROUP_ROWS} more; all of them: evals view RECORD --json -n 1")
    return lines


def _shown_metrics(metrics: Mapping[str, Metric]) -> tuple[Metric, Metric]:
    """The metric of a group, and the one that its interval is of: the same, unless the groups were drawn together."""
    name, metric = next(iter(metrics.items()))
    return metric, metrics.get(f"{name}_shrunk", metric)
