"""A result is never written over what it is made of, or over another record."""

from __future__ import annotations

from pathlib import Path

import pytest
from graded_runs import write_graded

from evals.cli.main import main


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_graded(tmp_path / "r.jsonl", ["Yes", "No", "Yes", "No"], models=["m"])


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["report", "r.jsonl", "--out", "./r.jsonl"], "--out"),
        (["report", ".", "--html", "r.jsonl"], "--html"),
        (["report", "r.jsonl", "--parquet", "r.jsonl"], "--parquet"),
        (["plot", "groups", "r.jsonl", "--csv", "r.jsonl"], "--csv"),
        (["gate", "r.jsonl", "--baseline", "b.json", "--junit", "r.jsonl"], "--junit"),
        (["gate", "r.jsonl", "--baseline", "b.json", "--markdown", "r.jsonl"], "--markdown"),
        (["gate", "r.jsonl", "--baseline", "r.jsonl", "--update"], "--update"),
        (["preferences", "r.jsonl", "--battles", "r.jsonl"], "--battles"),
    ],
)
def test_a_record_is_not_written_over(record, monkeypatch, capsys, arguments, option):
    monkeypatch.chdir(record.parent)
    before = record.read_bytes()
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert f"{option} would write over" in said
    assert "fix: name another file" in said
    assert record.read_bytes() == before


def test_a_file_of_judgements_is_not_written_over(tmp_path, capsys):
    path = tmp_path / "battles.jsonl"
    path.write_text('{"model_a": "x", "model_b": "y", "winner": "model_a"}\n', encoding="utf-8")
    assert main(["preferences", str(path), "--battles", str(path)]) == 2
    assert "it is read by this command" in capsys.readouterr().err


def test_an_earlier_result_is_replaced(record, tmp_path):
    table = tmp_path / "t.md"
    table.write_text("old", encoding="utf-8")
    assert main(["report", str(record), "--format", "markdown", "--out", str(table)]) == 0
    assert "old" not in table.read_text(encoding="utf-8")
