"""What scoring steps can reach: every sum, against trying all of them."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evals.exams.items import Credit, Graders, Item, RubricLine
from evals.exams.reach import possible_points, sums_of

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
