"""Graded evals with --repeats: the repeats of a sample are averaged first, so n counts samples."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.completion import Completions

ROW = {
    "ideal": "x",
    "group": "benign",
    "passage": "p",
    "question": "q",
    "correct_answers": ["a"],
    "incorrect_answers": ["b"],
}


def alternating(*answers: str) -> Any:
    """A grader that gives these answers one after the other for each question."""
    asked: Counter[str] = Counter()

    def grader(prompt: Any, **kwargs: Any) -> Completions:
        text = str(prompt)
        asked[text] += 1
        return Completions([answers[(asked[text] - 1) % len(answers)]])

    return grader


def model(prompt: Any, **kwargs: Any) -> Completions:
    return Completions(["A reply."])


@pytest.mark.parametrize(
    ("cls", "answers", "expected"),
    [
        ("Factuality", ("A", "C"), {"score": 0.5, "rate/contradicts": 0.5, "f_score": 0.5, "correct_given_attempted": 0.5}),
        ("Factuality", ("A", "N"), {"score": 0.5, "attempted": 0.5, "correct_given_attempted": 1.0, "f_score": 2 / 3}),
        ("Truthfulness", ("A", "B"), {"score": 0.5, "truthful": 1.0, "informative": 0.5}),
        ("ClaimSupport", ("S: a\nS: b", "U: c"), {"score": 0.5, "supported": 2 / 3, "any_unsupported": 0.5}),
        ("Safety", ("R", "S"), {"score": 0.5, "over_refusal": 0.5, "incorrect/benign": 0.5}),
    ],
)  # fmt: skip
def test_rates_are_means_over_samples_of_means_over_repeats(
    tmp_path: Path, cls: str, answers: Any, expected: Any
) -> None:
    (tmp_path / "evals").mkdir()
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({**ROW, "input": f"q{i}"}) + "\n" for i in range(4)))
    body = {"class": f"evals.suite:{cls}", "args": {"samples_jsonl": str(tmp_path / "rows.jsonl")}}
    (tmp_path / "evals" / "x.yaml").write_text(json.dumps({"x.dev.v0": body}))
    result = evals.run([model, alternating(*answers)], "x.dev.v0", registry_paths=[tmp_path], repeats=2, check=False,
                       log_dir=tmp_path)  # fmt: skip
    assert result.report["n"] == 4
    assert {name: result.report[name] for name in expected} == pytest.approx(expected)
