"""What a sequential run settled, in words."""

from __future__ import annotations

import math

import pytest

from evals.comparison.sequential_run import SequentialOutcome
from evals.report.terminal.sequential import sequential_text
from evals.stats.sequential import Decision


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision.A_BETTER, "this run is better than the baseline"),
        (Decision.B_BETTER, "this run is worse than the baseline"),
        (Decision.EQUIVALENT, "this run is within 2 points of the baseline"),
        (Decision.UNDECIDED, "not settled"),
    ],
)
def test_the_decision_comes_first_then_the_interval_then_what_was_saved(decision, words):
    outcome = SequentialOutcome(decision, 80, 1000, -0.031, -0.05, -0.01, 0.05, 0.02, 900)
    assert sequential_text(outcome).splitlines() == [
        words,
        "  difference -0.031   anytime-valid 95% interval -0.050 to -0.010",
        "  settled by 80 of 1,000 samples, 900 samples saved (90%)",
    ]


def test_a_run_without_a_shared_sample_shows_a_dash():
    outcome = SequentialOutcome(Decision.UNDECIDED, 0, 1, math.nan, -1.0, 1.0, 0.05, 0.01, 0)
    assert sequential_text(outcome).splitlines()[1:] == [
        "  difference -   anytime-valid 95% interval -1.000 to +1.000",
        "  settled by 0 of 1 sample",
    ]
