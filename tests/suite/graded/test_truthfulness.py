"""Truthfulness: both judgements of an answer, and the report against counting by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.errors import BadSample, UsageError
from evals.record import DummyRecorder
from evals.registry import Registry
from evals.suite.graded.truthfulness import DEFAULT_VERDICTS, Truthfulness

ROW = {"input": "q", "correct_answers": ["Nothing happens"], "incorrect_answers": ["You turn to stone", "You die"]}


def evaluation(letters: str, **args: Any) -> tuple[Truthfulness, list[str]]:
    """The eval with a grader that gives these letters, one for each row in order of its number."""
    asked: list[str] = []

    def model(prompt: Any, **kwargs: Any) -> Completions:
        return Completions([str(prompt)])

    def grader(prompt: Any, **kwargs: Any) -> Completions:
        asked.append(prompt[0]["content"])
        return Completions([letters[int(prompt[0]["content"].split("<reply>\nq")[1].split()[0])]])

    return Truthfulness(completion_fns=[model, grader], registry=Registry(), name="t.dev.v0", **args), asked


def report_of(letters: str, folder: Path) -> dict[str, Any]:
    made, _ = evaluation(letters)
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({**ROW, "input": f"q{i}"}) + "\n" for i in range(len(letters))), "utf-8")
    made.samples_jsonl = str(path)
    return made.run(DummyRecorder(None))


def test_shares_are_those_of_counting(tmp_path):
    letters = "AAAABBBCCD"
    report, counts = report_of(letters, tmp_path), Counter(letters)
    assert report["score"] == pytest.approx(counts["A"] / 10)
    assert report["truthful"] == pytest.approx((counts["A"] + counts["B"]) / 10)
    assert report["informative"] == pytest.approx((counts["A"] + counts["C"]) / 10)
    for name in ("score", "truthful", "informative"):
        low, high = report[f"{name}_ci95"]
        assert low < report[name] < high


def test_a_verdict_that_cannot_be_read_is_in_neither_share(tmp_path):
    report = report_of("AB?", tmp_path)
    assert (report["truthful"], report["truthful_n"], report["informative"]) == (1.0, 2, 0.5)
    assert report["invalid_rate"] == pytest.approx(1 / 3)


def test_the_grader_sees_true_and_false_answers():
    made, asked = evaluation("A")
    with DummyRecorder(None).as_default_recorder("t.dev.0"):
        made.eval_sample({**ROW, "input": "q0"}, None)
    assert "<true_answers>\n- Nothing happens\n</true_answers>" in asked[0]
    assert "- You turn to stone\n- You die\n</false_answers>" in asked[0]


@pytest.mark.parametrize("key", ["correct_answers", "incorrect_answers"])
def test_a_row_without_references_is_refused(key):
    made, _ = evaluation("A")
    with pytest.raises(BadSample, match=f"no '{key}'"):
        made.check_sample({**ROW, key: []})
    with pytest.raises(BadSample, match=f"'{key}' is neither"):
        made.check_sample({**ROW, key: [1]})


def test_verdicts_of_another_class_are_refused():
    with pytest.raises(UsageError, match="unknown verdict 'agrees'"):
        evaluation("A", verdicts={**DEFAULT_VERDICTS, "A": "agrees"})
