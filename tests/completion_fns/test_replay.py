"""Completions from earlier records: ours, openai/evals', torn ones."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.completion_fns.replay import ReplayCompletionFn
from evals.engine.calls import complete_sync
from evals.engine.context import use_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.session import Session
from evals.errors import DataError
from evals.eval import Eval
from evals.record import LocalRecorder, RecorderBase, record_metrics
from evals.specs import RunSpec
from evals.testing.openai_server import Call, LoopbackServer


def event(sample_id: str, number: int, prompt: Any, sampled: Any, **extra: Any) -> dict[str, Any]:
    data = {"prompt": prompt, "sampled": sampled, **extra}
    base = {"run_id": "R1", "event_id": number, "sample_id": sample_id, "created_by": "", "created_at": "2023-01-01"}
    return {**base, "type": "sampling", "data": data}


def record(tmp_path: Path, *events: dict[str, Any]) -> Path:
    """A record as openai/evals writes it: the report may come before the events."""
    spec = {
        "spec": {"completion_fns": ["m"], "eval_name": "e.dev.v0", "base_eval": "e", "split": "dev", "run_id": "R1"}
    }
    lines = [spec, {"final_report": {"accuracy": 1.0}, "run_id": "R1"}, *events]
    path = tmp_path / "old.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def ask(fn: ReplayCompletionFn, sample_id: str, *prompts: Any, repeat: int = 0, **kwargs: Any) -> list[Any]:
    """The results of the calls of one evaluation of a sample."""
    with use_session(Session(can_end=False)), RecorderBase(None).sample(sample_id, repeat or None):
        return [complete_sync(fn, prompt, **kwargs) for prompt in prompts]


def test_calls_are_answered_by_sample_and_number(tmp_path: Path):
    events = [event("e.dev.0", 0, "p", ["a"]), event("e.dev.1", 1, "q", ["b"]), event("e.dev.0", 2, "r", ["c"])]
    fn = ReplayCompletionFn(record=record(tmp_path, *events))
    assert [result.texts for result in ask(fn, "e.dev.0", "new", "prompts")] == [["a"], ["c"]]
    assert [result.texts for result in ask(fn, "e.dev.1", "q")] == [["b"]]


def test_the_same_prompt_goes_before_the_number(tmp_path: Path):
    events = [event("s", n, prompt, [said]) for n, (prompt, said) in enumerate([("p", "a"), ("q", "b"), ("p", "c")])]
    fn = ReplayCompletionFn(record=record(tmp_path, *events))
    assert [result.texts[0] for result in ask(fn, "s", "q", "p", "p")] == ["b", "a", "c"]


def test_a_second_evaluation_of_a_sample_starts_anew(tmp_path: Path):
    fn = ReplayCompletionFn(record=record(tmp_path, event("s", 0, "p", ["a"])))
    assert [ask(fn, "s", "p")[0].texts, ask(fn, "s", "p")[0].texts] == [["a"], ["a"]]


def test_what_the_model_said_of_itself_is_kept_and_nothing_is_paid(tmp_path: Path):
    about = {"model": "m-1", "usage": {"prompt_tokens": 3}, "finish_reasons": ["length"], "logprobs": [{"content": []}]}
    old = event("s", 0, "p", ["a"], cost_usd=0.5, latency_s=1.5, request={"temperature": 0}, **about)
    (result,) = ask(ReplayCompletionFn(record=record(tmp_path, old)), "s", "p")
    assert {name: getattr(result, name) for name in about} == about
    assert (result.cost_usd, result.latency_s) == (0.0, 1.5)
    assert result.request == {"temperature": 0, "replayed": "R1"}


def test_the_new_record_says_that_completions_were_replayed(tmp_path: Path):
    fn = ReplayCompletionFn(record=record(tmp_path, event("s", 0, "p", ["a"])))
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("s"):
        complete_sync(fn, "p")
    assert recorder.get_events("sampling")[0].data["request"] == {"replayed": "R1"}


def test_a_bare_text_counts_as_one_completion(tmp_path: Path):
    fn = ReplayCompletionFn(record=record(tmp_path, event("s", 0, "p", "bare")))
    assert ask(fn, "s", "p")[0].texts == ["bare"]


def test_n_takes_the_first_of_the_recorded_choices(tmp_path: Path):
    fn = ReplayCompletionFn(record=record(tmp_path, event("s", 0, "p", ["a", "b", "c"])))
    assert [ask(fn, "s", "p", n=2)[0].texts, ask(fn, "s", "p")[0].texts] == [["a", "b"], ["a", "b", "c"]]


@pytest.mark.parametrize(
    ("sample_id", "repeat", "prompts", "what"),
    [
        ("other", 0, ["p"], "has no completion for sample other"),
        ("s", 1, ["p"], "has no completion for sample s, repeat 1"),
        ("s", 0, ["p", "p"], "has 1 call for sample s, and call 2 was asked for"),
    ],
)
def test_what_the_record_does_not_have_is_that_sample_s_error(
    tmp_path: Path, sample_id: str, repeat: int, prompts: list[str], what: str
):
    fn = ReplayCompletionFn(record=record(tmp_path, event("s", 0, "p", ["a"])))
    with pytest.raises(CallFailed, match=what) as caught:
        ask(fn, sample_id, *prompts, repeat=repeat)
    assert caught.value.kind is Kind.OTHER


def test_a_record_without_completions_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="no completions"):
        ReplayCompletionFn(record=record(tmp_path))


def test_a_missing_record_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="no such record"):
        ReplayCompletionFn(record=tmp_path / "nothing.jsonl")


class Collecting(Eval):
    """Asks once a sample and reports who was told what."""

    async def eval_sample(self, sample: Any, rng: random.Random) -> None:
        record_metrics(said=await self.complete(sample["input"]))

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        self.eval_all_samples(recorder, self.get_samples())
        return {event.sample_id: event.data["said"] for event in recorder.get_events("metrics")}


def collecting(fn: Any, tmp_path: Path) -> Collecting:
    samples = tmp_path / "samples.jsonl"
    samples.write_text("".join(f'{{"input": "q{i}"}}\n' for i in range(40)), encoding="utf-8")
    return Collecting([fn], eval_registry_path=tmp_path, name="c.dev.v0", samples_jsonl=str(samples))


def test_a_run_against_a_server_is_replayed_to_the_letter_without_a_call(tmp_path: Path):
    path = tmp_path / "run.jsonl"
    recorder = LocalRecorder(path, RunSpec(["m"], "c.dev.v0", "c", "dev", {}, ""))
    with LoopbackServer(lambda call: f"{call.prompt}!") as server:
        original = collecting(OpenAIChatCompletionFn("m", server.base_url), tmp_path).run(recorder)
        n_requests = server.n_requests
        replayed = collecting(ReplayCompletionFn(record=path), tmp_path).run(RecorderBase(None))
        assert server.n_requests == n_requests == 40
    assert replayed == original == {f"c.dev.{i}": f"q{i}!" for i in range(40)}


def test_a_torn_record_is_replayed_as_far_as_it_goes(tmp_path: Path):
    path = tmp_path / "run.jsonl"
    recorder = LocalRecorder(path, RunSpec(["m"], "c.dev.v0", "c", "dev", {}, ""))
    with LoopbackServer(_shout) as server:
        collecting(OpenAIChatCompletionFn("m", server.base_url), tmp_path).run(recorder)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    fn = ReplayCompletionFn(record=path)
    assert 10 < fn._calls.n_calls < 40


def _shout(call: Call) -> str:
    return f"{call.prompt}!"
