"""The numbers of a run for pages: the headline, all metrics with their intervals, counts, and tables of groups."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

from evals.report.terminal.exam import exam_part, is_of_exam
from evals.report.terminal.safety import safety_lines
from evals.report.words import interval_text, number, one_line, printable
from evals.report_keys import ENDINGS, TOO_FEW, Metric, counts_of, headline, metrics_of

MAX_GROUPS = 200
"Rows of a table of groups."


def metric_rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The metrics of a report; the headline stands first."""
    metrics = {name: metric for name, metric in metrics_of(report).items() if not is_of_exam(name, report)}
    first = headline(report)
    names = sorted(metrics, key=lambda name: name != first)
    return [metric_row(name, metrics[name]) for name in names]


def metric_row(name: str, metric: Metric) -> dict[str, Any]:
    """One metric in numbers and in words. None stands for what is not defined."""
    return {
        "name": one_line(name),
        "value": None if math.isnan(metric.value) else metric.value,
        "words": number(metric.value),
        "low": metric.ci95[0] if metric.ci95 else None,
        "high": metric.ci95[1] if metric.ci95 else None,
        "interval": interval_text(*metric.ci95) if metric.ci95 else TOO_FEW if metric.is_too_few else "",
        "stderr": "" if metric.stderr is None else number(metric.stderr),
        "n": metric.n,
        "n_clusters": metric.n_clusters,
        "method": metric.method or "",
    }


def metrics_so_far(scores: Mapping[str, float], *, beyond_unit: bool = False) -> list[dict[str, Any]]:
    """The mean score of a run that has not ended, over the samples that are there.

    beyond_unit: the eval declares that its score reaches beyond [0, 1].
    """
    from evals.stats.means import estimate

    if not scores:
        return []
    found = estimate(list(scores.values()), beyond_unit=beyond_unit)
    ends = (found.interval.low, found.interval.high) if found.interval.defined else None
    metric = Metric(found.value, found.stderr, ends, found.n, None, found.method if ends else None)
    return [metric_row("score so far", metric)]


def special_parts(report: Mapping[str, Any]) -> list[list[str]]:
    """(title, text) of the parts that exams and safety evals add to a report, in the words of the terminal."""
    parts = {"The paper": exam_part(report), "Safety": safety_lines(report)}
    return [[title, printable(textwrap.dedent("\n".join(lines)))] for title, lines in parts.items() if lines]


def counts_rows(report: Mapping[str, Any]) -> list[list[str]]:
    """(what, how many) of everything that the eval counts."""
    return [
        [one_line(ENDINGS.get(name, name)), f"{value:,}"]
        for name, value in counts_of(report).items()
        if not is_of_exam(name, report)
    ]


def group_tables(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table for each label with two groups or more: the metric of each group, in the order of the report."""
    groups = report.get("groups")
    tables = []
    for key, table in groups.items() if isinstance(groups, Mapping) else ():
        rows = [_group_row(name, row) for name, row in table.items() if isinstance(row, Mapping)]
        known = [row for row in rows if row is not None]
        if len(known) >= 2:
            shown = known[:MAX_GROUPS]
            tables.append({"key": one_line(str(key)), "metric": known[0]["metric"], "rows": shown, "n": len(known)})
    return tables


def _group_row(name: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
    metrics = metrics_of(row)
    if not metrics:
        return None
    first = next(iter(metrics))
    shown = metrics.get(f"{first}_shrunk", metrics[first])
    return {**metric_row(name, shown), "metric": one_line(first), "seen": number(metrics[first].value)}
