"""Originals as their publishers wrote them."""

from __future__ import annotations

import json

import pytest
from data_files import lines, parquet, write

from evals.datasets.original_rows import field, original_rows
from evals.errors import BadSample

ROWS = [{"a": "1", "b": "x\u2028y"}, {"a": "2", "b": "z"}]


def test_every_form_gives_the_same_rows_numbered_from_one(tmp_path):
    write(tmp_path / "t.csv", "a,b\n1,x\u2028y\n2,z\n")
    write(tmp_path / "t.tsv", "a\tb\n1\tx\u2028y\n2\tz\n")
    write(tmp_path / "t.json", json.dumps(ROWS))
    lines(tmp_path / "t.jsonl", *ROWS)
    for name in ("t.csv", "t.tsv", "t.json", "t.jsonl"):
        assert list(original_rows(tmp_path / name)) == [(1, ROWS[0]), (2, ROWS[1])], name


def test_parquet_is_read_too(tmp_path):
    assert list(original_rows(parquet(tmp_path / "t.parquet", *ROWS))) == [(1, ROWS[0]), (2, ROWS[1])]


@pytest.mark.parametrize(("row", "found"), [({"b": 1, "c": 2}, "found: b, c"), ([1], "found: list")])
def test_a_missing_field_is_told_with_what_was_found(tmp_path, row, found):
    with pytest.raises(BadSample, match="the original has no 'a'") as told:
        field(row, "a", tmp_path / "t.jsonl", 7)
    assert told.value.where == f"{tmp_path / 't.jsonl'}:7"
    assert found in str(told.value)
