"""Samples: rows that know where they came from, their labels, ids, and the order of ids."""

from __future__ import annotations

import json
import pickle

import pytest

from evals.sample import Sample, id_order, labels_of, sample_id


@pytest.mark.parametrize(
    ("place", "where"),
    [({"path": "d.jsonl", "line": 3}, "d.jsonl:3"), ({"path": "d.json[2]"}, "d.json[2]"), ({}, None)],
)
def test_a_sample_is_its_row_and_knows_its_place(place, where):
    sample = Sample({"input": "a"}, **place)
    assert sample == {"input": "a"}
    assert json.dumps(sample) == '{"input": "a"}'
    assert (sample.where, sample.index) == (where, None)


def test_a_copy_in_another_process_is_the_same_row():
    copy = pickle.loads(pickle.dumps(Sample({"a": 1}, path="d.jsonl", line=2, index=1)))
    assert (copy, copy.where, copy.index) == ({"a": 1}, "d.jsonl:2", 1)


@pytest.mark.parametrize(
    ("row", "labels"),
    [
        ({"category": "law", "difficulty": 3, "input": "x"}, {"category": "law", "difficulty": 3}),
        ({"group": "", "cluster": "p1"}, {"group": "", "cluster": "p1"}),
        ({"category": ["law"], "subject": None}, None),
        ({"input": "x"}, None),
        ("no row", None),
    ],
)
def test_labels_are_texts_and_whole_numbers_under_known_keys(row, labels):
    assert labels_of(row) == labels


def test_ids_are_those_of_openai_evals():
    assert sample_id("sums.dev.v0", 7) == sample_id("sums.dev", 7) == "sums.dev.7"
    with pytest.raises(ValueError, match="not enough values"):
        sample_id("sums", 7)


def test_ids_sort_by_row_and_names_come_before_rows():
    ids = ["a.b.10", "a.b.9", "a.b.x", "a.b.05", "b.c.1", "a.b.0", ""]
    assert sorted(ids, key=id_order) == ["", "a.b.05", "a.b.x", "a.b.0", "a.b.9", "a.b.10", "b.c.1"]
