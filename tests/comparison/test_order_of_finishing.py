"""What is made of a record is the same, to the last digit, in whatever order its samples finished."""

from __future__ import annotations

import random
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals import record
from evals.comparison.compare import compare_runs
from evals.comparison.confidences import calibrate, read_confidences
from evals.comparison.scores import read_scores
from evals.metrics import MetricsReport
from evals.record import Event, LocalRecorder
from evals.runner.labelled import labelled_report
from evals.specs import RunSpec
from evals.suite.code.report import PassReport

N_SAMPLES, N_REPEATS = 41, 3
Evaluation = tuple[int, int]
"Row and repeat."

IN_ORDER: list[Evaluation] = [(row, repeat) for repeat in range(N_REPEATS) for row in range(N_SAMPLES)]
ORDERS = [IN_ORDER, IN_ORDER[::-1], *(random.Random(seed).sample(IN_ORDER, len(IN_ORDER)) for seed in range(6))]


def score(row: int, repeat: int) -> float:
    return random.Random(1000 * row + repeat).random()


def finished_in(path: Path, order: list[Evaluation], *, right_or_wrong: bool = False) -> Path:
    """A record whose samples have labels and clusters, and prompts that differ from repeat to repeat."""
    recorder = LocalRecorder(path, RunSpec(["some-model"], "sums.test.v1", "sums", "test", {}, ""))
    for row, repeat in order:
        with recorder.sample(f"sums.test.{row}", repeat or None) as scope:
            if row == 5:
                scope.fail({"type": f"kind {repeat}", "message": "no answer"})
                continue
            record.record_sampling(f"{row}, asked the {repeat}th way", ["2"], model=f"m-{row % 3}")
            value = score(row, repeat)
            record.record_event("confidence", {"kind": "verbal", "confidence": value, "correct": value > 0.6})
            if right_or_wrong:
                record.record_match(value > 0.6, expected="2", picked="2")
            else:
                record.record_metrics(score=value)
            scope.commit({"category": f"c{row % 4}", "cluster": f"k{(row * 7) % 13}"})
    recorder.close()
    return path


def everything(run: Any) -> dict[str, Any]:
    """All fields of a dataclass as plain values, with the order of what has one."""
    values = {field.name: getattr(run, field.name) for field in fields(run) if field.name not in ("path", "facts")}
    return {name: repr(value.tolist() if isinstance(value, np.ndarray) else value) for name, value in values.items()}


@pytest.mark.parametrize("right_or_wrong", [False, True])
def test_scores_and_what_labels_and_repeats_add_to_a_report(tmp_path, right_or_wrong):
    paths = [
        finished_in(tmp_path / f"{i}.jsonl", order, right_or_wrong=right_or_wrong) for i, order in enumerate(ORDERS)
    ]
    runs = [read_scores(path) for path in paths]
    assert runs[0].sample_ids == tuple(f"sums.test.{row}" for row in range(N_SAMPLES) if row != 5)
    name = "accuracy" if right_or_wrong else "score"
    reports = [labelled_report(str(path), {name: 0.5}) for path in paths]
    assert reports[0][name] == pytest.approx(runs[0].scores.mean())
    for run, report in zip(runs[1:], reports[1:], strict=True):
        assert everything(run) == everything(runs[0])
        assert report == reports[0]


def test_a_comparison(tmp_path):
    paths = [finished_in(tmp_path / f"{i}.jsonl", order) for i, order in enumerate(ORDERS)]
    other = read_scores(finished_in(tmp_path / "other.jsonl", [(row, 0) for row in range(N_SAMPLES)]))
    found = [compare_runs(read_scores(path), other, by_id=True) for path in paths]
    for one in found[1:]:
        assert (one.difference, one.groups) == (found[0].difference, found[0].groups)


def test_calibration_which_takes_the_first_repeat_of_each_sample(tmp_path):
    found = [read_confidences(str(finished_in(tmp_path / f"{i}.jsonl", order))) for i, order in enumerate(ORDERS)]
    assert found[0].values.tolist() == [score(row, 0) for row in range(N_SAMPLES) if row != 5]
    first = calibrate(found[0], n_bins=5, seed=1, n_draws=20)
    for one in found[1:]:
        assert repr(calibrate(one, n_bins=5, seed=1, n_draws=20)) == repr(first)


def test_reports_that_are_added_up_while_samples_finish():
    def added(make: Any, order: list[Evaluation], name: str) -> dict[str, Any]:
        report = make()
        for row, repeat in order:
            data = {name: score(row, repeat), "n_completions": 2, "n_passed": 1}
            report.add(f"a.b.{row}", [Event("", 0, f"a.b.{row}", "metrics", data, "", "")])
        made: dict[str, Any] = report.as_dict()
        return made

    for make, name in ((lambda: PassReport(["pass@2"]), "pass@2"), (lambda: MetricsReport("score"), "score")):
        reports = [added(make, order, name) for order in ORDERS]
        assert all(report == reports[0] for report in reports)


def test_events_that_a_plug_in_reads_back(tmp_path):
    in_memory = record.DummyRecorder(RunSpec(["m"], "a.b.c", "a", "b", {}, ""), log=False)
    on_disk = LocalRecorder(tmp_path / "r.jsonl", RunSpec(["m"], "a.b.c", "a", "b", {}, ""))
    for recorder in (in_memory, on_disk):
        for row, repeat in ORDERS[3]:
            with recorder.sample(f"a.b.{row}", repeat or None) as scope:
                record.record_metrics(score=score(row, repeat))
                scope.commit()
        expected = [score(row, repeat) for row in range(N_SAMPLES) for repeat in range(N_REPEATS)]
        assert recorder.get_scores("score") == expected
        recorder.record_final_report({})
