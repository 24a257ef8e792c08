"""Data that JSON changes: it is noticed, given back as it was recorded, and said in the record."""

from __future__ import annotations

import enum
import math
from collections import Counter, namedtuple

import numpy as np
import pytest
from small_records import lines_of, run_spec

from evals import record
from evals.record import LocalRecorder
from evals.record.exact_data import unlike_json

Pair = namedtuple("Pair", ["a", "b"])


class Word(str, enum.Enum):
    YES = "yes"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"a": [1, 2.5, "x", None, True, {"b": []}]}, ""),
        ({"a": math.nan}, "nan"),
        ([math.inf], "inf"),
        ((1, 2), "tuple"),
        ({"a": {1: 2}}, "int keys"),
        ({"a": {None: 2}}, "NoneType keys"),
        ({1, 2}, "set"),
        (Pair(1, 2), "Pair"),
        (Counter("a"), "Counter"),
        (np.float64(0.5), "float64"),
        (np.zeros(2), "ndarray"),
        (Word.YES, "Word"),
        (b"x", "bytes"),
    ],
)
def test_what_json_would_change_is_named(value, what):
    assert unlike_json(value) == what


def test_a_circle_is_named_and_ends():
    circle: list = []
    circle.append(circle)
    assert unlike_json(circle) == "nesting"


def record_sample(recorder: LocalRecorder, sample_id: str, value: object) -> None:
    with recorder.sample(sample_id) as scope:
        record.record_metrics(value=value)
        scope.commit()


def test_metrics_come_back_as_they_were_recorded(recorder, path):
    values = [(1, 2), {1: 0.5}, Pair(1, 2), np.float64(0.25), "plain"]
    for number, value in enumerate(values):
        record_sample(recorder, f"sums.test.{number}", value)
    found = recorder.get_scores("value")
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_the_record_says_once_a_sample_which_events_it_does_not_hold(recorder, path):
    with recorder.sample("sums.test.0") as scope:
        record.record_metrics(score=math.nan)
        record.record_metrics(score=math.nan)
        scope.commit()
    record_sample(recorder, "sums.test.1", np.float64(0.5))
    record_sample(recorder, "sums.test.2", 0.5)
    said = [line for line in lines_of(path) if line.get("type") == "not_json"]
    assert [(line["sample_id"], line["data"]) for line in said] == [
        ("sums.test.0", {"type": "metrics", "value": "nan"})
    ], "an equal number comes back for a float64"


def test_a_failed_sample_gives_nothing_back(recorder, path):
    with recorder.sample("sums.test.0") as scope:
        record.record_extra((1, 2))
        scope.fail({"type": "ValueError", "message": "odd"})
    assert recorder.get_events("extra") == []


def test_a_recorder_that_nobody_asks_keeps_nothing(path):
    recorder = LocalRecorder(path, run_spec())
    recorder.keeps_exact_data = False
    record_sample(recorder, "sums.test.0", (1, 2))
    assert recorder.get_scores("value") == [[1, 2]]
    recorder.close()
