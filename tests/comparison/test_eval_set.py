"""The evals of one command together: means by model, joint intervals, and what is left out with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_runs import write_run

from evals.comparison.eval_set import together
from evals.stats.proportions import modified_wilson_interval


def row(path: Path, scores: list[float], name: str, **changes: Any) -> dict[str, Any]:
    record = write_run(path / f"{name}.jsonl", scores)
    mean = sum(scores) / len(scores)
    report = {"score": mean, "score_stderr": 0.1, "score_ci95": [0, 1], "n": len(scores)}
    told = {"eval": name, "completion_fn": "m", "metric": "score", "exit_code": 0, "record_path": str(record)}
    return {**told, "final_report": report, **changes}


def test_joint_intervals_are_at_the_level_that_all_hold_together(tmp_path):
    rows = [row(tmp_path, [1.0] * 8 + [0.0] * 8, name) for name in ("a", "b", "c", "d")]
    found = together(rows)
    joint, single = modified_wilson_interval(8, 16, 1 - 0.05 / 4), modified_wilson_interval(8, 16)
    assert {(one.low, one.high) for one in found.family.values()} == {(joint.low, joint.high)}
    assert joint.width > single.width
    assert (found.means[0].estimate.value, found.means[0].n_evals, found.means[0].estimate.n) == (0.5, 4, 64)


def test_each_model_has_its_own_mean(tmp_path):
    rows = [
        row(tmp_path, [1.0] * 6 + [0.0] * 2, "a"),
        row(tmp_path, [1.0] * 4 + [0.0] * 4, "b"),
        row(tmp_path, [1.0] * 2 + [0.0] * 6, "a2", completion_fn="other"),
        row(tmp_path, [0.0] * 8, "b2", completion_fn="other"),
    ]
    means = {mean.completion_fn: mean.estimate.value for mean in together(rows).means}
    assert means == pytest.approx({"m": 0.625, "other": 0.125})


def test_what_is_in_no_mean_is_named_with_its_reason(tmp_path):
    good = [row(tmp_path, [1.0, 0.0, 1.0], name) for name in ("a", "b")]
    failed = row(tmp_path, [1.0, 0.0], "failed", exit_code=3)
    not_run = {"eval": "late", "completion_fn": "m", "metric": None, "exit_code": None}
    macro = row(tmp_path, [1.0, 0.0], "macro")
    macro["final_report"]["score"] = 0.7
    found = together([*good, failed, not_run, macro])
    assert found.means[0].n_evals == 2
    assert found.left_out == (
        "failed (did not end well)",
        "late (did not end well)",
        "macro (score is no mean over samples)",
    )


def test_one_eval_has_no_mean_of_several(tmp_path):
    assert together([row(tmp_path, [1.0, 0.0], "a")]).means == ()
