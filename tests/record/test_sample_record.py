"""One recorded sample: its events by type, and its row."""

from __future__ import annotations

import pytest

from evals.record.event import Event
from evals.record.sample_record import SampleRecord


def sample(*events: tuple[str, object]) -> SampleRecord:
    return SampleRecord("a.b.0", events=[Event("run", 0, "a.b.0", kind, data, "", "") for kind, data in events])


def test_data_of_one_type_comes_in_the_order_of_recording():
    assert sample(("sampling", 1), ("match", 2), ("sampling", 3)).data("sampling") == [1, 3]


@pytest.mark.parametrize(
    ("events", "row"),
    [
        ([("raw_sample", {"input": "a"}), ("raw_sample", {"input": "b"})], {"input": "a"}),
        ([("raw_sample", "a text")], {}),
        ([], {}),
    ],
)
def test_the_row_is_empty_where_it_was_not_recorded(events, row):
    assert sample(*events).raw_sample == row
