"""What scoring steps can reach: every sum, against trying all of them."""

from __future__ import annotations

import itertools
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.errors import DataError
from evals.exams.items import Credit, Graders, Item, RubricLine
from evals.exams.paper import Paper
from evals.exams.reach import Averaging, check_averaging, possible_points, sums_of
from evals.exams.read_paper import load_paper

CHOICES = st.lists(
    st.lists(st.integers(-6, 12).map(lambda n: Fraction(n, 2)), min_size=1, max_size=4), min_size=1, max_size=6
)


@given(CHOICES)
def test_sums_are_those_of_every_choice(choices: list[list[Fraction]]) -> None:
    values, is_all = sums_of(choices)
    assert is_all
    assert values.tolist() == sorted({float(sum(picked)) for picked in itertools.product(*choices)})


def test_too_many_sums_are_known_by_their_ends() -> None:
    values, is_all = sums_of([[Fraction(0), Fraction(1, 997), Fraction(5)]] * 2000)
    assert (values.tolist(), is_all) == ([0, 10_000], False)


def item(kind: Any, **fields: Any) -> Item:
    return Item("q", "S", kind, "stem", "items.jsonl:1", **fields)


def test_an_item_can_earn_what_its_statuses_and_parts_earn() -> None:
    credit = Credit(right=1, wrong=-0.25, blank=0)
    mcq = item("mcq", credit=credit, points=2)
    assert possible_points(mcq) == (Fraction(-1, 2), 0, 2)
    parts = item("mselect", rule="per_option", options=dict.fromkeys("ABCD", "x"), key=("A",))
    assert [float(one) for one in possible_points(parts)] == [0, 0.25, 0.5, 0.75, 1]
    essay = item("essay", points=3, step=0.5, graders=Graders(n=2))
    assert len(possible_points(essay)) == 13
    lines = (RubricLine("a", 1, "a"), RubricLine("b", 1.5, "b"))
    assert [float(one) for one in possible_points(item("free", points=2.5, rubric=lines))] == [0, 0.5, 1, 1.5, 2, 2.5]


def test_a_paper_of_many_questions_is_looked_through_quickly() -> None:
    values, is_all = sums_of([[Fraction(0), Fraction(1)]] * 10_000)
    assert is_all
    assert np.array_equal(values, np.arange(10_001))


HARBOUR = Path(__file__).parent / "papers" / "harbour"


@pytest.fixture
def strict(tmp_path: Path) -> Paper:
    """The harbour paper, whose table of section A takes no score between its rows."""
    shutil.copytree(HARBOUR, tmp_path / "harbour")
    file = tmp_path / "harbour" / "exam.yaml"
    file.write_text(file.read_text().replace("between: interpolate", "between: error"))
    return load_paper(tmp_path / "harbour")


def test_a_mean_of_repeats_between_the_rows_of_a_table_is_found_before_a_run(strict: Paper) -> None:
    Averaging.of(strict, None, ())
    Averaging.of(load_paper(HARBOUR), 3, ())
    with pytest.raises(DataError, match=r"exam.yaml:15: .*a_raw as a mean of repeats can be 0\.3333"):
        Averaging.of(strict, 3, ())
    with pytest.raises(DataError, match=r"a_raw as a mean of repeats can be 0\.25"):
        check_averaging(strict, Averaging.of(strict, None, ()).repeated(4))


def test_a_clean_score_between_the_rows_of_a_table_is_found_before_a_run(strict: Paper) -> None:
    with pytest.raises(DataError, match=r"a_raw of clean questions, scaled, can be 1\.333"):
        Averaging.of(strict, None, ("A2",))
    # Two of four questions count double: 0, 2 and 4 have rows. Without a clean question there is no clean score.
    Averaging.of(strict, None, ("A1", "A2"))
    Averaging.of(strict, None, ("A2", "B1", "B2", "B3"))
