"""Shares of a dataset: every row in one of them, equal rows together, the same everywhere."""

from __future__ import annotations

import json
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.datasets.samples import open_samples
from evals.engine.sample_order import sample_order
from evals.engine.shard import Shard


def shares(samples: list[object], of: int) -> list[list[int]]:
    order = sample_order(len(samples))
    return [list(Shard(index, of).members(samples, order)) for index in range(of)]


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 9))
def test_every_row_is_in_one_share_and_equal_rows_in_the_same(values, of):
    found = shares([{"input": value} for value in values], of)
    assert sorted(row for share in found for row in share) == list(range(len(values)))
    for share in found:
        inside = {values[row] for row in share}
        assert all(row in share for row, value in enumerate(values) if value in inside)


@given(st.integers(0, 200), st.integers(1, 9))
def test_shares_of_different_rows_differ_by_at_most_one_row(n, of):
    sizes = [len(share) for share in shares([{"input": i} for i in range(n)], of)]
    assert max(sizes) - min(sizes) <= 1


def test_the_order_inside_a_share_is_that_of_the_run():
    samples = [{"input": i} for i in range(100)]
    order = list(sample_order(100))
    for share in shares(samples, 3):
        assert share == sorted(share, key=order.index)


@given(st.integers(0, 60), st.integers(1, 4), st.integers(1, 4))
def test_a_share_of_a_share_is_part_of_it(n, of, parts):
    samples, order = [{"input": i} for i in range(n)], sample_order(n)
    for index in range(of):
        inner = [Shard(index * parts + k, of * parts).members(samples, order) for k in range(parts)]
        together = sorted(row for share in inner for row in share)
        assert together == sorted(Shard(index, of).members(samples, order))


def test_a_share_does_not_depend_on_where_a_row_stands(tmp_path: Path):
    rows = [json.dumps({"input": f"question {i}"}) for i in range(40)]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    (tmp_path / "b.jsonl").write_text("\n\n".join(reversed(rows)) + "\n")

    def texts(name: str) -> set[str]:
        samples = open_samples(tmp_path / name)
        members = Shard(1, 3).members(samples, sample_order(len(samples)))
        return {samples[row]["input"] for row in members}

    assert texts("a.jsonl") == texts("b.jsonl")


def test_rows_that_are_no_json_are_told_apart_by_their_place():
    found = shares([object() for _ in range(10)], 2)
    assert sorted(found[0] + found[1]) == list(range(10))
    assert len(found[0]) == len(found[1])


def test_one_share_of_one_is_everything():
    assert Shard(0, 1).members([{}, {}], array("I", [1, 0])) == array("I", [1, 0])


@pytest.mark.parametrize(("index", "of"), [(2, 2), (-1, 2), (0, 0)])
def test_there_is_no_share_outside(index, of):
    with pytest.raises(ValueError, match="no shard"):
        Shard(index, of)
