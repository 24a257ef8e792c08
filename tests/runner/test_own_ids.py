"""The ids that rows give themselves are the samples' names, beside the ids of openai/evals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.main import main
from evals.errors import BadSample
from evals.record.reader import read_record
from evals.runner.own_ids import OwnIds
from evals.runner.result import RunResult
from evals.suite.match.match import Match

ROWS = [
    {"qid": "q-7", "question": "1+1=", "answer": "2", "subject": "sums"},
    {"qid": "q-9", "question": "2+2=", "answer": "4", "subject": "sums"},
    {"qid": "q-8", "question": "Say red.", "answer": "red", "subject": "colours"},
]
KEYS = {"input_key": "question", "ideal_key": "answer", "id_key": "qid"}


def run_over(rows: list[dict[str, Any]], folder: Path, **args: Any) -> RunResult:
    return evals.run(lambda prompt: "2", rows, eval_args={**KEYS, **args}, log_dir=folder)


def test_the_rows_own_id_stands_beside_the_positional_one_in_the_record(tmp_path: Path) -> None:
    result = run_over(ROWS, tmp_path)
    lines = [json.loads(line) for line in Path(str(result.record_path)).read_text(encoding="utf-8").splitlines()]
    ends = {line["id"]: line["sample_id"] for line in lines if line.get("sample_done")}
    base = result.run_spec.base_eval
    assert ends == {f"q-{own}": f"{base}.{result.run_spec.split}.{row}" for row, own in enumerate([7, 9, 8])}
    assert all("id" not in line for line in lines if "type" in line and not line.get("sample_done"))


def test_samples_rows_and_data_frames_are_called_by_it(tmp_path: Path) -> None:
    result = run_over(ROWS, tmp_path)
    assert sorted(sample.id for sample in result.samples) == ["q-7", "q-8", "q-9"]
    one = result.samples["q-9"]
    assert (one.expected, one.labels) == ("4", {"subject": "sums"})
    assert result.samples[one.sample_id] == one
    rows = {row["id"]: row for row in read_record(str(result.record_path)).to_rows()}
    assert {name: row["subject"] for name, row in rows.items()} == {"q-7": "sums", "q-9": "sums", "q-8": "colours"}
    frame = pytest.importorskip("pandas") and result.to_dataframe()
    assert list(frame.columns[:2]) == ["id", "sample_id"]
    assert frame.groupby("subject")["correct"].mean().to_dict() == {"colours": 0.0, "sums": 0.5}


def test_a_row_without_an_id_is_called_by_its_place(tmp_path: Path) -> None:
    result = evals.run(lambda prompt: "2", [{"input": "1+1=", "ideal": "2"}], log_dir=tmp_path)
    (sample,) = result.samples
    assert sample.id == sample.sample_id


def test_a_failed_sample_keeps_its_id_and_its_labels(tmp_path: Path) -> None:
    def fails(prompt: Any) -> str:
        raise ValueError("no answer today")

    result = evals.run(fails, ROWS[:1], eval_args=KEYS, log_dir=tmp_path, check=False)
    assert [(sample.id, sample.error is not None) for sample in result.samples] == [("q-7", True)]
    assert [row["subject"] for row in read_record(str(result.record_path)).to_rows()] == ["sums"]


def test_two_rows_with_the_id_of_a_named_column_are_an_error_with_both_places(tmp_path: Path) -> None:
    with pytest.raises(BadSample, match="the id 'q-7' is that of an earlier row") as caught:
        run_over([*ROWS, {**ROWS[2], "qid": "q-7"}], tmp_path)
    assert str(caught.value.where).endswith(":4")
    assert any("first in" in note and note.endswith(":1") for note in caught.value.notes)


def test_a_row_without_the_id_of_a_named_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSample, match="no id in the column 'qid'"):
        run_over([*ROWS, {**ROWS[2], "qid": ""}], tmp_path)


def test_equal_ids_in_a_field_that_nobody_named_are_no_names(tmp_path: Path) -> None:
    rows = [{"id": number, "input": f"{number}?", "ideal": "2"} for number in (1, 2, 1)]
    result = evals.run(lambda prompt: "2", rows, log_dir=tmp_path)
    assert all(sample.id == sample.sample_id for sample in result.samples)


def test_the_warning_names_both_places_and_how_many_rows_repeat_one() -> None:
    found = OwnIds(Match([lambda prompt: ""], "rows.jsonl", name="a.b"))
    rows = [{"id": 5}, {"id": "5"}, {"id": 5.0}, {"id": True}, {}, {"id": "x"}]
    for row in rows:
        found.look_at(row)
    found.compare(rows)
    assert not found.are_unique
    (warning,) = found.warnings()
    assert warning.startswith("the id '5' names two rows")
    assert "2 in all repeat one" in warning


def test_view_finds_a_sample_by_its_own_id_before_its_row_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": str(2 - row), "input": f"question {row}", "ideal": "2"} for row in range(3)]
    path = str(evals.run(lambda prompt: "2", rows, log_dir=tmp_path).record_path)
    assert main(["view", path, "0", "--json"]) == 0
    (sample,) = json.loads(capsys.readouterr().out)["samples"]
    assert (sample["id"], sample["sample_id"][-2:]) == ("0", ".2")
    assert main(["view", path, sample["sample_id"]]) == 0
    assert "\n0  right  (" in capsys.readouterr().out
