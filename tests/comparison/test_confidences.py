"""Confidences are read from records: which events count, which are left out, which records do not fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals import record
from evals.comparison.confidences import read_confidences, shared
from evals.errors import DataError, UsageError
from evals.record import LocalRecorder
from evals.specs import RunSpec

CHOICE = {"way": "score", "style": "letter", "answer": 1, "mass": 0.99, "floored": [False, False], "prompt_sha256": "p"}


def write(path: Path, samples: dict[str, list[tuple[str, dict[str, Any]]]]) -> str:
    recorder = LocalRecorder(path, RunSpec(["m"], "e.s.v0", "e", "s", {}, ""))
    for name, events in samples.items():
        with recorder.sample(name) as scope:
            for type, data in events:
                record.record_event(type, data)
            scope.commit()
    recorder.close()
    return str(path)


def choice(*logprobs: float, **more: Any) -> tuple[str, dict[str, Any]]:
    return "choice", {**CHOICE, "logprobs": list(logprobs), **more}


def sure(confidence: float | None, correct: bool = True, kind: str = "verbal") -> tuple[str, dict[str, Any]]:
    return "confidence", {"kind": kind, "confidence": confidence, "correct": correct}


def test_options_become_columns_and_missing_ones_are_nan(tmp_path):
    path = write(tmp_path / "r.jsonl", {"e.s.0": [choice(-1.0, -0.5, -2.0)], "e.s.1": [choice(-0.1, -3.0)]})
    run = read_confidences(path)
    np.testing.assert_array_equal(run.values, [[-1.0, -0.5, -2.0], [-0.1, -3.0, np.nan]])
    assert (run.kind, run.outcomes.tolist(), run.prompts) == ("choice", [1, 1], ("p", "p"))


def test_the_first_order_of_a_rotated_question_counts(tmp_path):
    path = write(tmp_path / "r.jsonl", {"e.s.0": [choice(-1.0, -2.0), choice(-5.0, -6.0)]})
    assert read_confidences(path).values.tolist() == [[-1.0, -2.0]]


def test_low_mass_floors_and_silence_are_counted(tmp_path):
    samples = {
        "e.s.0": [choice(-1.0, -2.0, mass=0.5)],
        "e.s.1": [choice(-1.0, -2.0, floored=[False, True])],
        "e.s.2": [("match", {"correct": True})],
    }
    run = read_confidences(write(tmp_path / "r.jsonl", samples))
    assert (run.n_low_mass, run.n_floored, run.n_left_out, run.ids) == (1, 1, 1, ("e.s.0", "e.s.1"))


def test_a_confidence_that_is_not_known_is_left_out(tmp_path):
    run = read_confidences(write(tmp_path / "r.jsonl", {"e.s.0": [sure(None)], "e.s.1": [sure(0.75, correct=False)]}))
    assert (run.values.tolist(), run.outcomes.tolist(), run.n_left_out) == ([0.75], [0], 1)


def test_runs_are_cut_to_the_questions_that_all_have(tmp_path):
    a = read_confidences(write(tmp_path / "a.jsonl", {f"e.s.{i}": [sure(i / 10)] for i in (0, 1, 2)}))
    b = read_confidences(write(tmp_path / "b.jsonl", {f"e.s.{i}": [sure(i / 5)] for i in (2, 1, 3)}))
    assert [(run.ids, run.values.tolist()) for run in shared([a, b])] == [
        (("e.s.1", "e.s.2"), [0.1, 0.2]), (("e.s.1", "e.s.2"), [0.2, 0.4]),
    ]  # fmt: skip


def test_records_that_do_not_fit_are_refused(tmp_path):
    verbal = read_confidences(write(tmp_path / "v.jsonl", {"e.s.0": [sure(0.5)]}))
    agreed = read_confidences(write(tmp_path / "a.jsonl", {"e.s.0": [sure(0.5, kind="agreement")]}))
    other = read_confidences(write(tmp_path / "o.jsonl", {"e.s.9": [sure(0.5)]}))
    with pytest.raises(UsageError, match="different quantities"):
        shared([verbal, agreed])
    with pytest.raises(UsageError, match="share no sample"):
        shared([verbal, other])
    mixed = write(tmp_path / "m.jsonl", {"e.s.0": [sure(0.5)], "e.s.1": [sure(0.5, kind="agreement")]})
    with pytest.raises(DataError, match="mixes agreement and verbal"):
        read_confidences(mixed)
    parsed = write(tmp_path / "p.jsonl", {"e.s.0": [choice(-1.0, -2.0, way="parsed")]})
    with pytest.raises(DataError, match="no probabilities"):
        read_confidences(parsed)
    silent = write(tmp_path / "s.jsonl", {"e.s.0": [("match", {"correct": True})]})
    with pytest.raises(DataError, match="no sample says how sure"):
        read_confidences(silent)
