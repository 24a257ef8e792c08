"""What a report must reach for a run to pass: `accuracy>=0.8`, as `--fail-under` takes it."""

from __future__ import annotations

import re
from typing import Any

from evals.errors import UsageError, did_you_mean
from evals.eval import Eval, StreamedEval


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

    def check_name(self, evaluation: Eval) -> None:
        """Raise UsageError for a misspelt key of the report, where the eval tells its keys beforehand."""
        if not isinstance(evaluation, StreamedEval):
            return
        keys = [*evaluation.new_report().as_dict(), "n_errors", "cost_usd"]
        hint = did_you_mean(self.metric, keys)
        if hint and self.metric not in keys:
            raise UsageError(f"--fail-under names {self.metric!r}, which is not in the report", notes=[hint])


def threshold(text: str) -> Threshold:
    """The threshold that a text such as `accuracy>=0.8` stands for."""
    match = re.fullmatch(r"\s*([\w./ -]+?)\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*", text)
    if match is None:
        raise UsageError(f"--fail-under cannot read {text!r}", fix="write --fail-under 'accuracy>=0.8', with quotes")
    return Threshold(match[1], match[2], float(match[3]))
