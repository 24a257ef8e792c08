"""Hashes tell prompts and rows apart, whatever the order of their keys, and never are 0."""

from __future__ import annotations

import pytest

from evals.comparison.content_hash import content_hash, row_hash


def test_the_order_of_keys_does_not_count_and_the_order_of_messages_does():
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash(["a", "b"]) != content_hash(["b", "a"])


@pytest.mark.parametrize(("one", "other"), [("", None), ("a", ["a"]), (1, 1.5), ("\ud800", "?")])
def test_values_of_different_kinds_differ(one, other):
    assert content_hash(one) != content_hash(other)
    assert 0 not in (content_hash(one), content_hash(other))


def test_labels_and_ids_of_a_row_do_not_count():
    row = {"input": "a", "ideal": "b"}
    assert row_hash({**row, "category": "x", "cluster": 3, "id": "7"}) == row_hash(row)
    assert row_hash({**row, "hint": "x"}) != row_hash(row)


def test_the_hash_fits_64_signed_bits():
    assert all(-(2**63) <= content_hash(str(i)) < 2**63 for i in range(200))
