"""Thresholds that a report does not reach, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.report.words import number
from evals.runner.thresholds import Threshold


def missed_text(threshold: Threshold, report: Mapping[str, Any]) -> str:
    """What was asked for and what the report has: `accuracy is 0.855, not >= 0.99`."""
    name = threshold.metric
    if name not in report:
        numbers = [key for key, value in report.items() if isinstance(value, int | float)]
        return f"{name!r} is not in the report; there are: {', '.join(numbers)}"
    return f"{name} is {number(report.get(name))}, not {threshold.operator} {threshold.value:g}"
