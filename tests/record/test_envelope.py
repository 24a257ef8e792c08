"""The types that readers of a record rely on: a line that breaks them is counted as broken, a spec is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_records import THEIRS, run_spec, write_record

from evals.cli.main import main
from evals.errors import DataError
from evals.record.envelope import is_event, problem_of_spec
from evals.record.reader import read_record


def damaged(path: Path, key: str, value: object, sample_id: str = "sums.test.1") -> Path:
    """A record whose last line of one sample has another value for `key`."""
    write_record(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    for line in lines:
        if line.get("sample_done") and line.get("sample_id") == sample_id:
            line[key] = value
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


WRONG = [("event_id", "5"), ("sample_id", 5), ("sample_id", []), ("repeat", "1"), ("repeat", 10**30)]
WRONG += [("labels", ["a"]), ("type", 7), ("created_at", {}), ("event_id", True)]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_line_with_a_key_of_another_type_is_a_broken_line(tmp_path, key, value):
    log = read_record(damaged(tmp_path / "r.jsonl", key, value))
    assert log.n_broken_lines == 1
    assert "sums.test.0" in {sample.sample_id for sample in log.samples()}


def test_an_event_id_of_null_counts_as_missing(tmp_path):
    log = read_record(damaged(tmp_path / "r.jsonl", "event_id", None))
    assert log.n_broken_lines == 0
    assert len(list(log.samples())) == 3


def test_a_report_that_is_no_object_is_a_broken_line(tmp_path):
    path = tmp_path / "r.jsonl"
    write_record(path, report=False)
    path.write_bytes(path.read_bytes() + b'{"final_report": 5}\n')
    log = read_record(path)
    assert (log.final_report, log.n_broken_lines) == (None, 1)


def test_every_line_that_is_written_is_an_event(tmp_path):
    write_record(tmp_path / "r.jsonl")
    ours = (tmp_path / "r.jsonl").read_text(encoding="utf-8").split("\n")
    lines = [json.loads(line) for line in [*ours, *THEIRS.split("\n")] if line]
    events = [line for line in lines if "type" in line]
    assert len(events) > 9
    assert all(map(is_event, events))
    assert problem_of_spec(lines[0]["spec"]) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("completion_fns", 5), ("completion_fns", [1]), ("run_config", []), ("eval_name", 3), ("created_at", {})],
)
def test_a_spec_of_other_types_is_refused_with_the_key(tmp_path, key, value):
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps({"spec": {**json.loads(_spec_text()), key: value}}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=f"'{key}'") as caught:
        read_record(path)
    assert caught.value.where == f"{path}:1"


def _spec_text() -> str:
    spec = run_spec()
    return json.dumps({"completion_fns": list(spec.completion_fns), "eval_name": spec.eval_name})


@pytest.mark.parametrize("inner", [{"scorer": "v1"}, {"completion_fns": "x"}, {"eval_args": [1]}])
def test_a_fingerprint_of_other_types_is_refused(inner):
    assert "run_config.fingerprint." in str(problem_of_spec({"run_config": {"fingerprint": inner}}))


def test_a_number_of_hundreds_of_digits_is_no_score_and_no_cost(tmp_path, capsys):
    path = tmp_path / "r.jsonl"
    write_record(path)
    text = path.read_text(encoding="utf-8").replace(
        '"latency_s": 0.5', f'"latency_s": {10**400}, "cost_usd": {10**400}'
    )
    path.write_text(text.replace('"correct": true', f'"correct": true, "more": {10**400}'), encoding="utf-8")
    assert main(["view", str(path)]) == 0
    assert main(["compare", str(path), str(path)]) == 0


def test_a_record_without_the_name_of_its_eval_cannot_be_scored_again_unless_it_is_named(tmp_path, capsys):
    path = tmp_path / "r.jsonl"
    write_record(path)
    head, rest = path.read_text(encoding="utf-8").split("\n", 1)
    line = json.loads(head)
    del line["spec"]["eval_name"]
    path.write_text(json.dumps(line) + "\n" + rest, encoding="utf-8")
    assert main(["score", str(path)]) == 2
    assert "name it: --eval NAME" in capsys.readouterr().err
