"""A result is never written over what it is made of, or over another record."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from graded_runs import write_graded

from evals.cli.main import main
from evals.cli.oaieval import main as oaieval
from evals.testing.waiting import wait_until


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


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("r.jsonl.gz", "x", "files that end in .gz are not written here"),
        ("registry.yaml", "a: 1", "files that end in .yaml are not written here"),
        ("rows.jsonl", '{"input": "q"}', "it holds rows of data"),
        ("votes", '{"vote": 1, "winner": "tie"}', "it is a file of votes"),
        ("labels", '{"labels_of": {}}', "it is a file of labels"),
        ("b.json", '{\n "format": 1,\n "eval_name": "e"}', "it is a baseline"),
        ("f.json", '{\n "code": {\n  "oaieval": "1"}}', "it is a forecast"),
    ],
)
def test_work_of_people_and_data_are_not_written_over(record, tmp_path, capsys, name, content, said):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert main(["report", str(record), "--out", str(path)]) == 2
    assert said in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == content


def test_the_data_beside_a_picture_are_not_written_over_the_table_that_is_drawn(tmp_path, capsys):
    table = tmp_path / "ladder.csv"
    rows = [f"m{i},1e{18 + i},{3 - 0.3 * i}" for i in range(5)]
    table.write_text("\n".join(["model,compute,loss", *rows]), encoding="utf-8")
    before = table.read_bytes()
    assert main(["plot", "scaling", str(table), "--target", "1e24", "--out", str(tmp_path / "ladder.svg")]) == 2
    assert "it is read by this command" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_a_log_is_not_written_into_a_record(record, capsys):
    before = record.read_bytes()
    assert oaieval(["dummy", "arithmetic", "--dry-run", "--log_to_file", str(record)]) == 2
    assert "it is the record of a run" in capsys.readouterr().err
    assert record.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "r.jsonl", "--out", "pipe"],
        ["report", "r.jsonl", "--html", "pipe"],
        ["plot", "groups", "r.jsonl", "--csv", "pipe"],
        ["gate", "r.jsonl", "--baseline", "b", "--junit", "pipe"],
        ["preferences", "r.jsonl", "--battles", "pipe"],
    ],
)
def test_a_pipe_that_nobody_reads_is_refused_at_once(record, monkeypatch, capsys, arguments):
    monkeypatch.chdir(record.parent)
    os.mkfifo("pipe")
    assert main(arguments) == 2
    assert "is a pipe that nobody reads" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_with_a_reader_gets_the_whole_result(record, monkeypatch):
    monkeypatch.chdir(record.parent)
    os.mkfifo("pipe")
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE) as reader:
        command = [sys.executable, "-m", "evals.cli.main", "report", "r.jsonl", "--out", "pipe"]
        wait_until(lambda: subprocess.run(command, check=False, capture_output=True).returncode == 0, limit_s=30)
        assert b"score" in reader.communicate(timeout=30)[0]


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
