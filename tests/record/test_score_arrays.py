"""Records become arrays: one number a sample, repeats averaged, labels and failures kept apart."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals import record
from evals.errors import DataError, UsageError
from evals.record import LocalRecorder
from evals.record.score_arrays import read_score_arrays
from evals.specs import RunSpec


def recorder_at(path: Path, **config: Any) -> LocalRecorder:
    return LocalRecorder(path, RunSpec(["some-model"], "sums.test.v1", "sums", "test", config, ""))


def write_matches(path: Path, correct: list[bool], labels: Any = None, **config: Any) -> Path:
    recorder = recorder_at(path, **config)
    for number, is_correct in enumerate(correct):
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_raw({"input": f"{number}+1=", "ideal": str(number + 1)})
            record.record_sampling(f"{number}+1=", ["2"], model="m-1")
            record.record_match(is_correct, expected=str(number + 1), picked="2")
            scope.commit(labels(number) if labels else None)
    recorder.record_final_report({"accuracy": 0.0})
    recorder.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def test_matches_become_ones_and_zeros_in_the_order_of_the_record(path):
    run = read_score_arrays(write_matches(path, [True, False, True, True]))
    assert run.metric == "correct"
    assert run.sample_ids == ("sums.test.0", "sums.test.1", "sums.test.2", "sums.test.3")
    assert run.scores.tolist() == [1.0, 0.0, 1.0, 1.0]
    assert (run.n, run.mean, run.n_errors, run.n_unscored) == (4, 0.75, 0, 0)
    assert run.clusters is None


def test_repeats_are_averaged_and_their_spread_is_kept(path):
    recorder = recorder_at(path, repeats=3)
    values = {0: [1.0, 0.0, 0.25], 1: [0.5, 0.5, 0.5]}
    for repeat in range(3):
        for number in values:
            with recorder.sample(f"sums.test.{number}", repeat or None) as scope:
                record.record_metrics(score=values[number][repeat])
                scope.commit()
    recorder.close()
    run = read_score_arrays(path)
    assert run.metric == "score"
    assert run.n_repeats.tolist() == [3, 3]
    assert run.scores == pytest.approx([np.mean(values[0]), 0.5])
    assert run.within_variance == pytest.approx([np.var(values[0], ddof=1), 0.0])


def test_labels_become_groups_and_the_cluster_label_stands_apart(path):
    labels = lambda i: {"category": "even" if i % 2 == 0 else "odd", **({"cluster": i // 2} if i < 4 else {})}  # noqa: E731
    run = read_score_arrays(write_matches(path, [True] * 6, labels))
    category = run.labels["category"]
    assert [category.names[code] for code in category.codes] == ["even", "odd"] * 3
    assert "cluster" not in run.labels
    codes = run.cluster_codes()
    assert codes is not None
    assert codes[0] == codes[1] != codes[2] == codes[3]
    assert len(set(codes.tolist())) == 4


def test_failed_samples_and_undefined_numbers_are_counted_and_not_scored(path):
    recorder = recorder_at(path)
    for number, value in enumerate([0.5, math.nan, 0.25, None]):
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_metrics(score=value)
            scope.commit()
    with recorder.sample("sums.test.9") as scope:
        scope.fail({"type": "timeout", "message": "no reply"})
    recorder.close()
    run = read_score_arrays(path)
    assert run.sample_ids == ("sums.test.0", "sums.test.2")
    assert run.n_unscored == 2
    assert run.errors == {"timeout": 1}
    assert run.failed_ids == {"sums.test.9"}


def test_any_number_of_metrics_events_can_be_asked_for(path):
    recorder = recorder_at(path)
    with recorder.sample("sums.test.0") as scope:
        record.record_metrics(bleu=12.5, chrf=30, accuracy=True, choice="A")
        scope.commit()
    recorder.close()
    assert read_score_arrays(path).metric == "accuracy"
    assert read_score_arrays(path, "bleu").scores.tolist() == [12.5]
    with pytest.raises(UsageError, match="no sample has the metric 'blue'") as raised:
        read_score_arrays(path, "blue")
    assert "did you mean: bleu" in str(raised.value)


def test_accuracy_means_matches_where_only_those_were_recorded(path):
    write_matches(path, [True, False])
    assert read_score_arrays(path, "accuracy").scores.tolist() == [1.0, 0.0]


def test_the_only_metric_is_the_one_and_several_odd_ones_must_be_named(path, tmp_path):
    for file, names in ((path, ["bleu"]), (tmp_path / "two.jsonl", ["bleu", "chrf"])):
        recorder = recorder_at(file)
        with recorder.sample("sums.test.0") as scope:
            record.record_metrics(**dict.fromkeys(names, 3.0))
            scope.commit()
        recorder.close()
    assert read_score_arrays(path).metric == "bleu"
    with pytest.raises(UsageError, match="several metrics"):
        read_score_arrays(tmp_path / "two.jsonl")


@pytest.mark.parametrize("left", [0.3, 0.6, 0.99])
def test_a_torn_record_gives_its_whole_samples(path, left):
    whole = write_matches(path, [True] * 10).read_bytes()
    path.write_bytes(whole[: int(len(whole) * left)])
    run = read_score_arrays(path)
    assert 0 < run.n <= 10


def test_a_record_without_samples_or_scores_says_so(path, tmp_path):
    recorder_at(path).close()
    with pytest.raises(DataError, match="no finished sample"):
        read_score_arrays(path)
    silent = recorder_at(tmp_path / "silent.jsonl")
    with silent.sample("sums.test.0") as scope:
        scope.commit()
    silent.close()
    with pytest.raises(DataError, match="no sample of this record has a score"):
        read_score_arrays(tmp_path / "silent.jsonl")
    with pytest.raises(DataError, match="cannot be read"):
        read_score_arrays(tmp_path / "nowhere.jsonl")
