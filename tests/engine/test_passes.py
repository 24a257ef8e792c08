"""Passes over samples: each sample once a repeat, its own generator, and nothing that an earlier run has done."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from evals.engine.context import use_session
from evals.engine.passes import SamplePass, earlier_values
from evals.engine.plan import RunPlan
from evals.engine.sample_order import sample_order
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.errors import EvalsError, Interrupted
from evals.record import DummyRecorder
from evals.record.event import Event
from evals.record.sample_record import SampleRecord

Evaluate = Callable[[Any, random.Random], Any]


class Watching:
    """Keeps what an observer is told."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int]] = []
        self.ended: list[str] = []

    def started(self, n_items: int, n_done_before: int) -> None:
        self.begun.append((n_items, n_done_before))

    def finished(self, item: Any, events: Any) -> None:
        self.ended.append(item.sample_id)

    def failed(self, item: Any, error: dict[str, Any]) -> None:
        self.ended.append(f"{item.sample_id}: {error['message']}")


async def first_draw(sample: Any, rng: random.Random) -> float:
    return rng.random()


def go(samples: list[Any], plan: RunPlan | None = None, evaluate: Evaluate = first_draw, **more: Any) -> dict[Any, Any]:
    """(row number, repeat) -> what `evaluate` returned, of one pass."""
    values: dict[Any, Any] = {}

    def keep(item: Any, events: Any, value: Any) -> None:
        values[item.index, item.repeat] = value

    passing = SamplePass("draw.dev.v0", 7, samples, DummyRecorder(None), evaluate, keep, **more)
    if plan is None:
        passing.run()
        return values
    session = Session(EngineSettings(concurrency=4))
    with use_session(session, plan):
        passing.run()
    return values


def test_every_sample_has_the_generator_of_openai_evals():
    values = go(list("abc"))
    assert values == {(i, 0): random.Random(f"draw.dev.{i}:7".encode()).random() for i in range(3)}


def test_repeats_draw_other_numbers_and_passes_the_same():
    plan = RunPlan(repeats=2)
    first, second = go(list("abc"), plan), go(list("abc"), plan)
    assert set(first) == {(i, repeat) for i in range(3) for repeat in (0, 1)}
    assert len(set(first.values())) == 6
    assert {(i, repeat - 2): value for (i, repeat), value in second.items()} == first


def test_a_cap_takes_the_first_samples_of_the_order():
    assert {index for index, _ in go(list(range(50)), cap=5)} == set(sample_order(50)[:5])


def test_what_is_finished_is_not_evaluated_again_and_is_counted():
    watching = Watching()
    plan = RunPlan(repeats=2, observer=watching, finished={("draw.dev.1", 0), ("draw.dev.1", 1), ("draw.dev.2", 1)})
    assert set(go(list("abc"), plan)) == {(0, 0), (0, 1), (2, 0)}
    assert watching.begun == [(6, 3)]


def test_a_sample_that_fails_is_told_to_the_observer_and_is_no_value():
    async def picky(sample: str, rng: random.Random) -> str:
        if sample == "b":
            raise ValueError("not b")
        return sample

    plan = RunPlan(observer=(watching := Watching()))
    assert go(list("abc"), plan, picky) == {(0, 0): "a", (2, 0): "c"}
    assert sorted(watching.ended) == ["draw.dev.0", "draw.dev.1: not b", "draw.dev.2"]


def test_preparation_comes_once_and_before_the_first_sample():
    said: list[str] = []

    async def prepare() -> None:
        said.append("prepared")

    async def evaluate(sample: str, rng: random.Random) -> None:
        said.append(sample)

    go(list("abc"), evaluate=evaluate, prepare=prepare)
    assert said[0] == "prepared"
    assert sorted(said[1:]) == ["a", "b", "c"]


@pytest.mark.parametrize(("value", "kept"), [({"a": [1, None]}, {"value": {"a": [1, None]}}), ((1, 2), {"not_json": "tuple"}), (float("nan"), {"not_json": "float"}), (object, {"not_json": "type"})])  # fmt: skip
def test_values_are_recorded_where_json_gives_them_back_unchanged(value: Any, kept: dict[str, Any]):
    async def evaluate(sample: Any, rng: random.Random) -> Any:
        return value

    recorder = DummyRecorder(None)
    SamplePass("e.dev.v0", 1, ["x"], recorder, evaluate, lambda *_: None, records_values=True).run()
    assert [event.data for event in recorder.get_events("result")] == [kept]


def recorded(repeat: int, data: dict[str, Any] | None) -> SampleRecord:
    events = [] if data is None else [Event("r", 0, "draw.dev.4", "result", data, "", "", repeat or None)]
    return SampleRecord("draw.dev.4", repeat, events)


def test_a_resumed_pass_gets_its_own_values_back():
    samples = [recorded(0, {"value": "first"}), recorded(1, None), recorded(2, {"value": "second pass"})]
    plan = RunPlan(repeats=2, earlier=lambda: iter(samples))
    with use_session(Session(), plan):
        assert earlier_values() == {(4, 0): "first", (4, 1): None}
        plan.next_repeats()
        assert earlier_values() == {(4, 2): "second pass"}


def test_values_that_no_record_holds_refuse_to_be_resumed():
    plan = RunPlan(earlier=lambda: iter([recorded(0, {"not_json": "Point"})]))
    with use_session(Session(), plan), pytest.raises(EvalsError, match="returns Point objects") as refused:
        earlier_values()
    assert refused.value.where == "draw.dev.4"


def test_nothing_is_resumed_where_nothing_was_interrupted():
    assert earlier_values() == {}


@pytest.mark.parametrize("gently", [True, False])
def test_an_interrupted_pass_goes_on_to_the_report_where_openai_evals_is_told_to(monkeypatch, gently: bool):
    monkeypatch.setenv("EVALS_GENTLE_INTERRUPT", "1" if gently else "0")
    session = Session(EngineSettings(concurrency=1))
    stopped = Interrupted("stopped")

    async def evaluate(sample: Any, rng: random.Random) -> Any:
        session.end(stopped)
        return sample

    values: dict[int, Any] = {}
    keep = lambda item, events, value: values.update({item.index: value})  # noqa: E731
    passing = SamplePass("e.dev.v0", 1, list(range(5)), DummyRecorder(None), evaluate, keep)
    with use_session(session, RunPlan()):
        if gently:
            passing.run()
        else:
            with pytest.raises(Interrupted):
                passing.run()
    assert len(values) == 1
