"""One verdict from several: both orders, and panels by majority, mean and unanimity."""

from __future__ import annotations

import pytest

from evals.suite.graded.panel import INCONSISTENT, SPLIT, Verdict, both_orders, other_order, panel_verdict
from evals.suite.graded.verdicts_report import VerdictsReport

SCORES = {"Yes": 1.0, "No": 0.0, "Unsure": 0.5, "__invalid__": None}


def said(*choices: str) -> list[Verdict]:
    return [Verdict(f"g{place}", choice, SCORES[choice]) for place, choice in enumerate(choices)]


@pytest.mark.parametrize(
    ("choices", "aggregate", "expected"),
    [
        (("Yes", "Yes", "No"), "majority", ("Yes", 1.0)),
        (("Yes", "Yes", "No"), "mean", ("Yes", 2 / 3)),
        (("Yes", "Yes", "No"), "unanimous", (SPLIT, 0.0)),
        (("Yes", "Yes", "Yes"), "unanimous", ("Yes", 1.0)),
        (("Yes", "No"), "majority", (SPLIT, 0.5)),
        (("Yes", "Yes", "No", "No", "Unsure"), "majority", (SPLIT, 0.5)),
        (("Yes", "__invalid__", "No", "No"), "majority", ("No", 0.0)),
        (("Yes", "__invalid__"), "mean", ("Yes", 1.0)),
        (("Yes", "__invalid__"), "unanimous", ("__invalid__", None)),
        (("__invalid__", "__invalid__"), "majority", ("__invalid__", None)),
    ],
)
def test_the_verdicts_of_a_panel_become_one(choices, aggregate, expected):
    choice, score = panel_verdict(said(*choices), aggregate)
    assert choice == expected[0]
    assert score == (None if expected[1] is None else pytest.approx(expected[1]))


def test_a_grader_that_says_two_things_in_two_orders_is_inconsistent_and_counts_as_a_tie():
    first, second = said("Yes", "No")
    assert both_orders(first, first).choice == "Yes"
    both = both_orders(first, second)
    assert (both.choice, both.score, both.orders) == (INCONSISTENT, 0.5, ("Yes", "No"))


def test_half_an_answer_is_no_answer():
    first, unread = said("Yes", "__invalid__")
    assert both_orders(first, unread).is_read is False


def test_in_the_other_order_the_first_of_a_list_is_the_last():
    assert other_order(["1", "2", "3"], True, numbered=True) == {"1": "3", "2": "2", "3": "1"}
    assert other_order(["Yes", "No"], True, numbered=False) == {"Yes": "No", "No": "Yes"}
    assert other_order(["A", "B", "C"], True, numbered=False) is None
    assert other_order(["A", "B", "C"], {"A": "B", "B": "A"}, numbered=False) == {"A": "B", "B": "A", "C": "C"}


def test_two_graders_are_reported_with_the_kappa_of_cohens_own_table():
    """Cohen 1960's formula by hand: 20 both yes, 5 and 10 apart, 15 both no: (0.7 - 0.5) / (1 - 0.5)."""
    report = VerdictsReport(["a", "b"])
    pairs = [("Yes", "Yes")] * 20 + [("Yes", "No")] * 5 + [("No", "Yes")] * 10 + [("No", "No")] * 15
    for number, pair in enumerate(pairs):
        verdicts = [{"grader": n, "choice": c, "score": SCORES[c], "n_retries": 0} for n, c in zip("ab", pair)]  # noqa: B905
        report.add(f"s.{number}", verdicts)
    found = report.of_panel()
    assert found["grader_kappa"] == pytest.approx(0.4)
    assert found["grader_kappa_n"] == 50
    assert found["grader_kappa_ci95"][0] < 0.4 < found["grader_kappa_ci95"][1]
    assert found["graders"]["a"]["score"] == pytest.approx(0.5)
    assert found["graders"]["b"]["score"] == pytest.approx(0.6)
    # Krippendorff's alpha for two raters and two categories is 1 - (2n - 1) n_01 / (n_0 n_1), n = 50.
    assert found["grader_alpha"] == pytest.approx(1 - (2 * 50 - 1) * 15 / (55 * 45))


def test_no_sample_that_could_be_read_leaves_the_agreement_undefined():
    report = VerdictsReport(["a", "b"])
    for name in "ab":
        report.add("s.0", [{"grader": name, "choice": "__invalid__", "score": None, "n_retries": 1}])
    found = report.of_panel()
    assert (found["grader_alpha"], found["grader_kappa"]) == (None, None)
