"""Files of labels: bound to their record, resumable, refused with the place of whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from graded_runs import write_graded

from evals.errors import DataError, UsageError
from evals.labelling.graded_record import GradedRecord, read_graded
from evals.labelling.label_file import RANDOM, STRATIFIED, LabelWriter, read_labels
from evals.registry.lookup import Registry


@pytest.fixture
def record(tmp_path: Path) -> GradedRecord:
    return read_graded(str(write_graded(tmp_path / "r.jsonl", ["Yes", "No", "Yes"])), Registry())


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_last_word_of_each_person_on_a_sample_counts(record, tmp_path):
    writer = LabelWriter(tmp_path / "l.jsonl", record, RANDOM)
    for said in ({"label": "Yes"}, {"undone": True}, {"label": "No", "note": "rude"}):
        writer.write("polite.dev.0", "ann", **said)
    writer.write("polite.dev.0", "bob", label="Yes")
    writer.write("polite.dev.1", "bob", skipped=True)
    found = read_labels(tmp_path / "l.jsonl", record)
    assert [(one.id, one.rater, one.label, one.note) for one in found.labels] == [
        ("polite.dev.0", "ann", "No", "rude"), ("polite.dev.0", "bob", "Yes", ""),
    ]  # fmt: skip
    assert found.skipped == {("polite.dev.1", "bob")}


def test_a_line_that_was_cut_off_costs_that_label_alone(record, tmp_path):
    path = tmp_path / "l.jsonl"
    LabelWriter(path, record, RANDOM).write("polite.dev.0", "ann", label="Yes")
    path.write_bytes(path.read_bytes() + b'{"id": "polite.d')
    assert len(read_labels(path, record).labels) == 1
    LabelWriter(path, record, RANDOM).write("polite.dev.1", "ann", label="No")
    with pytest.raises(DataError, match="no JSON"):
        read_labels(write(tmp_path / "bad.jsonl", '{"id"\n{"id": "polite.dev.0", "label": "Yes"}\n'), record)


def test_samples_that_were_drawn_in_two_ways_do_not_share_a_file(record, tmp_path):
    LabelWriter(tmp_path / "l.jsonl", record, RANDOM).write("polite.dev.0", "ann", label="Yes")
    with pytest.raises(UsageError, match="stratified by verdict"):
        LabelWriter(tmp_path / "l.jsonl", record, STRATIFIED)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("l.csv", "id,label\npolite.dev.0,Yes\npolite.dev.9,No\n", "l.csv:3: sample 'polite.dev.9' is not in the record"),
        ("l.csv", "id,label\npolite.dev.0,Maybe\n", "l.csv:2: label 'Maybe' of sample polite.dev.0 is no class"),
        ("l.csv", "id,label\npolite.dev.0,\n", "l.csv:2: sample polite.dev.0 has no label"),
        ("l.jsonl", '{"sample": "x"}\n', "l.jsonl:1: this row has no 'id'"),
        ("l.jsonl", "[1]\n", "l.jsonl:1: this line is no object"),
        ("l.jsonl", '{"id": "polite.dev.0", "label": "Yes", "sha256": "00"}\n', "l.jsonl:1: this label is of another"),
    ],
)  # fmt: skip
def test_a_label_that_cannot_be_used_is_named_with_its_line(record, tmp_path, name, text, said):
    with pytest.raises(DataError) as error:
        read_labels(write(tmp_path / name, text), record)
    assert said in str(error.value)
    assert error.value.fix


def test_labels_of_another_record_are_refused_though_the_ids_are_the_same(record, tmp_path):
    LabelWriter(tmp_path / "l.jsonl", record, RANDOM).write("polite.dev.0", "ann", label="Yes")
    other = write_graded(tmp_path / "other.jsonl", ["Yes"], answers=["another answer"])
    with pytest.raises(DataError, match="another question or answer"):
        read_labels(tmp_path / "l.jsonl", read_graded(str(other), Registry()))


def test_a_table_may_have_other_capitals_and_a_rater(record, tmp_path):
    path = write(tmp_path / "l.csv", "id,label,rater\npolite.dev.0,yes,ann\npolite.dev.1,NO,bob\n")
    assert [(one.label, one.rater) for one in read_labels(path, record).labels] == [("Yes", "ann"), ("No", "bob")]


def test_a_file_of_labels_is_for_its_owner_alone(record, tmp_path):
    LabelWriter(tmp_path / "l.jsonl", record, RANDOM)
    assert (tmp_path / "l.jsonl").stat().st_mode & 0o077 == 0
    assert json.loads((tmp_path / "l.jsonl").read_text())["labels_of"]["run_id"] == record.run_id
