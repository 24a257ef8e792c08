"""Rows of evalplus: the types that JSON lost, and results that may differ a little or come in any order."""

from __future__ import annotations

import pytest
from code_rows import PLUS, passes

from evals.suite.code.plus import typed_input


def test_floats_of_evalplus_may_differ_a_little():
    assert passes(PLUS, "def half(a):\n    return a / 2 * (1 + 1e-9)")


def test_results_that_evalplus_compares_as_sets_may_come_in_any_order():
    row = {**PLUS, "task_id": "Mbpp/2", "entry_point": "similar_elements", "prompt": '"""Common."""\n'}
    row["canonical_solution"] = "\ndef similar_elements(a, b):\n    return tuple(sorted(set(a) & set(b)))\n"
    row["base_input"], row["plus_input"] = [[[3, 4, 5], [5, 4]]], []
    assert passes(row, "def similar_elements(a, b):\n    assert type(a) is tuple\n    return (5, 4)")
    assert not passes(row, "def similar_elements(a, b):\n    return (5,)")


def test_a_root_of_a_polynomial_need_not_be_the_reference_one():
    row = {**PLUS, "entry_point": "find_zero", "prompt": "def find_zero(xs):\n", "atol": 1e-4}
    row["canonical_solution"], row["base_input"], row["plus_input"] = "    return 1.0\n", [[[-1, 0, 1]]], []
    assert passes(row, "def find_zero(xs):\n    return -1.00001")
    assert not passes(row, "def find_zero(xs):\n    return 0.5")


@pytest.mark.parametrize(
    ("task", "given", "typed"),
    [
        ("Mbpp/2", [[1], [2]], [(1,), (2,)]),
        ("Mbpp/63", [[[1, 2]]], [[(1, 2)]]),
        ("Mbpp/75", [[[1]], 5], [[(1,)], 5]),
        ("Mbpp/106", [[1], [2]], [[1], (2,)]),
        ("Mbpp/115", [[[1], []]], [[{1}, {}]]),
        ("Mbpp/124", ["1", "2j"], [1.0, 2j]),
        ("Mbpp/307", [[1], 2, 3], [(1,), 2, 3]),
        ("Mbpp/580", [[1, [2]]], ((1, (2,)),)),
        ("Mbpp/722", [{"a": [1]}, 2], [{"a": (1,)}, 2]),
        ("HumanEval/2", [[1]], [[1]]),
    ],
)
def test_types_that_json_lost_come_back(task, given, typed):
    assert typed_input(task, given) == typed
