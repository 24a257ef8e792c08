"""`evals grader`: the demo's numbers against its own labels, JSON, and mistakes that are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from graded_runs import write_graded

from evals.cli.main import main
from evals.cli.oaieval import main as oaieval
from evals.registry import bundled_data_root


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_graded(tmp_path / "r.jsonl", ["Yes", "No"] * 10)


def table(path: Path, *rows: str) -> str:
    path.write_text("\n".join(["id,label", *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_the_demo_shows_a_grader_that_is_kind_to_long_answers(tmp_path, capsys):
    path = str(tmp_path / "one.jsonl")
    assert oaieval(["graded-demo-model", "graded-demo", "--grader", "lenient-grader", "--record_path", path]) == 0
    capsys.readouterr()
    labels = bundled_data_root() / "graded-demo" / "labels.jsonl"
    assert main(["grader", path, "--labels", str(labels), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    by_label = {}
    for cell in found["confusion"]:
        by_label.setdefault(cell["label"], {})[cell["choice"]] = cell["n"]
    agreeing = sum(counts.get(label, 0) for label, counts in by_label.items())
    assert found["agreement"]["value"] == pytest.approx(agreeing / found["n_labelled"])
    assert found["n_labelled"] == 80
    assert found["bias"]["length"]["ci95"][0] > 0
    people = found["score"]["people_alone"]["ci95"]
    corrected = found["score"]["ppi"]["ci95"]
    assert corrected[1] - corrected[0] < people[1] - people[0]
    assert main(["grader", path, "--labels", str(labels)]) == 0
    shown = capsys.readouterr().out
    assert "corrected (PPI++)" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["polite.dev.77,Yes"], "l.csv:2: sample 'polite.dev.77' is not in the record"),
        (["polite.dev.0,Perhaps"], "l.csv:2: label 'Perhaps' of sample polite.dev.0 is no class of this eval"),
        ([], "l.csv"),
    ],
)
def test_labels_that_do_not_fit_are_named_with_their_line(record, tmp_path, capsys, rows, said):
    assert main(["grader", str(record), "--labels", table(tmp_path / "l.csv", *rows)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "fix:" in error


def test_a_file_of_evals_label_without_a_label_is_empty(record, tmp_path, capsys):
    path = tmp_path / "l.jsonl"
    path.write_text('{"labels_of": {"eval": "polite.dev.v0", "run_id": "x"}}\n')
    assert main(["grader", str(record), "--labels", str(path)]) == 2
    assert "this file holds no label" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--labels", "none.csv"], "there is no such file of labels"),
        (["--labels", "l.csv", "--scores", "Yes"], "--scores cannot be read at 'Yes'"),
        (["--labels", "l.csv", "--scores", "Yes=nan,No=0"], "--scores cannot be read at 'Yes=nan'"),
        (["--labels", "l.csv", "--choices", ","], "--choices names no choice: ','"),
        (["--labels", "l.csv", "--choices", "Yes,No,Yes"], "--choices names one choice twice"),
        (["--labels", "l.csv", "--other", "x.jsonl"], "1 records of --other and 0 files"),
    ],
)
def test_a_wrong_argument_is_named(record, tmp_path, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "l.csv", "polite.dev.0,Yes")
    assert main(["grader", str(record), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_labels_of_one_class_are_shown_with_what_is_missing(record, tmp_path, capsys):
    path = table(tmp_path / "l.csv", *(f"polite.dev.{number},Yes" for number in range(6)))
    assert main(["grader", str(record), "--labels", path]) == 0
    assert "all labels are 'Yes'" in capsys.readouterr().out
