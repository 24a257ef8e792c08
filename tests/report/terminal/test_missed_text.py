"""Thresholds that a report does not reach."""

from __future__ import annotations

import pytest

from evals.report.terminal.thresholds import missed_text
from evals.runner.thresholds import threshold


@pytest.mark.parametrize(
    ("asked", "report", "text"),
    [
        ("accuracy>=0.9", {"accuracy": 0.8554}, "accuracy is 0.855, not >= 0.9"),
        ("accuracy>0", {"accuracy": None}, "accuracy is -, not > 0"),
        ("n_errors<=0", {"n_errors": 1319}, "n_errors is 1,319, not <= 0"),
        ("f1>=0.5", {"accuracy": 0.5, "how": "so", "n": 3}, "'f1' is not in the report; there are: accuracy, n"),
    ],
)
def test_what_was_asked_for_stands_beside_what_there_is(asked, report, text):
    assert missed_text(threshold(asked), report) == text
