"""Recorded samples as flat rows, DataFrames and Parquet files."""

from __future__ import annotations

import math
import sys

import pytest
from small_records import run_spec, write_record

from evals import record
from evals.errors import MissingExtra
from evals.record import LocalRecorder
from evals.record.reader import read_record


class TestTables:
    def test_a_row_holds_one_sample(self, path):
        write_record(path)
        rows = list(read_record(path).to_rows())
        assert rows[1] == {
            "id": "sums.test.1",
            "sample_id": "sums.test.1",
            "repeat": 0,
            "prompt": "1+1=",
            "completion": "2",
            "expected": "2",
            "picked": "2",
            "correct": True,
            "error": None,
            "usage": {"total_tokens": 7},
            "latency_s": 0.5,
            "cost_usd": None,
            "group": "odd",
        }

    def test_a_label_with_the_name_of_a_metric_or_column_is_told_from_it(self, path):
        recorder = LocalRecorder(path, run_spec())
        with recorder.sample("a.b.0") as scope:
            scope.own_id = 'a "quoted" id'
            record.record_metrics(difficulty=0.5)
            scope.commit({"difficulty": 3, "subject": "x"})
        recorder.close()
        (row,) = read_record(path).to_rows()
        assert (row["id"], row["difficulty"], row["label.difficulty"], row["subject"]) == ('a "quoted" id', 0.5, 3, "x")

    def test_metrics_and_several_calls_are_put_together(self, path):
        recorder = LocalRecorder(path, run_spec())
        with recorder.sample("a") as scope:
            record.record_sampling("p", ["x", "y"], usage={"total_tokens": 3}, cost_usd=0.5, latency_s=1.0)
            record.record_sampling("grade", ["A"], usage={"total_tokens": 4}, cost_usd=0.25, latency_s=2.0)
            record.record_metrics(choice="A", score=1.0, error=2)
            scope.commit()
        recorder.close()
        (row,) = read_record(path).to_rows()
        assert (row["completion"], row["prompt"]) == (["x", "y"], "p")
        assert (row["usage"], row["cost_usd"], row["latency_s"]) == ({"total_tokens": 7}, 0.75, 3.0)
        assert (row["choice"], row["score"], row["metric.error"], row["error"]) == ("A", 1.0, 2, None)

    def test_a_dataframe_has_a_row_a_sample(self, path):
        pytest.importorskip("pandas")
        write_record(path)
        frame = read_record(path).to_dataframe()
        assert list(frame["correct"]) == [False, True, False]
        assert frame["correct"].mean() == pytest.approx(1 / 3)

    def test_parquet_keeps_numbers_and_booleans(self, path, tmp_path):
        parquet = pytest.importorskip("pyarrow.parquet")
        recorder = LocalRecorder(path, run_spec())
        for number, prompt in enumerate(["text", [{"role": "user", "content": "chat"}]]):
            with recorder.sample(f"a.b.{number}") as scope:
                record.record_sampling(prompt, ["x"])
                record.record_match(bool(number))
                record.record_metrics(score=number / 2, nothing=math.nan)
                scope.commit()
        recorder.close()
        read_record(path).to_parquet(tmp_path / "run.parquet")
        table = parquet.read_table(tmp_path / "run.parquet").to_pydict()
        assert table["correct"] == [False, True]
        assert table["score"] == [0.0, 0.5]
        assert table["prompt"] == ["text", '[{"role": "user", "content": "chat"}]']

    @pytest.mark.parametrize(("module", "call"), [("pandas", "to_dataframe"), ("pyarrow", "to_parquet")])
    def test_a_missing_package_is_named_with_the_line_that_installs_it(self, path, monkeypatch, module, call):
        write_record(path)
        monkeypatch.setitem(sys.modules, module, None)
        arguments = ["x.parquet"] if call == "to_parquet" else []
        with pytest.raises(MissingExtra, match="not installed") as caught:
            getattr(read_record(path), call)(*arguments)
        assert "pip install 'oaieval[data]'" in str(caught.value)
