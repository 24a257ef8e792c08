"""What a report must reach for a run to pass: `accuracy>=0.8`, as `--fail-under` takes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import UsageError, did_you_mean, listed
from evals.report_keys import COMPANIONS, kind_of, n_of

MAX_FAILED = 0.05
"Share of failed samples up to which a metric that has no worst value may pass."


ALWAYS = ("n_errors", "cost_usd", "truncated")
LATER = ("n_", "usage_", "exam_", "percentile_")
"How names begin that a report may get from what the model answers."


@dataclass(frozen=True)
class KnownKeys:
    """The keys of a report, as far as they are known before the first call."""

    names: Sequence[str]
    are_all: bool
    "Answers add no metric to them."


class Threshold:
    """`METRIC>=X` (or `<=`, `>`, `<`), as `--fail-under` takes it."""

    def __init__(self, metric: str, operator: str, value: float) -> None:
        self.metric, self.operator, self.value = metric, operator, value

    def holds(self, report: dict[str, Any]) -> bool:
        """Whether the report keeps the promise. A metric that is not there, or not defined, does not."""
        actual = report.get(self.metric)
        if not isinstance(actual, int | float) or actual != actual:
            return False
        return {
            ">=": actual >= self.value,
            "<=": actual <= self.value,
            ">": actual > self.value,
            "<": actual < self.value,
        }[self.operator]

    def holds_at_worst(self, report: dict[str, Any], n_scored: int, n_failed: int) -> bool:
        """Whether it also holds if every failed sample had the worst score.

        A share is taken to lie between 0 and 1. The worst of another metric is not known: there, at most 5 % of the
        samples may have failed. Counts and costs stay as they are. n_scored: samples with a score, for a report that
        does not say how many.
        """
        if not n_failed or self.metric not in report or kind_of(self.metric, report) != "metric":
            return self.holds(report)
        value, n = report[self.metric], n_of(self.metric, report) or n_scored
        if not isinstance(value, int | float) or not 0 <= value <= 1:
            return self.holds(report) and n_failed <= MAX_FAILED * (n + n_failed)
        worst = (value * n + (0 if self.operator in (">=", ">") else n_failed)) / (n + n_failed)
        return self.holds({self.metric: worst})

    def check_name(self, keys: KnownKeys | None) -> None:
        """Raise UsageError for a name that the report will not have. keys: None where nobody knows them.

        Names that depend on the answers (`counts/A`), and companions of a metric (`accuracy_n`), may come up later.
        """
        if keys is None or self.metric in keys.names or self.metric in ALWAYS:
            return
        if any(self.metric == name + ending for name in keys.names for ending in COMPANIONS):
            return
        hint = did_you_mean(self.metric, [*keys.names, *ALWAYS])
        may_come = "/" in self.metric or self.metric.startswith(LATER)
        if not hint and (may_come or not keys.are_all):
            return
        known = [key for key in keys.names if not key.endswith(COMPANIONS)]
        raise UsageError(
            f"--fail-under names {self.metric!r}, which is not in the report",
            notes=[hint, f"it has: {listed(known, 12)}", "nothing was called"],
        )


def threshold(text: str) -> Threshold:
    """The threshold that a text such as `accuracy>=0.8` stands for."""
    match = re.fullmatch(r"\s*([\w./ -]+?)\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*", text)
    if match is None:
        raise UsageError(f"--fail-under cannot read {text!r}", fix="write --fail-under 'accuracy>=0.8', with quotes")
    return Threshold(match[1], match[2], float(match[3]))
