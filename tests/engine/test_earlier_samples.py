"""Samples of a run that is gone on with: their events are taken in, and damaged ones are named."""

from __future__ import annotations

from typing import Any

import pytest

from evals.engine.context import use_session
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.errors import DataError
from evals.eval import StreamedEval
from evals.metrics import MatchReport
from evals.record import RecorderBase
from evals.record.event import Event
from evals.record.sample_record import SampleRecord


class Sums(StreamedEval):
    def new_report(self) -> MatchReport:
        return MatchReport()

    def stream_samples(self) -> list[Any]:
        return []

    async def eval_sample(self, sample: Any, *_: Any) -> None:
        raise AssertionError("there is none")


def run_after(data: Any) -> dict[str, Any]:
    """The report of a run whose earlier part has one match with this data."""
    sample = SampleRecord("sums.dev.3", events=[Event("r", 0, "sums.dev.3", "match", data, "", "")])
    with use_session(Session(), RunPlan(earlier=lambda: iter([sample]))):
        return Sums([lambda prompt: "x"]).run(RecorderBase(None))


def test_earlier_samples_are_in_the_report():
    assert run_after({"correct": True})["accuracy"] == 1.0


@pytest.mark.parametrize("data", [None, {}, {"correct": "x"}, 3, []])
def test_an_event_that_cannot_be_scored_is_an_error_that_names_its_sample(data):
    with pytest.raises(DataError, match="cannot be scored") as caught:
        run_after(data)
    assert caught.value.where == "sums.dev.3"
