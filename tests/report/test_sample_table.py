"""The samples of records as a Parquet table."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_records import HOSTILE, write_answers, write_mixed_run

from evals.report.sample_table import write_parquet

parquet = pytest.importorskip("pyarrow.parquet")


def table(path: Path) -> dict[str, list]:
    return parquet.read_table(path).to_pydict()


def test_each_sample_is_a_row_with_what_became_of_it(tmp_path: Path) -> None:
    out = tmp_path / "t.parquet"
    assert write_parquet([write_mixed_run(tmp_path / "a.jsonl")], out) == 6
    found = table(out)
    assert found["verdict"] == ["right", "wrong", "wrong", "partly", "errored", "unscored"]
    assert found["score"] == [1.0, 0.0, 0.0, 0.4, None, None]
    assert found["truncated"] == [False, True, False, False, False, False]
    assert found["label.group"] == ["even", "odd", "even", None, None, None]
    assert found["latency_s"][:3] == [0.5] * 3
    assert found["expected"][:2] == ["2", "2"]


def test_rows_of_several_records_say_which_run_they_are_of(tmp_path: Path) -> None:
    paths = [write_answers(tmp_path / f"{name}.jsonl", ["x"] * 3, [True] * 3, name) for name in ("one", "two")]
    write_parquet(paths, tmp_path / "t.parquet")
    found = table(tmp_path / "t.parquet")
    assert found["model"] == ["one"] * 3 + ["two"] * 3
    assert found["record"] == [str(paths[0])] * 3 + [str(paths[1])] * 3


def test_any_text_can_be_written_and_read_back(tmp_path: Path) -> None:
    write_parquet([write_answers(tmp_path / "a.jsonl", HOSTILE, [False] * len(HOSTILE))], tmp_path / "t.parquet")
    found = table(tmp_path / "t.parquet")["completion"]
    assert found[:6] == HOSTILE[:6]
    assert found[7] == HOSTILE[7]
    assert found[6].endswith("\\ud800 lone")
