"""Answers that reach the limit on tokens: cut off before they began, or truncated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.testing.openai_server import Answer, Call, LoopbackServer

QUESTIONS = {"1 + 1?": "2", "2 + 2?": "4", "3 + 3?": "6", "4 + 4?": "8"}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A registry with the eval `sums` of four questions, with a cap of 64 tokens."""
    root = tmp_path / "registry"
    (root / "evals").mkdir(parents=True)
    (root / "data").mkdir()
    rows = [json.dumps({"input": question, "ideal": answer}) + "\n" for question, answer in QUESTIONS.items()]
    (root / "data" / "sums.jsonl").write_text("".join(rows), encoding="utf-8")
    body = {"class": "evals.suite:FuzzyMatch", "args": {"samples_jsonl": "sums.jsonl", "max_tokens": 64}}
    (root / "evals" / "sums.yaml").write_text(f"sums: {{id: sums.dev.v0}}\nsums.dev.v0: {json.dumps(body)}\n")
    return root


def run(server: LoopbackServer, registry: Path, **kwargs: Any) -> evals.RunResult:
    place = {"registry_paths": [registry], "log_dir": registry.parent / "logs", "check": False}
    return evals.run("some-model", "sums", completion_args={"api_base": server.base_url}, **place, **kwargs)


def thinking(n_tokens: int) -> Any:
    """A model that spends so many reasoning tokens before each right answer."""
    return lambda call: Answer(QUESTIONS[call.prompt], reasoning_tokens=n_tokens)


def test_an_answer_that_was_cut_off_is_asked_for_again_with_more_tokens_and_both_are_paid(registry):
    with LoopbackServer(thinking(500)) as server:
        result = run(server, registry, concurrency=1)
        caps = [body["max_tokens"] for body in server.bodies]
    assert result.accuracy == 1.0
    assert result.n_errors == 0
    assert caps[:2] == [64, 25_064]
    assert result.report["usage_completion_tokens_details_reasoning_tokens"] >= 64 + 4 * 500


def test_an_answer_that_is_cut_off_twice_is_an_error_and_never_a_wrong_answer(registry, tmp_path):
    with LoopbackServer(lambda call: Answer(QUESTIONS[call.prompt], reasoning_tokens=10**6)) as server:
        result = run(server, registry, record_path=tmp_path / "r.jsonl")
    assert (result.n_errors, result.report["n"], result.exit_code) == (4, 0, 3)
    assert set(result.counters.errors) == {"cut off"}
    events = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert {event["type"] for event in events if "type" in event} == {"sampling", "error"}


def test_a_server_that_refuses_the_larger_cap_leaves_the_sample_an_error_and_the_run_goes_on(registry):
    def answer(call: Call) -> Answer:
        if call.body["max_tokens"] > 64:
            message = "max_tokens is too large: 25064. This model supports at most 4096 completion tokens."
            return Answer(None, status=400, error_message=message)
        return Answer(QUESTIONS[call.prompt], reasoning_tokens=500 if call.prompt == "1 + 1?" else 0)

    with LoopbackServer(answer) as server:
        result = run(server, registry)
    assert (result.n_errors, result.report["n"], result.accuracy) == (1, 3, 1.0)


def test_a_text_that_reached_the_limit_is_scored_and_counted_as_truncated_with_a_warning(registry):
    long = "and so on " * 100

    def answer(call: Call) -> str:
        return f"{QUESTIONS[call.prompt]} {long}" if call.prompt == "1 + 1?" else QUESTIONS[call.prompt]

    with LoopbackServer(answer) as server:
        result = run(server, registry)
    assert (result.report["truncated"], result.n_errors, result.report["n"]) == (1, 0, 4)
    assert "1 of 4 samples (25.0 %)" in result.report["warnings"][-1]


def test_a_run_without_truncated_completions_says_nothing_of_them(registry):
    with LoopbackServer(lambda call: QUESTIONS[call.prompt]) as server:
        result = run(server, registry)
    assert not {"truncated", "warnings"} & set(result.report)
