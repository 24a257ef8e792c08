"""Rubrics and marks: what lines earn, and what a mark may say."""

from __future__ import annotations

import pytest

from evals.exams.items import RubricLine
from evals.exams.marking import Mark, rubric_points

RUBRIC = [
    RubricLine("r1", 1, "first"),
    RubricLine("r2", 2, "second"),
    RubricLine("r4", 1, "needs the first", needs=("r1",)),
    RubricLine("r5", 1, "needs the fourth", needs=("r4",)),
]


@pytest.mark.parametrize(
    ("given", "points"),
    [
        ({"r1": 1, "r2": 2, "r4": 1}, 4),
        ({"r4": 1}, 0),
        ({"r2": 2, "r4": 1}, 2),
        ({"r2": 0.5}, 0.5),
        ({"r4": 1, "r5": 1}, 0),
        ({"r1": 1, "r5": 1}, 1),
        ({"r1": 1, "r4": 1, "r5": 1}, 3),
        ({}, 0),
    ],
)
def test_a_line_earns_nothing_without_the_lines_that_it_needs(given: dict[str, float], points: float) -> None:
    assert rubric_points(RUBRIC, given) == points


def test_points_that_a_rubric_cannot_give_are_refused() -> None:
    with pytest.raises(ValueError, match="no rubric line 'r9'"):
        rubric_points(RUBRIC, {"r9": 1})
    with pytest.raises(ValueError, match="earns 0 to 1, got 2"):
        rubric_points(RUBRIC, {"r1": 2})


def test_a_share_of_the_points_says_the_status() -> None:
    assert [Mark.of_share(share).status for share in (0, 0.4, 1)] == ["wrong", "partial", "right"]
    with pytest.raises(ValueError, match="lies in"):
        Mark.of_share(1.2)
