"""Playing back completions: by sample, by prompt, in order."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from evals.completion_fns.scripted import ScriptedCompletionFn
from evals.engine.failures import CallFailed, Kind
from evals.errors import DataError, UsageError
from evals.eval import Eval
from evals.record import RecorderBase, record_metrics
from evals.registry import Registry

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "One?"}]


def script(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "script.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def say(fn: ScriptedCompletionFn, prompt: Any = "p", **kwargs: Any) -> list[str]:
    return fn(prompt, **kwargs).get_completions()


def test_a_list_is_said_in_order_and_then_runs_out():
    fn = ScriptedCompletionFn(completions=["a", "b"])
    assert [say(fn), say(fn)] == [["a"], ["b"]]
    with pytest.raises(CallFailed, match=r"no completion for prompt 'p' \(all 2 in order were played\)") as caught:
        say(fn)
    assert caught.value.kind is Kind.OTHER


@pytest.mark.parametrize("key", ["Be brief.", "One?", CHAT])
def test_a_chat_is_found_by_itself_or_by_its_last_message(tmp_path: Path, key: Any):
    fn = ScriptedCompletionFn(path=script(tmp_path, {"input": key, "completion": "yes"}), default="none")
    assert say(fn, CHAT) == (["none"] if key == "Be brief." else ["yes"])


def test_the_sample_s_id_goes_before_the_prompt(tmp_path: Path):
    fn = ScriptedCompletionFn(
        path=script(
            tmp_path, {"prompt": "p", "completion": "by prompt"}, {"sample_id": "e.dev.3", "completion": "by id"}
        )
    )
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("e.dev.3"):
        assert say(fn) == ["by id"]
    with recorder.as_default_recorder("e.dev.4"):
        assert say(fn) == ["by prompt"]


def test_one_completion_is_said_as_often_as_asked(tmp_path: Path):
    fn = ScriptedCompletionFn(path=script(tmp_path, {"prompt": "p", "completion": "a"}))
    assert [say(fn), say(fn, n=3)] == [["a"], ["a", "a", "a"]]


def test_several_completions_are_said_once_each(tmp_path: Path):
    fn = ScriptedCompletionFn(path=script(tmp_path, {"prompt": "p", "completions": ["a", "b", "c"]}))
    assert [say(fn), say(fn, n=2)] == [["a"], ["b", "c"]]
    with pytest.raises(CallFailed, match="only 3 completions for 'p', one more was asked for"):
        say(fn)


def test_a_json_object_maps_keys_to_completions(tmp_path: Path):
    path = tmp_path / "script.json"
    path.write_text('{"p": "a", "q": ["b", "c"]}', encoding="utf-8")
    fn = ScriptedCompletionFn(path=path)
    assert [say(fn), say(fn, "q"), say(fn, "q")] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"completion": "a"}, "script.jsonl:2: this row has no key"),
        ({"prompt": "q"}, "script.jsonl:2: this row has no completion"),
        ({"prompt": "q", "completions": [1]}, "script.jsonl:2: this row has no completion"),
        (3, "script.jsonl:2: this row is neither an object nor a text"),
        ({"prompt": "p", "completion": "b"}, "script.jsonl:2: the script has two rows for 'p'"),
    ],
)
def test_a_broken_row_is_named_by_file_and_line(tmp_path: Path, row: Any, what: str):
    with pytest.raises(DataError) as caught:
        ScriptedCompletionFn(path=script(tmp_path, {"prompt": "p", "completion": "a"}, row))
    assert what in str(caught.value)


def test_a_missing_file_says_where_it_was_looked_for():
    with pytest.raises(DataError, match="there is no such file") as caught:
        Registry().make_completion_fn("scripted", path="nowhere/script.jsonl")
    assert "looked for" in str(caught.value)


def test_a_script_beside_a_registry_is_found_by_its_place_in_the_data_folder(tmp_path: Path):
    (tmp_path / "data").mkdir()
    script(tmp_path / "data", {"prompt": "p", "completion": "a"})
    registry = Registry()
    registry.add_registry_paths([tmp_path])
    assert say(registry.make_completion_fn("scripted", path="script.jsonl")) == ["a"]


def test_a_script_without_anything_to_say_is_a_usage_error():
    with pytest.raises(UsageError, match="a path or completions"):
        ScriptedCompletionFn()


class TwoCalls(Eval):
    """Asks twice a sample, and records both answers."""

    async def eval_sample(self, sample: Any, rng: random.Random) -> None:
        record_metrics(said=[await self.complete(sample["input"]), await self.complete("again")])

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        self.eval_all_samples(recorder, self.get_samples())
        return {event.sample_id: event.data["said"] for event in recorder.get_events("metrics")}


def test_every_sample_hears_its_own_list_from_the_start_however_many_are_in_flight(tmp_path: Path):
    samples = tmp_path / "samples.jsonl"
    samples.write_text("".join(f'{{"input": "q{i}"}}\n' for i in range(200)), encoding="utf-8")
    rows = [{"sample_id": f"two.dev.{i}", "completions": [f"{i}a", f"{i}b"]} for i in range(200)]
    fn = ScriptedCompletionFn(path=script(tmp_path, *rows))
    for _ in range(2):
        eval_ = TwoCalls([fn], eval_registry_path=tmp_path, name="two.dev.v0", samples_jsonl=str(samples))
        said = eval_.run(RecorderBase(None))
        assert said == {f"two.dev.{i}": [f"{i}a", f"{i}b"] for i in range(200)}
