"""Comparisons as text and Markdown: 80 columns, and nothing in a record can steer a terminal or break a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals import record
from evals.comparison.compare import compare_runs, read_runs
from evals.comparison.many_runs import compare_many_runs
from evals.record import LocalRecorder
from evals.report.flips import FlipTexts
from evals.report.markdown.comparison import comparison_markdown, many_runs_markdown
from evals.report.run_names import run_names
from evals.report.terminal.comparison import comparison_text
from evals.report.terminal.many_runs import many_runs_text
from evals.specs import RunSpec

NASTY = "\x1b[31mred\u202e | `` ``` <b> [x](y) \n"


def write(path: Path, scores: list[float], name: str = "model") -> Path:
    recorder = LocalRecorder(path, RunSpec([name], "sums.test.v1", "sums", "test", {"data_sha256": "1"}, ""))
    for number, score in enumerate(scores):
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_sampling(NASTY * 30, [NASTY])
            record.record_metrics(score=score)
            scope.commit({"category": f"{NASTY} {number % 2} {'long ' * 20}"})
    recorder.close()
    return path


@pytest.fixture
def runs(tmp_path):
    scores = {"a" * 60: [0.0, 1.0] * 10, "b" * 60: [1.0, 1.0] * 10, "c" * 60: [0.5, 0.25] * 10}
    return read_runs([write(tmp_path / f"{name}.jsonl", values, name) for name, values in scores.items()])


def test_text_stays_in_80_columns_and_harmless(runs):
    c = compare_runs(*runs[:2])
    names = run_names(runs[:2])
    text = comparison_text(c, names, groups=True) + "\n" + FlipTexts(c, names, 2).text(int(c.rose[0]))
    lines = [line for line in text.splitlines() if ".jsonl" not in line]
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert (
        max(
            len(line)
            for line in many_runs_text(compare_many_runs(runs), names + ["C"]).splitlines()
            if ".jsonl" not in line
        )
        <= 80
    )


def test_markdown_keeps_its_tables_and_fences(runs):
    c = compare_runs(*runs[:2])
    names = run_names(runs[:2])
    text = comparison_markdown(c, names, FlipTexts(c, names, 1))
    table = [line for line in text.split("````text")[0].splitlines() if line.startswith("| ")]
    assert len({line.replace("\\|", "").count("|") for line in table if "category" in line}) == 1
    assert "<b>" not in text.split("````text")[0]
    assert text.count("````") == 2
    assert many_runs_markdown(compare_many_runs(runs), ["A", "B", "C"]).count("| A |") >= 1


def test_runs_are_called_by_file_then_by_model_then_by_letter(tmp_path):
    ones = [1.0]
    short = read_runs([write(tmp_path / "main.jsonl", ones), write(tmp_path / "change.jsonl", ones)])
    assert run_names(short) == ["main", "change"]
    long = read_runs([write(tmp_path / f"{'x' * 30}{m}.jsonl", ones, m) for m in ("gpt-x", "gpt-y")])
    assert run_names(long) == ["gpt-x", "gpt-y"]
    same = read_runs([write(tmp_path / f"{'y' * 30}{m}.jsonl", ones) for m in "12"])
    assert run_names(same) == ["A", "B"]
