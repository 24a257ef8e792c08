"""HumanEval as rows."""

from __future__ import annotations

import gzip
import json

from data_files import put


def test_humaneval_rows_keep_the_problem_and_prompt_with_it(tmp_path):
    from evals.datasets.humaneval import rows

    problem = {"task_id": "HumanEval/0", "prompt": "def f():\n", "test": "assert f()", "entry_point": "f"}
    path = put(tmp_path / "HumanEval.jsonl.gz", gzip.compress(json.dumps(problem).encode() + b"\n"))
    assert [row.row for row in rows(path)] == [{"input": "def f():\n", **problem}]
