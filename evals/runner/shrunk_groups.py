"""Adds estimates to tables of groups that are drawn towards the groups' common mean (empirical Bayes)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from evals.report_keys import Metric, defined, interval_keys, metrics_of
from evals.stats.shrinkage import METHOD, MIN_GROUPS, shrunk, variances_of_means

SUFFIX = "_shrunk"
BEYOND_UNIT = ("student t", "clustered t (CR2)")
"Methods of intervals for scores that are not in [0, 1]."


def with_shrunk_groups(report: dict[str, Any]) -> dict[str, Any]:
    """`report` with `NAME_shrunk`, its error, interval and method in each row of its tables of groups.

    A table of fewer than `MIN_GROUPS` groups, or whose groups show no spread, stays as it is, and `how` says so.
    """
    groups = report.get("groups")
    tables = dict(groups) if isinstance(groups, Mapping) else {}
    left = [key for key, table in tables.items() if not isinstance(table, Mapping) or not _add_to(tables, key, table)]
    said = report.get("how") or []
    lines = [said] if isinstance(said, str) else list(said)
    if left:
        lines.append(f"groups by {', '.join(left)} are not drawn together: fewer than {MIN_GROUPS}, or all alike")
    if not tables:
        lines.append("no groups to draw together: samples carry no label such as category or subject")
    return {**report, **({"groups": tables} if tables else {}), **({"how": lines} if lines else {})}


def _add_to(tables: dict[str, Any], key: str, table: Mapping[str, Any]) -> bool:
    found = {value: _first_metric(row) for value, row in table.items() if isinstance(row, Mapping)}
    known = {value: one for value, one in found.items() if one is not None and one[1].n}
    if len(known) < MIN_GROUPS:
        return False
    metrics = [metric for _, metric in known.values()]
    stderrs = [math.nan if metric.stderr is None else metric.stderr for metric in metrics]
    values = [metric.value for metric in metrics]
    made = shrunk(values, variances_of_means(stderrs, [metric.n or 1 for metric in metrics]))
    if made is None:
        return False
    in_unit = min(values) >= 0 and max(values) <= 1 and not any(metric.method in BEYOND_UNIT for metric in metrics)
    rows = dict(table)
    for place, (value, (name, _)) in enumerate(known.items()):
        interval, new = made.interval(place, in_unit=in_unit), f"{name}{SUFFIX}"
        keys = {new: defined(float(made.values[place])), f"{new}_stderr": defined(float(made.stderrs[place]))}
        rows[value] = {**table[value], **keys, **interval_keys(new, (interval.low, interval.high), METHOD)}
    tables[key] = rows
    return True


def _first_metric(row: Mapping[str, Any]) -> tuple[str, Metric] | None:
    return next(((name, metric) for name, metric in metrics_of(row).items() if not math.isnan(metric.value)), None)
