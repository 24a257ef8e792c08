"""string_check: equal, different, contained."""

from __future__ import annotations

import itertools

import pytest

from evals.suite.graders.string_check import string_check

TEXTS = ["Paris", "paris", "Paris.", "in PARIS today", "", "%ari%", "Par_s"]


@pytest.mark.parametrize(
    ("operation", "input", "reference", "holds"),
    [
        ("eq", "Paris", "Paris", True),
        ("eq", "Paris", "paris", False),
        ("eq", "Paris\n", "Paris", False),
        ("ne", "Paris", "paris", True),
        ("neq", "Paris", "Paris", False),
        ("like", "in Paris today", "Paris", True),
        ("like", "in PARIS today", "Paris", False),
        ("like", "Paris", "in Paris today", False),
        ("ilike", "in PARIS today", "Paris", True),
        ("ilike", "Paris", "%ari%", False),
        ("like", "Paris", "Par_s", False),
        ("like", "anything", "", True),
    ],
)
def test_the_input_is_compared_with_the_reference(operation: str, input: str, reference: str, holds: bool) -> None:
    assert string_check(operation, input, reference) is holds


def test_ne_is_the_opposite_of_eq_and_ilike_follows_from_like() -> None:
    for left, right in itertools.product(TEXTS, TEXTS):
        assert string_check("ne", left, right) is not string_check("eq", left, right)
        assert not string_check("eq", left, right) or string_check("like", left, right)
        assert not string_check("like", left, right) or string_check("ilike", left, right)
