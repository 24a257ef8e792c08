"""Events as lines, and their order by sample."""

from __future__ import annotations

from evals.record.event import Event, by_sample, event_of, in_sample_order


def event(sample_id: str | None, repeat: int | None = None, number: int = 0) -> Event:
    return Event("run", number, sample_id, "match", None, "", "", repeat)


def test_samples_are_in_the_order_of_the_dataset_and_repeats_after_each_other():
    events = [event("a.b.10"), event("a.b.9", 1), event(None), event("a.b.9"), event("a.b.10", 2), event("a.b.10", 1)]
    assert [(one.sample_id, one.repeat) for one in in_sample_order(events)] == [
        (None, None), ("a.b.9", None), ("a.b.9", 1), ("a.b.10", None), ("a.b.10", 1), ("a.b.10", 2),
    ]  # fmt: skip


def test_events_of_one_evaluation_keep_their_order():
    events = [event("a.b.1", number=5), event("a.b.0", number=2), event("a.b.1", number=3)]
    assert [one.event_id for one in in_sample_order(events)] == [2, 5, 3]


def test_a_line_with_missing_keys_is_an_event_all_the_same():
    assert event_of({"type": "match", "run_id": None}) == Event("", -1, None, "match", None, "", "")


def test_events_are_put_together_by_sample_in_their_order():
    events = [event("a", number=1), event(None, number=2), event("b", number=3), event("a", number=4)]
    found = {name: [one.event_id for one in part] for name, part in by_sample(events).items()}
    assert found == {"a": [1, 4], "": [2], "b": [3]}
