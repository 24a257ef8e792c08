"""The pass over samples: workers give the loop its turns even when answers come at once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.errors import MissingExtra
from evals.record import DummyRecorder, LocalRecorder
from evals.record.reader import read_record
from evals.specs import RunSpec
from evals.suite.match.match import Match


class AtOnce:
    """Answers without waiting for anything, and notes when the loop came round to a timer set at the first call."""

    is_local = True

    def __init__(self) -> None:
        self.n_calls = 0
        self.called_back_after: int | None = None

    def _note(self) -> None:
        self.called_back_after = self.n_calls

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        if self.n_calls == 0:
            asyncio.get_running_loop().call_soon(self._note)
        self.n_calls += 1
        return Completions(["yes"])

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        raise NotImplementedError


def test_a_function_that_answers_at_once_leaves_room_for_timers_and_signals(tmp_path: Path) -> None:
    """Without, time budgets never fired, and the cancelled time-outs of all calls stayed in memory to the end."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"input": f"{i}?", "ideal": "yes"}) + "\n" for i in range(3000)))
    fn = AtOnce()
    report = Match(completion_fns=[fn], samples_jsonl=str(path), eval_registry_path=tmp_path).run(DummyRecorder(None))
    assert report["n"] == fn.n_calls == 3000
    assert fn.called_back_after is not None
    assert fn.called_back_after < 1500


class Nested(Match):
    """Starts a run inside a sample, on the engine's own loop."""

    async def eval_sample(self, sample: Any, rng: Any) -> None:
        Match([AtOnce()], samples_jsonl=self.samples_jsonl, eval_registry_path=self.eval_registry_path).run(
            DummyRecorder(None)
        )


def test_a_run_started_on_the_loop_is_an_error_and_not_a_run_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"input": "?", "ideal": "yes"}) + "\n")
    recorder = LocalRecorder(tmp_path / "r.jsonl", RunSpec(["fn"], "e.dev.v0", "e", "dev", {}, ""))
    report = Nested([AtOnce()], samples_jsonl=str(path), eval_registry_path=tmp_path).run(recorder)
    recorder.close()
    assert report["n"] == 0
    (sample,) = read_record(tmp_path / "r.jsonl").samples()
    assert "would wait for itself" in str(sample.error)


class Misconfigured(AtOnce):
    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        raise MissingExtra("this answer", "text")


def test_what_no_sample_can_get_around_ends_the_run_with_its_own_message(tmp_path: Path) -> None:
    """A cache that broke, or a missing extra, made one failed sample after another."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"input": f"{i}?", "ideal": "yes"}) + "\n" for i in range(300)))
    recorder = LocalRecorder(tmp_path / "r.jsonl", RunSpec(["fn"], "e.dev.v0", "e", "dev", {}, ""))
    with pytest.raises(MissingExtra):
        Match([Misconfigured()], samples_jsonl=str(path), eval_registry_path=tmp_path).run(recorder)
    recorder.close()
    assert list(read_record(tmp_path / "r.jsonl").samples()) == []
