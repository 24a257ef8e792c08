"""A think tag never changes what any class records: the same events with thoughts before the answer and without."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import evals

THOUGHTS = [
    '<think>Is it \\boxed{13}? No, "A" maybe. Yes!\n#### 13\nAnswer: C\n```python\ndef wrong(): pass\n```\n</think>\n\n',
    '[THINK]No. {"a": 0}[/THINK]',
    "The template has opened the thoughts, so: Answer: C\n13</think>\n",
    "<|channel|>analysis<|message|>No. 13<|end|><|start|>assistant<|channel|>final<|message|>",
]
"A draft for every class: each would be read as another answer."

CASES: dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any], str]] = {
    "match": ("Match", {}, {"input": "q", "ideal": "Paris"}, "Paris"),
    "includes": ("Includes", {}, {"input": "q", "ideal": "13"}, "It is 12."),
    "fuzzy": ("FuzzyMatch", {}, {"input": "q", "ideal": "Paris"}, "paris."),
    "json": ("JsonMatch", {}, {"input": "q", "ideal": '{"a": 1}'}, '{"a": 1}'),
    "json_validator": ("JsonValidator", {}, {"input": "q"}, '{"a": 1}'),
    "number": ("ExtractAnswer", {"extract": "number"}, {"input": "q", "ideal": "7"}, "It is 7."),
    "last_number": ("ExtractAnswer", {"extract": "last_number"}, {"input": "q", "ideal": "7"}, "It is 7."),
    "marked_number": ("ExtractAnswer", {"extract": "marked_number"}, {"input": "q", "ideal": "7"}, "It is 7."),
    "boxed": ("ExtractAnswer", {"extract": "boxed"}, {"input": "q", "ideal": "x"}, "no box"),
    "letter": ("ExtractAnswer", {"extract": "letter"}, {"input": "q", "ideal": "B"}, "B"),
    "last_line": ("ExtractAnswer", {"extract": "last_line"}, {"input": "q", "ideal": "Paris"}, "Paris"),
    "regex": ("ExtractAnswer", {"extract": "regex", "pattern": r"\d+"}, {"input": "q", "ideal": "7"}, "none"),
    "choice": (
        "Choice",
        {"way": "parsed"},
        {"question": "q", "choices": ["x", "y", "z"], "answer": 1},
        "B",
    ),
    "translate": ("Translate", {}, {"input": "q", "ideal": "The cat sits on the mat."}, "The cat sits on the mat."),
    "drop": ("DropF1", {}, {"input": "q", "ideal": ["7"]}, "Answer: 7"),
}


def recorded(case: str, wrap: Callable[[str], str], folder: Path) -> tuple[list[Any], dict[str, Any]]:
    """The match, metrics and choice events of a run over one row, and its report."""
    cls, args, row, answer = CASES[case]
    (folder / "evals").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    entry = {"class": f"evals.suite:{cls}", "args": {"samples_jsonl": "rows.jsonl", **args}}
    (folder / "evals" / "x.yaml").write_text(json.dumps({"x.dev.v0": entry}), encoding="utf-8")
    path = folder / "r.jsonl"
    result = evals.run(lambda prompt: wrap(answer), "x.dev.v0", registry_paths=[folder], record_path=path)
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [event["data"] for event in events if event.get("type") in ("match", "metrics", "choice")]
    report = {key: value for key, value in result.report.items() if key != "n_with_thoughts"}
    return kept, report


@pytest.mark.parametrize("case", CASES)
def test_thoughts_before_the_answer_change_nothing(case: str, tmp_path: Path) -> None:
    plain = recorded(case, lambda answer: answer, tmp_path / "plain")
    assert plain[0]
    for number, thoughts in enumerate(THOUGHTS):
        assert recorded(case, lambda answer, t=thoughts: t + answer, tmp_path / str(number)) == plain  # type: ignore[misc]


@pytest.mark.parametrize("case", ["match", "number", "letter", "choice", "includes"])
def test_thoughts_that_never_end_are_no_right_answer(case: str, tmp_path: Path) -> None:
    _, report = recorded(case, lambda answer: f"<think>{CASES[case][2].get('ideal', 'B')} {answer}", tmp_path / "x")
    assert report["accuracy"] == 0
    assert report["n_without_answer"] == 1
