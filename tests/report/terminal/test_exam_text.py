"""An exam in the terminal: what stands there, and that it fits, whatever the paper calls things."""

from __future__ import annotations

from typing import Any

from exam_runs import HARBOUR

from evals.exams.read_paper import load_paper
from evals.record.event import Event
from evals.report.terminal.exam import exam_lines
from evals.suite.exam.holdout import HoldoutRuns
from evals.suite.exam.report import ExamReport, Sitting

FACTS = {"style": "chat", "answer_mode": "extract", "shuffled": True, "spec_sha256": "0" * 16}


def _report(statuses: dict[str, str], **sitting: Any) -> dict[str, Any]:
    """The exam part of a report of the harbour paper; a question with another status than these is not answered."""
    paper = load_paper(HARBOUR)
    found = Sitting(paper, FACTS, sitting.get("contaminated"), "no_vision", sitting.get("draws", 200), 1)
    report = ExamReport(found, lambda: HoldoutRuns(2, 2))
    for place, (item, status) in enumerate(statuses.items()):
        share = {"right": 1.0, "partial": 0.5}.get(status, 0.0)
        data = {"item": item, "run": 0, "status": status, "share": share, "points": share, "max_points": 1}
        marks = [{"grader": name, "points": 3 + n, "lines": []} for n, name in enumerate(["judge-a", "judge-b"])]
        data |= {"marks": marks} if item.startswith("C") and status != "pending" else {}
        report.add(f"p.test.{place}", [Event("r", place, f"p.test.{place}", "exam", data, "", None)])
    exam: dict[str, Any] = report.as_dict()["exam"]
    return exam


def _flat(exam: dict[str, Any]) -> str:
    """The lines without their breaks."""
    return " ".join(" ".join(exam_lines(exam)).split())


ALL_RIGHT = dict.fromkeys(["A1", "A2", "A3", "A4", "B1", "B2", "B3", "C1", "C2"], "right")


def test_full_marks_are_the_highest_grade_and_range() -> None:
    text = _flat(_report(ALL_RIGHT))
    assert "exam score 5 95 % interval" in text
    assert "percentile 87 to 100" in text
    assert "pass yes: comp_r 100 (at least 60); a 100" in text
    assert "images not shown, options shuffled" in text
    assert "holdout run 2 of this form, with 2 different specs" in text
    assert "model-graded: no person has checked the" in text


def test_a_paper_left_blank_earns_what_blanks_earn() -> None:
    blank = {**dict.fromkeys(ALL_RIGHT, "blank"), "C1": "wrong", "C2": "wrong"}
    exam = _report(blank)
    # B earns 4.5 of 18, so 0.4 x 20 + 0.3 x 25 = 15.5, half up to 16: grade 1, 0 to 12.
    assert (exam["values"]["comp"], exam["values"]["comp_r"], exam["final"]) == (15.5, 16, 1)
    assert [(one["low"], one["high"]) for one in exam["percentiles"]] == [(0, 12)]
    assert "7 left blank" in _flat(exam)


def test_an_invalid_letter_is_wrong_and_a_critical_failure() -> None:
    exam = _report({**ALL_RIGHT, "A1": "invalid"})
    assert exam["values"]["a_raw"] == 3
    assert exam["critical_wrong"] == ["A1"]
    assert [rule["passed"] for rule in exam["passes"]] == [False]
    assert "critical     not right: A1" in exam_lines(exam)


def test_what_is_open_is_a_range() -> None:
    answered = {item: status for item, status in ALL_RIGHT.items() if item != "A1"}
    exam = _report({**answered, "C1": "pending"})
    text = _flat(exam)
    # Without A1 and C1: a 80, b 100, c 40, so comp 74 and grade 4; with full marks for both, grade 5.
    assert "exam score 4 to 5: marks are missing" in text
    assert "pass open: missing marks decide" in text  # A1 is critical
    assert "1 failed or not asked, and not scored" in text
    assert "1 waiting for a grader's mark" in text


def test_verdicts_that_cannot_be_read_are_told_from_marks_that_nobody_gave() -> None:
    exam = _report({**ALL_RIGHT, "C1": "pending", "C2": "pending"})
    exam["missing"] = [
        {"item": "C1", "run": 0, "missing": ["human"]},
        {"item": "C2", "run": 0, "missing": ["judge (unreadable)"]},
    ]
    assert "2 waiting for a grader's mark; on 1 a grader gave no readable verdict" in _flat(exam)


def test_every_line_fits_whatever_things_are_called() -> None:
    exam = _report({**ALL_RIGHT, "C2": "pending"}, contaminated=["A2", "B1"])
    long = "a very long name of something 日本語 " * 6
    exam["paper"]["title"] = long
    exam["percentiles"][0]["population"] = long
    exam["sections"][0] |= {"id": long, "title": long}
    exam["graders"]["graders"] = [f"judge-{n}" for n in range(30)]
    exam["critical_wrong"] = [f"question-{n}" for n in range(40)]
    exam["passes"] = [{**exam["passes"][0], "name": f"place {n}"} for n in range(20)]
    lines = exam_lines(exam)
    assert [line for line in lines if len(line) > 78] == []
    assert any("more rules" in line for line in lines)
