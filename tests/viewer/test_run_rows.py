"""What the pages show of runs, as plain values."""

from __future__ import annotations

import shlex
from pathlib import Path

from viewer_records import HOSTILE, write_hostile_run, write_run, write_summary

from evals.viewer.index import RecordIndex
from evals.viewer.run_rows import run_row, trends


def test_a_row_has_the_score_with_its_interval_and_n(tmp_path: Path) -> None:
    write_summary(tmp_path / "deep" / "a.jsonl", "m", "a.test.v1", 1, 0.5, n=400, tags=["nightly"])
    (run,) = RecordIndex(tmp_path).runs()
    row = run_row(run, tmp_path)
    shown = {
        name: row[name]
        for name in ("eval", "model", "value_text", "interval_text", "n", "cost_text", "state", "tags", "file")
    }
    assert shown == {
        "eval": "a.test.v1", "model": "m", "value_text": "0.500", "interval_text": "0.451 to 0.549", "n": 400,
        "cost_text": "$0.12", "state": "done", "tags": ["nightly"], "file": "deep/a.jsonl",
    }  # fmt: skip


def test_no_control_character_is_in_a_row(tmp_path: Path) -> None:
    write_hostile_run(tmp_path / "a.jsonl", [True])
    (run,) = RecordIndex(tmp_path).runs()
    text = str(run_row(run, tmp_path))
    assert HOSTILE[0] in text
    assert "\x1b" not in text


def test_trends_are_a_chart_for_each_eval_and_a_series_for_each_model_by_time(tmp_path: Path) -> None:
    for day, (model, value) in enumerate([("b", 0.5), ("a", 0.6), ("b", 0.7)]):
        write_summary(tmp_path / f"{9 - day}.jsonl", model, "x.test.v1", day, value)
    write_summary(tmp_path / "other.jsonl", "a", "a-first-name.test.v1", 1, 0.1)
    chart, single = trends(RecordIndex(tmp_path).runs())
    assert (chart["eval"], single["eval"]) == ("x.test.v1", "a-first-name.test.v1"), "one run alone shows no trend"
    assert [series["model"] for series in chart["models"]] == ["a", "b"]
    assert [point["value"] for point in chart["models"][1]["points"]] == [0.5, 0.7]


def test_runs_that_did_not_end_are_in_no_trend(tmp_path: Path) -> None:
    write_run(tmp_path / "done.jsonl", "m", [True])
    whole = (tmp_path / "done.jsonl").read_bytes()
    (tmp_path / "stopped.jsonl").write_bytes(whole[: whole.rindex(b'{"final_report"')])
    (chart,) = trends(RecordIndex(tmp_path).runs())
    assert len(chart["models"][0]["points"]) == 1


def test_the_path_of_a_run_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    write_summary(tmp_path / "it's a $(run).jsonl", "m", "a.test.v1", 1, 0.5)
    write_summary(tmp_path / "a\nb.jsonl", "m", "a.test.v1", 2, 0.5)
    line, plain = (run_row(run, tmp_path)["path"] for run in RecordIndex(tmp_path).runs())
    assert line is None, "a line end in a command would run its second half"
    assert shlex.split(plain) == [str(tmp_path / "it's a $(run).jsonl")]
