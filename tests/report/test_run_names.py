"""Short names for runs, and the legend that leads back to their files."""

from __future__ import annotations

from made_runs import write_nasty_run, write_run

from evals.comparison.compare import read_runs
from evals.report.run_names import legend, run_names


def test_runs_are_called_by_file_then_by_model_then_by_letter(tmp_path):
    ones = [1.0]
    short = read_runs(
        [write_nasty_run(tmp_path / "main.jsonl", ones), write_nasty_run(tmp_path / "change.jsonl", ones)]
    )
    assert run_names(short) == ["main", "change"]
    long = read_runs([write_nasty_run(tmp_path / f"{'x' * 30}{m}.jsonl", ones, m) for m in ("gpt-x", "gpt-y")])
    assert run_names(long) == ["gpt-x", "gpt-y"]
    same = read_runs([write_nasty_run(tmp_path / f"{'y' * 30}{m}.jsonl", ones) for m in "12"])
    assert run_names(same) == ["A", "B"]


def test_equal_file_names_are_told_apart_by_their_folders(tmp_path):
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
    runs = read_runs([write_run(tmp_path / folder / "run.jsonl", [1.0]) for folder in ("old", "new")])
    assert run_names(runs) == ["old/run", "new/run"]


def test_the_legend_is_left_out_where_names_are_those_of_the_files(tmp_path):
    runs = read_runs([write_run(tmp_path / "a.jsonl", [1.0]), write_run(tmp_path / "b.jsonl", [1.0])])
    assert legend(runs, ["a", "b"]) == []
    assert legend(runs, ["A", "B"]) == [f"A  {runs[0].path}", f"B  {runs[1].path}"]


def test_there_are_names_for_more_runs_than_letters(tmp_path):
    runs = read_runs([write_run(tmp_path / f"{i:030}.jsonl", [1.0]) for i in range(28)])
    names = run_names([*runs, runs[0]])
    assert names[:3] == ["A", "B", "C"]
    assert names[25:29] == ["Z", "AA", "AB", "AC"]
