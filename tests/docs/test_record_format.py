"""docs/record-format.md: its example is a record, its code runs, and it names every event and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evals import record
from evals.cli.view import GROUP_KEYS
from evals.record import DummyRecorder, LocalRecorder
from evals.record.reader import read_record
from evals.specs import RunSpec

PAGE = (Path(__file__).parents[2] / "docs" / "record-format.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evallogs" / "run.jsonl"
    path.parent.mkdir()
    path.write_text(block("json"), encoding="utf-8")
    return path


def test_the_example_is_a_whole_record(example):
    log = read_record(example)
    (sample,) = log.samples()
    assert (log.is_ours, log.n_broken_lines, log.final_report) == (True, 0, {"accuracy": 1.0, "n": 1, "n_errors": 0})
    assert [event.type for event in sample.events] == ["raw_sample", "sampling", "match"]


def test_the_code_runs(example, capsys):
    exec(compile(block("python"), "record-format.md", "exec"), {})
    assert "sums.test.4 True" in capsys.readouterr().out


def test_every_type_that_has_a_function_is_described():
    recorder = DummyRecorder(None)
    with recorder.as_default_recorder("x"):
        record.record_match(True)
        record.record_sampling("p", "s")
        record.record_metrics()
        record.record_embedding("p", "t")
        record.record_cond_logp("p", "c", 0.0)
        record.record_pick_option("p", [], "x")
        record.record_function_call("f", {}, None)
        record.record_raw({})
        record.record_extra({})
        record.record_error("m")
    for event in recorder._events:
        assert f"| `{event.type}` |" in PAGE


def test_every_key_of_a_line_is_described(tmp_path):
    recorder = LocalRecorder(tmp_path / "run.jsonl", RunSpec([], "a.b.c", "a", "b", {}, ""))
    recorder.record_event("extra", 1)
    with recorder.sample("a.b.0", repeat=1) as scope:
        scope.fail({"message": "m"}, {"group": "g"})
    recorder.record_final_report({})
    recorder.close()
    keys = re.findall(r'"(\w+)": ', (tmp_path / "run.jsonl").read_text())
    nested = {"completion_fns", "eval_name", "base_eval", "split", "run_config", "message", "group"}
    for key in set(keys) - nested:
        assert f"`{key}`" in PAGE, key
    for key in GROUP_KEYS:
        assert f"`{key}`" in PAGE
