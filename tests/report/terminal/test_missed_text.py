"""Thresholds that a report does not reach."""

from __future__ import annotations

import pytest

from evals.report.terminal.thresholds import missed_text, undecided_text
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


def test_what_failed_samples_leave_open_is_said():
    text = undecided_text(threshold("accuracy>=0.9"), {"accuracy": 1.0}, 399)
    assert text == (
        "accuracy is 1.000, which is >= 0.9, but without 399 failed samples; "
        "with the worst score for what failed it is not"
    )
