"""Marks of people and of models: read, combined, adjudicated, and never guessed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError
from evals.exams.items import Graders, Item, RubricLine
from evals.suite.exam.agreement import agreement_of
from evals.suite.exam.grading import says_no_image
from evals.suite.exam.marks import (
    GraderMark,
    HumanMarks,
    LineMark,
    Marking,
    graders_of,
    mark_of,
    unused_marks,
    warn_of_unused,
)
from evals.suite.exam.model_marks import Unreadable, grading_prompt, model_mark, read_lines

RUBRIC = (
    RubricLine("r1", 1, "Names the tide"),
    RubricLine("r2", 2, "Uses the figure", needs=("r1",)),
)
FREE = Item("F", "C", "free", "Explain.", "i.jsonl:1", points=3, rubric=RUBRIC, model_answer="The tide is 3.4 m.")
ESSAY = Item("E", "C", "essay", "Argue.", "i.jsonl:2", points=6, graders=Graders(2, adjudicate_if_gap=2), step=0.5)
REPLY = "The tide rises by 3.4 m, so leave slack."


def verdicts(**met: bool) -> str:
    said = [{"line": name, "met": value, "words": "tide rises" if value else ""} for name, value in met.items()]
    return f"Here it is:\n```json\n{json.dumps({'verdicts': said})}\n```"


def test_a_line_earns_nothing_without_the_line_that_it_needs() -> None:
    lines = read_lines(FREE, verdicts(r1=False, r2=True), REPLY)
    assert mark_of(FREE, "judge", lines).points == 0
    assert mark_of(FREE, "judge", read_lines(FREE, verdicts(r1=True, r2=True), REPLY)).points == 3


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "r1 yes",
        "{",
        verdicts(r1=True),
        verdicts(r1=True, r2=True, r3=True),
        '{"verdicts": [{"line": "r1", "met": "yes"}, {"line": "r2", "met": true}]}',
        '{"verdicts": {"r1": true}}',
        '{"level": 3}',
    ],
)
def test_what_is_no_whole_set_of_verdicts_cannot_be_read(answer: str) -> None:
    with pytest.raises(Unreadable):
        read_lines(FREE, answer, REPLY)


@pytest.mark.parametrize(("level", "points"), [(4, 4), (4.5, 4.5), (0, 0), (6, 6)])
def test_the_level_of_an_essay_is_its_points(level: float, points: float) -> None:
    (line,) = read_lines(ESSAY, json.dumps({"level": level, "words": ""}), REPLY)
    assert line.points == points


@pytest.mark.parametrize("level", [7, -1, 4.3, True, "4", None])
def test_a_level_off_the_scale_cannot_be_read(level: Any) -> None:
    with pytest.raises(Unreadable):
        read_lines(ESSAY, json.dumps({"level": level}), REPLY)


def test_words_that_are_not_in_the_reply_are_noticed() -> None:
    for words, found in [("the TIDE rises ... leave slack", True), ("a spring tide", False)]:
        (line,) = read_lines(ESSAY, json.dumps({"level": 3, "words": words}), REPLY)
        assert line.is_quoted is found


def test_a_grader_sees_question_guide_and_reply_and_nothing_else() -> None:
    text = grading_prompt(FREE, "Question 1. Explain.", REPLY)[1]["content"]
    assert all(part in text for part in ("Question 1. Explain.", "r2: Uses the figure", REPLY, FREE.model_answer))


def _asked_with(answers: list[str]) -> tuple[Any, list[Any]]:
    seen: list[Any] = []

    async def ask(messages: list[dict[str, Any]]) -> str:
        seen.append(messages)
        return answers[len(seen) - 1]

    return ask, seen


def test_an_unreadable_grader_is_asked_once_more_and_then_goes_to_people() -> None:
    ask, seen = _asked_with(["no", verdicts(r1=True, r2=False)])
    mark = asyncio.run(model_mark(FREE, "judge", "Q", REPLY, ask))
    assert mark is not None
    assert (mark.points, len(seen)) == (1, 2)
    assert "cannot be read" in seen[1][-1]["content"]
    ask, seen = _asked_with(["no", "again no"])
    assert asyncio.run(model_mark(FREE, "judge", "Q", REPLY, ask)) is None
    verdict = Marking(FREE, ["judge"], {"judge": None}).verdict()
    assert (verdict.points, verdict.missing) == (None, ("judge (unreadable)",))
    filled = Marking(FREE, ["judge"], {"judge": None}, [GraderMark("ann", 2.0)]).verdict()
    assert filled.points == 2


def _essay(*points: float, people: tuple[float, ...] = ()) -> Marking:
    models = {f"m{n}": GraderMark(f"m{n}", one) for n, one in enumerate(points)}
    marks = [GraderMark(f"p{n}", one) for n, one in enumerate(people)]
    return Marking(ESSAY, [*models, *["human"] * (2 - len(points))], dict(models), marks)


def test_two_marks_become_their_mean() -> None:
    assert _essay(4, 5).verdict().points == 4.5
    assert _essay(4, people=(5,)).verdict().points == 4.5


def test_marks_far_apart_need_one_more_which_stands() -> None:
    assert _essay(2, 5).verdict().missing == ("adjudication",)
    assert _essay(2, 5, people=(4,)).verdict().points == 4
    judged = _essay(2, 5).verdict(GraderMark("judge", 3.5))
    assert (judged.points, judged.adjudicated_by, judged.gap) == (3.5, "judge", 3)


def test_marks_beyond_those_that_were_asked_for_are_named() -> None:
    people = [GraderMark(name, points) for name, points in (("ann", 4), ("bob", 5), ("cyd", 1), ("dan", 2))]
    agreed = Marking(ESSAY, ["human", "human"], of_people=people).verdict()
    assert (agreed.points, agreed.unused) == (4.5, ("cyd", "dan"))
    apart = Marking(ESSAY, ["human", "human"], of_people=[people[0], people[2], people[1], people[3]]).verdict()
    assert (apart.points, apart.adjudicated_by, apart.unused) == (5, "bob", ("dan",))
    assert Marking(ESSAY, ["human", "human"], of_people=people[:2]).verdict().unused == ()


def test_unused_marks_are_listed_by_person_with_the_questions() -> None:
    events = [{"item": "A1", "unused": ["cyd"]}, {"item": "A2", "unused": ["cyd", "dan"]}, {"item": "A3"}]
    assert unused_marks(events) == ["cyd (A1, A2)", "dan (A2)"]


def test_a_grader_of_the_run_that_no_question_asks_is_named(caplog: pytest.LogCaptureFixture) -> None:
    names = ["one", "two", "three"]
    warn_of_unused(names, graders_of(ESSAY, names))
    assert caplog.messages == ["graders that no question of this paper asks for, not used: three"]


def test_the_paper_says_who_marks_then_the_run_then_people() -> None:
    assert graders_of(ESSAY, []) == ["human", "human"]
    assert graders_of(ESSAY, ["a", "b", "c"]) == ["a", "b"]
    named = Item("E", "C", "essay", "s", "w:1", graders=Graders(2, ("human", "model:judge")))
    assert graders_of(named, ["a"]) == ["human", "judge"]


def test_half_marked_is_not_marked(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"item": "F", "run": 0, "grader": "ann", "line": "r1", "points": 1}\n')
    assert HumanMarks(path, {"F": FREE}).of(FREE, 0) == []
    with path.open("a") as file:
        file.write('{"item": "F", "run": 0, "grader": "ann", "line": "r2", "points": 2}\n')
    assert [mark.points for mark in HumanMarks(path, {"F": FREE}).of(FREE, 0)] == [3]
    assert HumanMarks(path, {"F": FREE}).of(FREE, 1) == []


@pytest.mark.parametrize(
    "row",
    [
        {"item": "X", "grader": "a", "points": 1},
        {"item": "F", "grader": "a", "line": "r9", "points": 1},
        {"item": "F", "grader": "a", "points": 1},
        {"item": "F", "grader": "a", "line": "r1", "points": 2},
        {"item": "F", "grader": "a", "line": "r1", "points": True},
        {"item": "F", "line": "r1", "points": 1},
        {"item": "F", "grader": "a", "line": "r1", "points": 1, "run": -1},
        [],
    ],
)
def test_a_wrong_mark_is_named_with_its_line(tmp_path: Path, row: Any) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text("\n" + json.dumps({"item": "F", "grader": "b", "line": "r1", "points": 1}) + "\n" + json.dumps(row))
    with pytest.raises(DataError, match=r"m\.jsonl:2"):
        HumanMarks(path, {"F": FREE})


def test_a_line_marked_twice_by_one_grader_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"item": "F", "grader": "b", "line": "r1", "points": 1}\n' * 2)
    with pytest.raises(DataError, match="twice"):
        HumanMarks(path, {"F": FREE})


def _graded(*points: float, **extra: Any) -> dict[str, Any]:
    marks = [{"grader": f"g{n}", "points": one, "lines": [{"line": "", "points": one}]} for n, one in enumerate(points)]
    return {"max_points": 4, "marks": marks, **extra}


def test_agreement_is_weighted_kappa_and_mean_gap() -> None:
    pairs = [(1, 1), (2, 3), (3, 3), (4, 2)]
    found = agreement_of([_graded(*pair) for pair in pairs])
    assert found is not None
    # Cohen 1968 by hand: quadratic disagreement 1 and 4 of 9; expected from the margins 1,2,3,4 against 1,3,3,2.
    observed = sum((a - b) ** 2 for a, b in pairs) / 4
    expected = sum((a - b) ** 2 for a, _ in pairs for _, b in pairs) / 16
    assert found["kappa"] == pytest.approx(1 - observed / expected)
    assert found["mean_gap"] == 0.75
    assert found["label"] == "model-graded"
    assert agreement_of([_graded(1, 1, people=["g0"])])["label"] == ""  # type: ignore[index]
    assert agreement_of([{"max_points": 1}]) is None


def test_line_marks_stand_in_the_record_without_what_is_unknown() -> None:
    assert GraderMark("a", 1.0, (LineMark("r1", 1.0),)).data()["lines"] == [{"line": "r1", "points": 1.0}]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("There is no graph in the question.", True),
        ("I cannot see the image, so I guess B.", True),
        ("I can't view images.", True),
        ("Without the figure I am guessing.", True),
        ("The chart is missing.", True),
        ("I do not have access to the picture.", True),
        ("The graph shows no change after 1990.", False),
        ("In the image, R lies furthest east.", False),
        ("No boat is further east on the chart.", False),
    ],
)
def test_replies_that_see_no_image_are_noticed(reply: str, says: bool) -> None:
    assert says_no_image(reply) is says


def test_a_named_grader_stands_for_all_models_of_the_paper_and_for_no_person() -> None:
    named = Item("E", "C", "essay", "s", "w:1", graders=Graders(2, ("human", "model:judge")))
    assert graders_of(named, [], ["mine"]) == ["human", "mine"]
    assert graders_of(ESSAY, ["other"], ["a", "b", "c"]) == ["a", "b", "c"]
    people = Item("E", "C", "essay", "s", "w:1", graders=Graders(1, ("human",)))
    assert graders_of(people, [], ["mine"]) == ["human"]
