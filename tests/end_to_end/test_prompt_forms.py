"""How text prompts and chats reach chat models and text models, and how runs by other rules are told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import evals
from evals.engine.prompt_form import END_OF_TURN
from evals.record.reader import read_record
from evals.report.terminal.opening import opening_lines
from evals.runner.recorded_fingerprint import first_difference
from evals.runner.request import RunRequest
from evals.runner.run import run_eval
from evals.testing.openai_server import LoopbackServer

OURS, THEIRS = "evals.suite:Includes", "evals.elsuite.basic.includes:Includes"
CHAT = [
    {"role": "user", "content": "1 + 1?"},
    {"role": "assistant", "content": "2"},
    {"role": "user", "content": "2 + 2?"},
]


def write_eval(root: Path, cls: str, row: dict[str, Any], **args: Any) -> Path:
    for name in ("evals", "data"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "data" / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    entry = {"class": cls, "args": {"samples_jsonl": "rows.jsonl", **args}}
    (root / "evals" / "sums.yaml").write_text(
        yaml.safe_dump({"sums": {"id": "sums.dev.v0"}, "sums.dev.v0": entry}), encoding="utf-8"
    )
    return root


def run_once(
    tmp_path: Path, cls: str, asked: Any, model: str = "some-model", **args: Any
) -> tuple[dict[str, Any], evals.RunResult, str]:
    """The body that was sent, the result, and the lines before the run."""
    registry = write_eval(tmp_path / "registry", cls, {"input": asked, "ideal": "4"}, **args)
    said: list[str] = []
    with LoopbackServer(lambda call: "4") as server:
        request = RunRequest(
            completion_fns=[model],
            eval_name="sums",
            registry_paths=[str(registry)],
            completion_args={"api_base": server.base_url},
            record_path=str(tmp_path / f"{cls.partition(':')[0]}.jsonl"),
        )
        result = run_eval(request, on_prepared=lambda prepared: said.append(opening_lines(prepared)))
        (body,) = server.bodies
    return body, result, said[0]


def test_a_text_is_one_user_message_of_a_chat_and_the_record_says_so(tmp_path: Path) -> None:
    body, result, opening = run_once(tmp_path, OURS, "2 + 2?")
    assert body["messages"] == [{"role": "user", "content": "2 + 2?"}]
    (sample,) = read_record(str(result.record_path)).samples()
    assert sample.data("sampling")[0]["prompt"] == body["messages"]
    assert "each is sent as one user message" in opening


def test_entries_of_openai_evals_form_keep_its_system_message_and_the_opening_says_so(tmp_path: Path) -> None:
    body, _, opening = run_once(tmp_path, THEIRS, "2 + 2?")
    assert body["messages"] == [{"role": "system", "content": "2 + 2?"}]
    assert "each is sent as one system message, the rule of openai/evals" in " ".join(opening.split())


def test_an_eval_may_say_otherwise_by_a_chat_as_its_prompt(tmp_path: Path) -> None:
    template = [{"role": "system", "content": "{input}"}]
    body, _, opening = run_once(tmp_path, OURS, "2 + 2?", prompt=template)
    assert body["messages"] == [{"role": "system", "content": "2 + 2?"}]
    assert "sent as" not in opening


def test_a_chat_that_becomes_one_text_ends_at_the_next_turn(tmp_path: Path) -> None:
    model = "gpt-3.5-turbo-instruct"
    body, _, _ = run_once(tmp_path, OURS, CHAT, model)
    assert body["prompt"].endswith("User: 2 + 2?\nAssistant:")
    assert body["stop"] == [END_OF_TURN]
    assert "stop" not in run_once(tmp_path, THEIRS, CHAT, model)[0]
    assert "stop" not in run_once(tmp_path, OURS, "2 + 2 =", model)[0]
    assert "stop" not in run_once(tmp_path, OURS, CHAT)[0]


def test_a_cache_of_the_other_form_answers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    with LoopbackServer(lambda call: "4") as server:
        for cls in (THEIRS, OURS, OURS):
            registry = write_eval(tmp_path / "registry", cls, {"input": "2 + 2?", "ideal": "4"})
            evals.run(
                "some-model",
                "sums",
                registry_paths=[registry],
                completion_args={"api_base": server.base_url, "temperature": 0},
                cache=True,
                log_dir=tmp_path,
            )
        assert [body["messages"][0]["role"] for body in server.bodies] == ["system", "user"]


def test_fingerprints_tell_runs_of_the_old_form_from_new_ones(tmp_path: Path) -> None:
    def fingerprint(cls: str, prompt: Any) -> dict[str, Any]:
        result = run_once(tmp_path, cls, prompt)[1]
        found: dict[str, Any] = result.run_spec.run_config["fingerprint"]
        return found

    new = fingerprint(OURS, "2 + 2?")
    old = {name: value for name, value in new.items() if name != "prompts_sent_as"}
    assert first_difference(old, new) == 'other form of the prompts: there null, here "one user message"'
    assert "prompts_sent_as" not in fingerprint(THEIRS, "2 + 2?")
    assert "prompts_sent_as" not in fingerprint(OURS, CHAT)


def test_a_cap_beyond_a_small_context_ends_the_answer_and_is_no_error(tmp_path: Path) -> None:
    registry = write_eval(
        tmp_path / "registry",
        "evals.suite:ExtractAnswer",
        {"input": "What is 2 + 2?", "ideal": "4"},
        max_tokens=100_000,
    )
    result = evals.run("pocket/57k", "sums", registry_paths=[registry], log_dir=tmp_path)
    assert result.n_errors == 0
