"""The base classes: what an eval gets without a line of its own, and hooks that fit its samples."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model

from evals.completion import Completions
from evals.engine.failures import CallFailed, Kind
from evals.errors import DataError
from evals.eval import Eval, Report, SolverEval, StreamedEval, first_completion, hook_of, set_max_samples
from evals.metrics import MatchReport
from evals.record import DummyRecorder, RecorderBase
from evals.record.current import record_match
from evals.suite.match.match import Match


class Answers(StreamedEval):
    """Right where the model says what the row has as `ideal`."""

    async def eval_sample(self, sample: Any, rng: random.Random) -> None:
        record_match(await self.complete(sample["input"]) == sample["ideal"])

    def new_report(self) -> Report:
        return MatchReport()


class Plain(Eval):
    """An eval as plug-ins of openai/evals write it: nothing is async, and `run` adds up by itself."""

    def eval_sample(self, sample: Any, rng: random.Random) -> str:
        return f"{self.completion_fn(prompt=sample['input']).get_completions()[0]} {sample['input']}"

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        return {"values": self.eval_all_samples(recorder, self.get_samples())}


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"input": str(i), "ideal": str(i % 2)}) + "\n" for i in range(10)))
    return str(path)


def test_the_report_covers_all_samples(data):
    report = Answers([Model(lambda prompt: str(int(prompt) % 2))], samples_jsonl=data).run(DummyRecorder(None))
    assert (report["accuracy"], report["n"]) == (1.0, 10)


def test_values_of_plain_evals_come_in_the_order_of_the_samples(data):
    assert Plain([Model("yes")], samples_jsonl=data).run(DummyRecorder(None)) == {
        "values": [f"yes {i}" for i in range(10)]
    }


def test_an_async_method_can_be_called_by_plain_code_and_awaited_on_any_loop(data):
    evaluation = Answers([Model("0")], samples_jsonl=data)
    sample, recorder = evaluation.get_samples()[0], DummyRecorder(None)

    async def awaited() -> None:
        await evaluation.eval_sample(sample, random.Random(1))

    with recorder.as_default_recorder("a"):
        evaluation.eval_sample(sample, random.Random(1))
        asyncio.run(awaited())
    assert [event.data["correct"] for event in recorder.get_events("match")] == [True, True]


def test_a_cap_for_the_process_takes_the_first_samples_of_the_shuffle(data):
    order = list(range(10))
    random.Random(123).shuffle(order)
    model = Model("0")
    set_max_samples(3)
    try:
        Answers([model], samples_jsonl=data).run(DummyRecorder(None))
    finally:
        set_max_samples(None)
    assert sorted(prompt for prompt, _ in model.calls) == sorted(map(str, order[:3]))


@pytest.mark.parametrize("name", ["", "sums"])
def test_a_name_without_a_split_is_refused(name):
    with pytest.raises(ValueError, match="needs at least <base>"):
        Answers([Model("")], name=name)


def test_an_eval_without_data_says_so_when_it_is_asked():
    with pytest.raises(ValueError, match="samples_jsonl"):
        Answers([Model("")]).get_samples()
    with pytest.raises(DataError, match="no data is called"):
        Answers([Model("")], samples_jsonl="nowhere/rows.jsonl").get_samples()


@pytest.mark.parametrize(
    ("sample", "ideals", "prompt"),
    [
        ({"input": "a", "ideal": "x"}, ["x"], "a"),
        ({"input": "a", "ideal": ["x", 1, "y"]}, ["x", "y"], "a"),
        ({"question": "a"}, [], None),
        ("a text", [], None),
    ],
)
def test_hooks_know_the_usual_keys(sample, ideals, prompt):
    evaluation = Answers([Model("")])
    assert evaluation.ideal_completions(sample) == ideals
    assert evaluation.first_prompt(sample) == prompt


class OtherKeys(Match):
    """A plug-in that replaces what a sample means, and says nothing of the hooks."""

    async def eval_sample(self, sample: Any, rng: random.Random) -> None:  # type: ignore[override]
        record_match(bool(await self.complete(sample["question"])))


class OtherKeysAndHooks(OtherKeys):
    def check_sample(self, sample: Any) -> None:
        raise LookupError("its own")


def test_hooks_of_a_class_do_not_judge_the_samples_of_a_plug_in_that_replaces_it():
    row = {"question": "a"}
    own, replaced = Match([Model("")], ""), OtherKeys([Model("")], "")
    with pytest.raises(AssertionError, match="no 'input'"):
        hook_of(own, "check_sample")(row)
    assert hook_of(replaced, "check_sample")(row) is None
    assert hook_of(replaced, "first_prompt")(row) is None
    with pytest.raises(LookupError, match="its own"):
        hook_of(OtherKeysAndHooks([Model("")], ""), "check_sample")(row)


def test_a_reply_without_a_completion_is_a_failed_call_and_no_answer():
    with pytest.raises(CallFailed) as failed:
        first_completion(Completions([]))
    assert failed.value.kind is Kind.BAD_REPLY


class OnItsOwn(Answers):
    """A plug-in that goes through its samples in its own way."""

    def eval_all_samples(self, recorder: RecorderBase, samples: Sequence[Any], *_: Any, **__: Any) -> list[Any]:
        for number, _sample in enumerate(samples):
            with recorder.as_default_recorder(f"own.{number}"):
                record_match(number % 4 == 0)
        return []


def test_a_report_is_made_for_a_plug_in_that_loops_by_itself(data):
    report = OnItsOwn([Model("")], samples_jsonl=data).run(DummyRecorder(None))
    assert (report["accuracy"], report["n"]) == (0.3, 10)


class Keeps(SolverEval):
    def eval_sample(self, solver: Any, sample: Any, rng: random.Random) -> int:
        solver.seen = [*getattr(solver, "seen", []), sample["input"]]
        return len(solver.seen)

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        return {"seen": self.eval_all_samples(recorder, self.get_samples())}


def test_each_sample_has_a_solver_of_its_own(data):
    assert Keeps([Model("yes")], samples_jsonl=data).run(DummyRecorder(None)) == {"seen": [1] * 10}
    with pytest.raises(ValueError, match="exactly one completion function"):
        Keeps([Model(""), Model("")], samples_jsonl=data)


def test_samples_are_awaited_on_the_caller_s_own_loop_with_a_limit(data):
    evaluation = Answers([Model("")], samples_jsonl=data)
    running, most, seen = 0, 0, []

    async def one(pair: tuple[Any, int]) -> tuple[int, Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        seen.append(pair[1])
        return pair[1], None

    asyncio.run(evaluation.async_eval_all_samples(one, evaluation.get_samples(), concurrency=3))
    assert sorted(seen) == list(range(10))
    assert most == 3
