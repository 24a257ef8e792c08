"""The worked example of the format: every value of a run of the harbour paper, known by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from evals.errors import DataError
from evals.exams.items import Item
from evals.exams.marking import Mark, rubric_points
from evals.exams.paper import Paper, Weighted
from evals.exams.read_paper import load_paper
from evals.exams.score import ExamScore, score_paper, sections_beside
from evals.suite.exam.replies import mark_reply

PAPERS = Path(__file__).parent / "papers"


@pytest.fixture(scope="module")
def paper() -> Paper:
    return load_paper(PAPERS / "harbour")


RUN = {"A1": "B", "A2": "C", "A3": "C", "A4": "B", "B1": "9", "B2": "[blank]", "B3": "D"}
ESSAY = [4.0, 5.0]
LINES = {"r1": 1.0, "r2": 1.0, "r4": 1.0}


def marks_of(
    paper: Paper, replies: Mapping[str, str], essay: list[float], lines: Mapping[str, float]
) -> dict[str, list[Mark | None]]:
    items: dict[str, Item] = {item.id: item for item in paper.items}
    marks: dict[str, list[Mark | None]] = {name: [mark_reply(items[name], reply)] for name, reply in replies.items()}
    marks["C1"] = [Mark.of_share(sum(essay) / len(essay) / items["C1"].points)]
    marks["C2"] = [Mark.of_share(rubric_points(items["C2"].rubric, lines) / items["C2"].points)]
    return marks


def sit(paper: Paper, changed: Mapping[str, str], contaminated: list[str] | None = None) -> ExamScore:
    return score_paper(paper, marks_of(paper, {**RUN, **changed}, ESSAY, LINES), contaminated)


def test_every_value_of_the_worked_example(paper: Paper) -> None:
    full = sit(paper, {}).full
    expected = {
        "a_raw": 3,
        "a": 80,
        "b_raw": 7.5 / 18,
        "b": 41.6666667,
        "essay": 4.5,
        "free": 3,
        "c": 69,
        "comp": 65.2,
        "comp_r": 65,
        "final": 3,
    }
    assert full.values == pytest.approx(expected)
    assert list(full.values) == list(expected)
    assert [(one.low, one.high) for one in full.percentiles] == [(35, 65)]
    assert [(one.name, one.passed) for one in full.passes] == [("", True)]
    assert [one.value for one in full.passes[0].conditions] == [65, 80, 0]


def test_the_clean_score_scales_the_clean_questions_up_and_the_lower_one_is_reported(paper: Paper) -> None:
    score = sit(paper, {}, contaminated=["A2"])
    assert score.clean is not None
    wanted = {"a_raw": 8 / 3, "a": 73.3333333, "b": 41.6666667, "c": 69, "comp": 62.5333333, "comp_r": 63, "final": 3}
    assert {name: score.clean.values[name] for name in wanted} == pytest.approx(wanted)
    assert [(one.low, one.high) for one in score.clean.percentiles] == [(35, 65)]
    assert score.clean.passes[0].passed
    assert score.reports_clean
    assert score.reported.values["comp_r"] == 63
    assert score.status == "invented"
    assert [section.n_clean for section in score.sections] == [3, 3, 2]


def test_a_line_without_the_line_that_it_needs_earns_nothing(paper: Paper) -> None:
    score = score_paper(paper, marks_of(paper, RUN, ESSAY, {"r2": 1, "r4": 1}))
    assert score.full.values["free"] == 1


def test_a_part_of_an_all_or_nothing_answer_earns_nothing(paper: Paper) -> None:
    assert sit(paper, {"B2": "A"}).full.values["b_raw"] == pytest.approx(6 / 18)


def test_an_unreadable_answer_to_a_critical_question_is_wrong_and_fails(paper: Paper) -> None:
    score = sit(paper, {"A1": "The answer is [Q]"})
    assert score.full.values["a_raw"] == 2
    assert score.sections[0].statuses["invalid"] == 1
    assert [one.holds for one in score.full.passes[0].conditions] == [False, True, False]


def test_a_run_with_full_marks_reaches_the_top(paper: Paper) -> None:
    replies = {"A3": "A", "B2": "[A, B]", "B3": "C"}
    lines = dict.fromkeys(["r1", "r2", "r3", "r4", "r5"], 1.0)
    score = score_paper(paper, marks_of(paper, {**RUN, **replies}, [6, 6], lines))
    assert score.full.values["comp_r"] == 100
    assert score.full.final == 5
    assert (score.full.percentiles[0].low, score.full.percentiles[0].high) == (87, 100)


def test_a_run_of_blanks_earns_what_blanks_earn(paper: Paper) -> None:
    score = score_paper(paper, marks_of(paper, dict.fromkeys(RUN, "[blank]"), [0, 0], {}))
    wanted = {"a": 20, "b": 25, "c": 0, "comp": 15.5, "comp_r": 16, "final": 1}
    assert {name: score.full.values[name] for name in wanted} == pytest.approx(wanted)
    assert (score.full.percentiles[0].low, score.full.percentiles[0].high) == (0, 12)
    assert not score.full.passes[0].passed


def test_pending_marks_make_a_range_from_no_marks_to_full_marks(paper: Paper) -> None:
    marks = marks_of(paper, RUN, ESSAY, LINES)
    marks["C1"] = [None]
    score = score_paper(paper, marks)
    assert score.pending == ("C1",)
    assert score.best is not None
    # c lies between 8 x 3 = 24 and 60 + 24 = 84, so comp between 32 + 12.5 + 7.2 and 32 + 12.5 + 25.2: 52 and 70.
    assert (score.full.values["comp"], score.best.values["comp"]) == pytest.approx((51.7, 69.7))
    assert (score.full.final, score.best.final) == (2, 4)
    assert score.sections[2].n_pending == 1


def test_a_question_without_any_mark_is_pending_and_not_wrong(paper: Paper) -> None:
    marks = marks_of(paper, RUN, ESSAY, LINES)
    del marks["A1"]
    assert score_paper(paper, marks).pending == ("A1",)


def test_repeats_are_averaged_within_a_question(paper: Paper) -> None:
    marks = marks_of(paper, RUN, ESSAY, LINES)
    marks["A3"] = [Mark("right", 1.0), Mark("wrong"), Mark("wrong"), Mark("wrong")]
    score = score_paper(paper, marks)
    assert score.full.values["a_raw"] == 3.25
    assert score.full.values["a"] == 85


def test_a_section_without_a_clean_question_leaves_the_full_score(paper: Paper) -> None:
    score = sit(paper, {}, contaminated=["A1", "A2", "A3", "A4"])
    assert score.clean is None
    assert score.clean_missing == ("A",)
    assert score.reported is score.full


def test_the_essay_alone_contaminated_leaves_no_clean_score_as_a_step_reads_it_alone(paper: Paper) -> None:
    assert sit(paper, {}, contaminated=["C1"]).clean_missing == ("C",)


def test_without_contaminated_questions_the_clean_score_is_the_full_one(paper: Paper) -> None:
    score = sit(paper, {}, contaminated=[])
    assert score.clean is not None
    assert score.clean.values == score.full.values
    assert score.reported is score.full


def test_unknown_questions_are_errors(paper: Paper) -> None:
    with pytest.raises(DataError, match=r"has no question 'A11'"):
        score_paper(paper, {"A11": [Mark("right", 1.0)]})
    with pytest.raises(DataError, match=r"contaminated questions names 'B9'"):
        sit(paper, {}, contaminated=["B9"])


def test_sections_count_marks_by_status(paper: Paper) -> None:
    section = sit(paper, {}).sections[1]
    assert (section.points, section.max_points) == (7.5, 18)
    assert section.statuses == {"right": 1, "partial": 0, "wrong": 1, "blank": 1, "invalid": 0}


def test_sections_beside_the_final_score_are_named(paper: Paper) -> None:
    assert sections_beside(paper) == ()
    steps = [replace(step, weights={"a": 1.0}) if isinstance(step, Weighted) else step for step in paper.score]
    assert sections_beside(replace(paper, score=tuple(steps))) == ("B", "C")
