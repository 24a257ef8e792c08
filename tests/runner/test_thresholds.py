"""Thresholds of a report whose samples did not all end with a score."""

from __future__ import annotations

import pytest

from evals.errors import UsageError
from evals.runner.thresholds import KnownKeys, threshold

SHARES = {"accuracy": 0.9, "accuracy_stderr": 0.01, "n": 90, "n_errors": 10, "cost_usd": 1.0, "loss": 3.5}


@pytest.mark.parametrize(
    ("asked", "n_failed", "holds"),
    [
        ("accuracy>=0.85", 0, True),
        ("accuracy>=0.81", 10, True),  # 81 of 100 if all that failed were wrong
        ("accuracy>=0.82", 10, False),
        ("accuracy<=0.91", 10, True),  # 91 of 100 if all that failed were right
        ("accuracy<0.91", 10, False),
        ("accuracy>=0.001", 10**6, False),
        ("n_errors<=10", 10, True),
        ("cost_usd<2", 10, True),
        ("loss<=4", 4, True),  # no worst value is known: 5 % may be missing
        ("loss<=4", 10, False),
        ("loss<=3", 4, False),
        ("f1>=0.5", 10, False),
    ],
)
def test_failed_samples_have_the_worst_score_of_a_share(asked, n_failed, holds):
    assert threshold(asked).holds_at_worst(SHARES, n_scored=90, n_failed=n_failed) is holds


def test_a_report_that_does_not_say_its_samples_is_taken_over_those_that_finished():
    assert not threshold("accuracy>=0.5").holds_at_worst({"accuracy": 1.0}, n_scored=1, n_failed=399)


KEYS = ("accuracy", "accuracy_stderr", "f1", "n")


@pytest.mark.parametrize(
    "name", ["accuracy", "f1_ci95", "n", "n_errors", "n_refused", "cost_usd", "counts/A", "usage_total"]
)
def test_names_that_the_report_may_have_pass(name):
    threshold(f"{name}>=0.5").check_name(KnownKeys(KEYS, are_all=True))


@pytest.mark.parametrize(("name", "are_all"), [("acuracy", True), ("acuracy", False), ("bleu", True)])
def test_a_name_that_cannot_come_up_is_an_error_before_the_first_call(name, are_all):
    with pytest.raises(UsageError, match=f"names '{name}', which is not in the report"):
        threshold(f"{name}>=0.5").check_name(KnownKeys(KEYS, are_all=are_all))


def test_where_answers_may_add_metrics_only_near_misses_are_errors():
    threshold("bleu>=0.5").check_name(KnownKeys(KEYS, are_all=False))
    threshold("acuracy>=0.5").check_name(None)
