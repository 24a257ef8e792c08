"""The pocket models sit their paper: larger ones score higher, as far as the intervals can tell them apart."""

from __future__ import annotations

from pathlib import Path

import pytest

import evals

pytestmark = pytest.mark.slow

MODELS = ("32k", "389k", "2m")


def test_three_steps_of_the_ladder_are_told_apart(tmp_path: Path) -> None:
    reports = [
        evals.run(f"pocket/{name}", "exam-pocket", record_path=tmp_path / f"{name}.jsonl").report for name in MODELS
    ]
    scores = [report["exam_score"] for report in reports]
    ends = [report["exam_score_ci95"] for report in reports]
    assert scores == sorted(scores)
    assert all(low <= score <= high for score, (low, high) in zip(scores, ends, strict=True))
    assert [ends[0][1] < ends[1][0], ends[1][1] < ends[2][0]] == [True, True]
    lows = [report["percentile_low"] for report in reports]
    assert lows == sorted(lows)
    assert lows[0] < 10 < 80 < lows[2]
