"""A key that appears twice in a row: an error before a run of our entries, a counted warning in those of openai/evals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.cli.main import main
from evals.data import open_samples
from evals.errors import BadSample, DataError
from evals.runner.prepare import PreparedRun, prepare
from evals.runner.request import RunRequest

TWICE = '{"input": "Capital of France?", "ideal": "Paris", "ideal": "London"}\n'
NESTED = '{"input": [{"role": "user", "content": "a", "content": "b"}], "ideal": "x"}\n'
ONCE = '{"input": "ideal", "ideal": "\\"ideal\\": ", "meta": {"ideal": 1, "input": {"ideal": 2}}}\n'


def prepared(folder: Path, rows: str, cls: str = "evals.suite:Match") -> PreparedRun:
    (folder / "evals").mkdir(exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "t.jsonl").write_text(rows, encoding="utf-8")
    body = {"class": cls, "args": {"samples_jsonl": "t.jsonl"}}
    (folder / "evals" / "t.yaml").write_text(json.dumps({"t": {"id": "t.dev.v0"}, "t.dev.v0": body}))
    return prepare(RunRequest(["dummy"], "t", registry_paths=[folder]))


@pytest.mark.parametrize(
    ("row", "key", "values"), [(TWICE, "ideal", '"Paris", then "London"'), (NESTED, "content", '"a", then "b"')]
)
def test_our_entries_refuse_the_row_and_name_both_values(tmp_path, row, key, values):
    with pytest.raises(BadSample) as caught:
        prepared(tmp_path, ONCE + row + row)
    assert caught.value.what == f"the key '{key}' appears twice"
    assert str(caught.value.where).endswith("t.jsonl:2")
    assert caught.value.fix == f"remove one: first {values}"
    assert "1 more row has the same problem: 3" in str(caught.value)


def test_entries_of_openai_evals_take_the_last_with_one_warning(tmp_path):
    run = prepared(tmp_path, TWICE + ONCE + TWICE, "evals.elsuite.basic.match:Match")
    (warning, *_) = run.preflight.warnings
    assert warning.startswith("the key 'ideal' appears twice (2 rows, first ")
    assert warning.endswith("t.jsonl:1); kept, as openai/evals has it")
    assert run.eval.open_samples()[0]["ideal"] == "London"


def test_equal_keys_of_different_objects_are_none(tmp_path):
    assert prepared(tmp_path, ONCE).preflight.warnings == []


@pytest.mark.slow
def test_evals_check_finds_them(tmp_path, capsys):
    prepared(tmp_path, ONCE)
    (tmp_path / "data" / "t.jsonl").write_text(TWICE)
    assert main(["check", "t", "--registry_path", str(tmp_path)]) == 1
    assert "t.jsonl:1: the key 'ideal' appears twice" in capsys.readouterr().out


def test_a_json_array_is_refused_with_the_line_of_the_row(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "rows.json"
    path.write_text(f"[\n{ONCE},\n{TWICE}]", encoding="utf-8")
    with pytest.raises(DataError, match="the key 'ideal' appears twice in the row here") as caught:
        open_samples(path)
    assert str(caught.value.where) == f"{path}:4"
