"""The report of pass@k: means over problems, intervals that claim no certainty, and counts of each problem."""

from __future__ import annotations

import math
from typing import Any

import pytest

from evals.engine.context import use_session
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.errors import UsageError
from evals.record.event import Event
from evals.stats.intervals import wilson
from evals.stats.proportions import proportion_estimate
from evals.suite.code.report import MAX_PROBLEMS_LISTED, PassReport, counts_of


def event(sample_id: str, kind: str, data: dict[str, Any]) -> Event:
    return Event("run", 0, sample_id, kind, data, "", "")


def solved(sample_id: str, value: float, n: int = 4) -> list[Event]:
    metrics = {"pass@1": value, "n_completions": n, "n_passed": round(value * n)}
    return [event(sample_id, "metrics", metrics)]


def program(status: str, kind: str | None = None, parsed: bool = True) -> Event:
    return event("p.0", "program", {"parsed": parsed, "status": status, "kind": kind, "assurance": "weak"})


def drawn(sample_id: str, texts: list[str], temperature: float = 0.8, sampled: list[str] | None = None) -> list[Event]:
    facts = {"parsed": True, "status": "passed", "kind": None, "assurance": "weak", "temperature": temperature}
    programs = [event(sample_id, "program", {**facts, "program": text}) for text in texts]
    return [event(sample_id, "sampling", {"sampled": sampled or texts}), *programs, *solved(sample_id, 1.0, len(texts))]


@pytest.mark.parametrize(
    ("problems", "is_warned"),
    [
        ([drawn("p.0", ["x"] * 5), drawn("p.1", ["y"] * 5)], True),
        ([drawn("p.0", ["x"] * 5)], True),
        ([drawn("p.0", ["x"] * 5), drawn("p.1", ["y", "y", "z"])], False),
        ([drawn("p.0", ["x"] * 5, temperature=0.0)], False),
        ([drawn("p.0", ["x"]), drawn("p.1", ["y"])], False),
        ([drawn("p.0", ["x"] * 2, sampled=["Sure: x", "Here: x"])], False),
        ([], False),
    ],
)
def test_draws_that_are_all_equal_above_temperature_zero_are_warned_of(problems: list[list[Event]], is_warned: bool):
    report = PassReport(["pass@1"])
    for number, events in enumerate(problems):
        report.add(f"p.{number}", events)
    warnings = report.as_dict().get("warnings", [])
    assert len(warnings) == is_warned
    assert not is_warned or "the server may ignore temperature" in warnings[0]


def test_the_estimate_is_the_mean_over_problems_with_its_standard_error():
    report = PassReport(["pass@1"])
    for number, value in enumerate((0.0, 0.5, 1.0, 0.25)):
        report.add(f"p.{number}", solved(f"p.{number}", value))
    told = report.as_dict()
    assert told["pass@1"] == 0.4375
    variance = sum((value - 0.4375) ** 2 for value in (0.0, 0.5, 1.0, 0.25)) / 3
    assert told["pass@1_stderr"] == pytest.approx(math.sqrt(variance / 4))
    low, high = told["pass@1_ci95"]
    assert 0 <= low < 0.4375 < high <= 1
    assert told["n"] == 4
    assert told["problems"]["p.1"] == {"n": 4, "c": 2}


def test_equal_problems_get_wilsons_interval():
    report = PassReport(["pass@1"])
    for number in range(5):
        report.add(f"p.{number}", solved(f"p.{number}", 1.0))
    assert report.as_dict()["pass@1_ci95"] == pytest.approx(list(wilson(5.0, 5)))


def test_one_problem_has_no_interval():
    report = PassReport(["pass@1"])
    report.add("p.0", solved("p.0", 0.5))
    assert report.as_dict()["pass@1_ci95"] is None


def test_the_order_in_which_problems_finish_changes_nothing():
    values = [(f"p.{number}", (number * 7 % 5) / 4) for number in range(9)]
    forward, backward = PassReport(["pass@1"]), PassReport(["pass@1"])
    for name, value in values:
        forward.add(name, solved(name, value))
    for name, value in reversed(values):
        backward.add(name, solved(name, value))
    assert forward.as_dict() == backward.as_dict()


def test_repeats_of_a_problem_are_one_problem():
    with use_session(Session(), RunPlan(repeats=2)):
        report = PassReport(["pass@1"])
    for value in (0.0, 1.0):
        report.add("p.0", solved("p.0", value))
    report.add("p.1", solved("p.1", 0.5))
    told = report.as_dict()
    assert told["n"] == 2
    assert told["problems"]["p.0"] == {"n": 8, "c": 4}
    expected = proportion_estimate([0.5, 0.5]).interval
    assert told["pass@1_ci95"] == pytest.approx([expected.low, expected.high])


def test_programs_are_counted_by_what_became_of_them():
    report = PassReport(["pass@1"])
    report.add("p.0", [program("passed"), program("failed", "assertion"), program("failed", "exception", parsed=False)])
    told = report.as_dict()
    assert {key: value for key, value in told.items() if "/" in key} == {
        "assurance/weak": 3, "kind/assertion": 1, "kind/exception": 1, "status/failed": 2, "status/passed": 1,
    }  # fmt: skip
    assert told["unparsed"] == pytest.approx(1 / 3)


def test_programs_that_cannot_be_read_are_a_mean_over_problems_with_an_interval():
    report = PassReport(["pass@1"])
    for number in range(20):
        programs = [program("failed", "exception", parsed=number >= 4 or draw) for draw in (0, 1)]
        report.add(f"p.{number}", [*programs, *solved(f"p.{number}", 0.5)])
    told = report.as_dict()
    expected = proportion_estimate([0.5] * 4 + [0.0] * 16)
    assert (told["unparsed"], told["unparsed_stderr"]) == pytest.approx((0.1, expected.stderr))
    assert told["unparsed_ci95"] == pytest.approx([expected.interval.low, expected.interval.high])


def test_a_long_report_lists_no_problems():
    report = PassReport(["pass@1"])
    for number in range(MAX_PROBLEMS_LISTED + 1):
        report.add(f"p.{number}", solved(f"p.{number}", number % 2))
    assert "problems" not in report.as_dict()


def test_numbers_are_whole_ascending_and_named_when_they_are_not():
    assert counts_of("k", [10, 1, 10]) == [1, 10]
    assert counts_of("maj", []) == []
    for values, said in (([0], "k is 0"), ([True], "k is True"), ([1.5], "k is 1.5"), ([], "k is an empty list")):
        with pytest.raises(UsageError, match=said):
            counts_of("k", values)
