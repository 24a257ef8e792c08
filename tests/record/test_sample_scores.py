"""The score of a sample: which numbers count, and their mean, from live events and from a record alike."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from evals import record
from evals.record import Event, LocalRecorder
from evals.record.reader import read_record
from evals.record.scores import n_unparsed, recorded_name, report_name, score_of, values_of
from evals.specs import RunSpec
from evals.stats.intervals import mean_of


def match(correct: Any, **more: Any) -> Event:
    return Event("", 0, "s", "match", {"correct": correct, **more}, "", "")


def metrics(**data: Any) -> Event:
    return Event("", 0, "s", "metrics", data, "", "")


@pytest.mark.parametrize(
    ("events", "score"),
    [
        ([match(True), match(True), match(False)], 2 / 3),
        ([match(False), match(True)], 0.5),
        ([match(True)], 1.0),
        ([metrics(score=0.1), metrics(score=0.1), metrics(score=0.1)], 0.1),
        ([metrics(score=0.1), metrics(score=0.2), metrics(score=0.4)], math.fsum([0.1, 0.2, 0.4]) / 3),
        ([metrics(score=0.25), match(True), match(False)], 0.5),
        ([metrics(accuracy=True), metrics(accuracy=False)], 0.5),
        ([metrics(accuracy=0.5, score=0.25)], 0.25),
        ([metrics(score=1.7e308), metrics(score=1.5e308)], 1.6e308),
        ([metrics(bleu=3.0)], None),
        ([match(None), match("yes")], None),
        ([metrics(score=math.nan), metrics(score=0.5), metrics(score=10**400)], 0.5),
        ([Event("", 0, "s", "sampling", {"correct": True}, "", ""), Event("", 0, "s", "match", "text", "", "")], None),
        ([], None),
    ],
)
def test_the_score_is_the_mean_over_all_matches(events, score):
    assert score_of(events) == score


def test_a_named_metric_is_averaged_alike():
    events = [match(True, bleu=2.0), metrics(bleu=4.0, score=1), match(False)]
    assert score_of(events, "bleu") == 3.0
    assert score_of(events, "accuracy") == 0.5
    assert score_of(events, "score") == 1.0
    assert score_of(events, "chrf") is None


def test_accuracy_means_matches_only_where_no_metric_has_that_name():
    assert recorded_name({"correct", "accuracy"}, "accuracy") == "accuracy"
    assert recorded_name({"correct", "bleu"}, "accuracy") == "correct"
    assert recorded_name({"bleu"}, "accuracy") is None
    assert recorded_name({"bleu", "score"}) == "score"
    assert (report_name("correct"), report_name("score")) == ("accuracy", "score")


def test_the_mean_does_not_depend_on_the_order_and_is_the_rounded_sum_over_the_number():
    values = [0.1, 0.7, 1e-17, 0.3, 0.1]
    means = {mean_of(values[i:] + values[:i]) for i in range(5)}
    assert means == {float(sum(map(Fraction, values))) / 5}


def test_truth_values_of_a_match_other_than_correct_are_no_numbers():
    assert values_of([match(True, parsed=False, tie=True, distance=2)]) == {"correct": [1.0], "distance": [2.0]}
    assert n_unparsed([match(False, parsed=False), match(True, parsed=True), metrics(parsed=False)]) == 2


@pytest.mark.parametrize(
    "value", [np.float64(0.3), np.float32(0.3), np.int64(1), np.bool_(True), np.array(0.5), math.inf, "0.5", [1], None]
)
def test_a_live_event_and_its_line_in_a_record_have_one_score(tmp_path, value):
    recorder = LocalRecorder(tmp_path / "r.jsonl", RunSpec(["m"], "a.b.c", "a", "b", {}, ""))
    with recorder.sample("a.b.0") as scope:
        record.record_metrics(score=value)
        record.record_metrics(score=0.25)
        scope.commit()
        live = score_of(scope.events)
    recorder.close()
    (sample,) = read_record(tmp_path / "r.jsonl").samples()
    assert live == score_of(sample.events)
