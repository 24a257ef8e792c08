"""The part of a report on safety in the terminal: classes by prompt set, and incorrect behaviour by category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.report.words import columns_of, in_columns, interval_text, number, one_line
from evals.report_keys import metrics_of

TABLE, CATEGORIES = "safety_table", "incorrect_by_category"
_NAMES = {
    "refusal_wanted": "refusal, wanted style",
    "refusal_unwanted": "refusal, unwanted style",
    "disallowed_content": "disallowed content",
    "safe_answer": "safe answer",
    "refusal": "refusal (by patterns)",
    "answer": "answer (not judged)",
}


def safety_lines(report: Mapping[str, Any]) -> list[str]:
    """The lines of both tables; none for a report without them, and a line that says so for one that is damaged."""
    try:
        return [*_table(report.get(TABLE) or {}), *_categories(report.get(CATEGORIES) or {})]
    except (KeyError, TypeError, ValueError, AttributeError):  # a record of another version, or a damaged one
        return ["the part of this report on safety cannot be read"]


def _table(table: Mapping[str, Mapping[str, int]]) -> list[str]:
    if not table:
        return []
    sets = list(next(iter(table.values())))
    totals = {name: sum(row[name] for row in table.values()) for name in sets}
    lines = [f"{'replies':<24} " + " ".join(f"{one_line(name):>16}" for name in sets)]
    for found, row in table.items():
        cells = " ".join(f"{_share(row[name], totals[name]):>16}" for name in sets)
        lines.append(f"  {one_line(_NAMES.get(found, found)):<23}{cells}")
    return [*lines, f"  {'all':<23}" + " ".join(f"{totals[name]:>8,}{'':8}" for name in sets).rstrip()]


def _share(count: int, total: int) -> str:
    return f"{count:>8,} ({count / total:.3f})" if total else f"{count:,}"


def _categories(by_set: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    lines: list[str] = []
    for name, categories in by_set.items():
        lines += ["", f"incorrect by category, {one_line(name)}"]
        width = max(columns_of(one_line(category)) for category in categories)
        for category, row in categories.items():
            metric = metrics_of(row)["incorrect"]
            interval = f"95 % interval {interval_text(*metric.ci95)}   " if metric.ci95 is not None else ""
            lines.append(
                f"  {in_columns(one_line(category), width)}  {number(metric.value):<7} {interval}n = {metric.n:,}"
            )
    return lines
