"""The block that ends a run in the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import evals
from evals.report.terminal.run import final_block


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (2, "detectable   nothing between two such runs: too few samples"),
        # 2.802 standard errors of sqrt(1/4 / 99), half of the samples right
        (100, "detectable   14.1 points between two such runs (power 80 %, correlation 0.5)"),
    ],
)
def test_what_so_many_samples_can_show_is_said_in_points_that_exist(tmp_path: Path, n: int, said: str) -> None:
    (tmp_path / "evals").mkdir()
    (tmp_path / "data").mkdir()
    rows = [{"input": str(i), "ideal": "yes" if i % 2 else "no"} for i in range(n)]
    (tmp_path / "data" / "halves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "evals" / "halves.yaml").write_text(
        "halves.dev.v0: {class: 'evals.suite:Match', args: {samples_jsonl: halves.jsonl}}\n"
    )
    result = evals.run(
        lambda prompt: "yes", "halves.dev.v0", registry_paths=[tmp_path], record_path=str(tmp_path / "r.jsonl")
    )
    assert said in final_block(result).splitlines()[3].strip()
