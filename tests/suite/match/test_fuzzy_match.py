"""FuzzyMatch: what it records and reports; the comparison itself is tested with text_matching."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model, recorded, run_over

from evals.errors import BadSample
from evals.suite.match.fuzzy_match import FuzzyMatch


@pytest.mark.parametrize(
    ("completion", "ideal", "picked", "metrics"),
    [
        ("world", "world", ["world"], {"accuracy": 1.0, "f1_score": 1.0}),
        ("world", "foo", [], {"accuracy": 0.0, "f1_score": 0.0}),
        ("world", ["some foo world", "dummy"], ["world"], {"accuracy": 1.0, "f1_score": 0.5}),
        ("The World!", ["world", "a world"], ["The World!"] * 2, {"accuracy": 1.0, "f1_score": 1.0}),
        ("", "world", [], {"accuracy": 0.0, "f1_score": 0.0}),
        ("The!", "a", ["The!"], {"accuracy": 1.0, "f1_score": 0.0}),
    ],
)
def test_what_is_recorded_is_what_openai_evals_records(
    completion: str, ideal: Any, picked: list[str], metrics: dict[str, float]
) -> None:
    recorder = recorded(FuzzyMatch, {"input": "Hello", "ideal": ideal}, completion)
    answers = [ideal] if isinstance(ideal, str) else ideal
    assert recorder.matches == [((bool(picked),), {"expected": answers, "picked": picked})]
    assert recorder.metrics == [metrics]


def test_the_request_is_greedy_and_short() -> None:
    model = Model("world")
    FuzzyMatch([model], "", max_tokens=7).eval_sample({"input": "Hello", "ideal": "world"}, None)
    assert model.calls == [("Hello", {"temperature": 0.0, "max_tokens": 7})]


@pytest.mark.parametrize("sample", [None, "", {"ideal": "world"}, {"input": "world"}, {"input": "x", "ideal": []}])
def test_a_bad_sample_is_refused(sample: Any) -> None:
    with pytest.raises(BadSample):
        FuzzyMatch([Model("")], "").eval_sample(sample, None)


def test_a_run_reports_the_means_of_both_scores(tmp_path: Path) -> None:
    rows = [{"input": "?", "ideal": ideal} for ideal in ("red", "red apple", "blue", "green")]
    report = run_over(FuzzyMatch, rows, "red", tmp_path)
    assert report["accuracy"] == pytest.approx(0.5)
    assert report["f1_score"] == pytest.approx((1 + 2 / 3) / 4)
    assert report["n"] == 4
