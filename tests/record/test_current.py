"""The functions that record into the current run: their events, and what they do outside a run."""

from __future__ import annotations

import pytest
from recorded_calls import RecordedCalls

from evals import record
from evals.record import DummyRecorder


@pytest.mark.parametrize(
    ("call", "type", "data"),
    [
        (lambda: record.record_match(True, expected=["a"], picked="a", options=["a"]), "match", {"correct": True, "expected": "a", "picked": "a", "options": ["a"]}),
        (lambda: record.record_match(False, expected=["a", "b"]), "match", {"correct": False, "expected": ["a", "b"], "picked": None}),
        (lambda: record.record_sampling("p", "s", model="m"), "sampling", {"prompt": "p", "sampled": "s", "model": "m"}),
        (lambda: record.record_metrics(f1=0.5), "metrics", {"f1": 0.5}),
        (lambda: record.record_embedding("p", "ada", n=1), "embedding", {"prompt": "p", "embedding_type": "ada", "n": 1}),
        (lambda: record.record_cond_logp("p", "c", -1.5), "cond_logp", {"prompt": "p", "completion": "c", "logp": -1.5}),
        (lambda: record.record_pick_option("p", ["a", "b"], "a"), "pick_option", {"prompt": "p", "options": ["a", "b"], "picked": "a"}),
        (lambda: record.record_function_call("f", {"x": 1}, 2), "function_call", {"name": "f", "arguments": {"x": 1}, "return_value": 2}),
        (lambda: record.record_raw({"input": "i"}), "raw_sample", {"input": "i"}),
        (lambda: record.record_extra([1]), "extra", [1]),
        (lambda: record.record_event("postprocessor", {"name": "Strip"}), "postprocessor", {"name": "Strip"}),
        (lambda: record.record_error("while parsing", ValueError("bad")), "error", {"type": "ValueError", "message": "bad", "note": "while parsing"}),
        (lambda: record.record_error("just so"), "error", {"message": "just so"}),
    ],
)  # fmt: skip
def test_each_function_records_its_type_and_data(call, type, data):
    recorder = DummyRecorder(None)
    with recorder.as_default_recorder("x"):
        call()
    (event,) = recorder.get_events(type)
    assert (event.sample_id, event.data) == ("x", data)


def test_the_helpers_forward_with_the_same_keywords_and_none_added():
    recorder = RecordedCalls()
    with recorder.as_default_recorder("x"):
        record.record_match(True, expected=["a"], picked="a", sampled="a", options=["a"])
        record.record_metrics(accuracy=1.0, f1_score=0.5)
    assert recorder.matches == [((True,), {"expected": ["a"], "picked": "a", "sampled": "a", "options": ["a"]})]
    assert recorder.metrics == [{"accuracy": 1.0, "f1_score": 0.5}]


def test_outside_a_run_recording_does_nothing_but_say_so_once(caplog):
    record.current._warn_once.cache_clear()
    record.record_match(True)
    record.record_metrics(x=1)
    assert record.current_sample_id() is None
    assert len(caplog.records) == 1
