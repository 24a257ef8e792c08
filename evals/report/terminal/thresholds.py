"""Thresholds that a report does not reach, or not for certain, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.report.words import counted, number
from evals.report_keys import kind_of
from evals.runner.thresholds import Threshold


def missed_text(threshold: Threshold, report: Mapping[str, Any]) -> str:
    """What was asked for and what the report has: `accuracy is 0.855, not >= 0.99`."""
    name = threshold.metric
    if name not in report:
        numbers = [key for key in report if kind_of(key, report) in ("metric", "count")]
        return f"{name!r} is not in the report; there are: {', '.join(numbers)}"
    return f"{name} is {number(report.get(name))}, not {threshold.operator} {threshold.value:g}"


def undecided_text(threshold: Threshold, report: Mapping[str, Any], n_failed: int) -> str:
    """That a threshold is reached on the scored samples, and would not be if the failed ones were wrong."""
    failed = counted(n_failed, "failed sample")
    asked = f"{threshold.operator} {threshold.value:g}"
    return (
        f"{threshold.metric} is {number(report.get(threshold.metric))}, which is {asked}, but without {failed}; "
        "with the worst score for what failed it is not"
    )
