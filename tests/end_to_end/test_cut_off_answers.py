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


def run(
    server: LoopbackServer, registry: Path, model: str = "some-model", extra: Any = None, **kwargs: Any
) -> evals.RunResult:
    place = {"registry_paths": [registry], "log_dir": registry.parent / "logs", "check": False}
    arguments = {"api_base": server.base_url, **(extra or {})}
    return evals.run(model, "sums", completion_args=arguments, **place, **kwargs)


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


def test_a_reply_without_an_answer_is_asked_for_a_few_times_and_then_is_an_error_that_says_what_came(
    registry, tmp_path
):
    def answer(call: Call) -> Answer:
        return Answer(None if call.prompt == "1 + 1?" else QUESTIONS[call.prompt], finish_reason="stop")

    with LoopbackServer(answer) as server:
        result = run(server, registry, record_path=tmp_path / "r.jsonl")
        asked = [body["messages"][-1]["content"] for body in server.bodies]
    assert (asked.count("1 + 1?"), len(asked)) == (3, 6)
    assert (result.n_errors, result.report["n"], result.accuracy) == (1, 3, 1.0)
    assert set(result.counters.errors) == {"no answer"}
    (error,) = [line for line in (tmp_path / "r.jsonl").read_text().splitlines() if '"type": "error"' in line]
    assert "'content' is null, finish reason 'stop'" in error


def refuses_caps_above(most: int, n_reasoning: int) -> Any:
    """A server with a short context, whose model spends so many reasoning tokens on the first question."""

    def answer(call: Call) -> Answer:
        if call.body.get("max_tokens", 0) > most:
            message = f"max_tokens is too large: 25064. This model supports at most {most} completion tokens."
            return Answer(None, status=400, error_message=message)
        reasoning = n_reasoning if call.prompt == "1 + 1?" else 0
        if "max_tokens" not in call.body and reasoning > most:
            return Answer("", finish_reason="length", reasoning_tokens=most)
        return Answer(QUESTIONS[call.prompt], reasoning_tokens=reasoning)

    return answer


def test_a_server_with_a_short_context_is_asked_without_a_cap(registry):
    with LoopbackServer(refuses_caps_above(4096, 500)) as server:
        result = run(server, registry)
    assert (result.n_errors, result.report["n"], result.accuracy) == (0, 4, 1.0)


def test_an_answer_that_the_context_does_not_hold_is_an_error_and_the_run_goes_on(registry):
    with LoopbackServer(refuses_caps_above(4096, 5000)) as server:
        result = run(server, registry)
    assert (result.n_errors, result.report["n"], result.accuracy) == (1, 3, 1.0)
    assert set(result.counters.errors) == {"cut off"}


def test_a_text_that_reached_the_limit_is_scored_and_counted_as_truncated_with_a_warning(registry):
    long = "and so on " * 100

    def answer(call: Call) -> str:
        return f"{QUESTIONS[call.prompt]} {long}" if call.prompt == "1 + 1?" else QUESTIONS[call.prompt]

    with LoopbackServer(answer) as server:
        result = run(server, registry)
    assert (result.report["truncated"], result.n_errors, result.report["n"]) == (1, 0, 4)
    assert "1 of 4 samples (25.0 %)" in result.report["warnings"][-1]


def test_with_repeats_the_warning_of_truncated_texts_counts_evaluations(registry):
    def answer(call: Call) -> str:
        return f"{QUESTIONS[call.prompt]} {'and so on ' * 100 if call.prompt == '1 + 1?' else ''}"

    with LoopbackServer(answer) as server:
        result = run(server, registry, repeats=3)
    assert (result.report["truncated"], result.report["n"]) == (3, 4)
    assert "3 of 12 evaluations of samples (25.0 %)" in result.report["warnings"][-1]


def test_a_run_without_truncated_completions_says_nothing_of_them(registry):
    with LoopbackServer(lambda call: QUESTIONS[call.prompt]) as server:
        result = run(server, registry)
    assert not {"truncated", "warnings"} & set(result.report)


def test_once_a_reply_has_shown_that_the_model_reasons_later_calls_get_headroom_at_once(registry):
    with LoopbackServer(thinking(500)) as server:
        run(server, registry, concurrency=1)
        assert [body["max_tokens"] for body in server.bodies] == [64, 25_064, 25_064, 25_064, 25_064]


def test_a_model_that_is_known_to_reason_gets_headroom_from_the_first_call_on(registry):
    with LoopbackServer(thinking(500), reasoning_models=["gpt-6*"]) as server:
        result = run(server, registry, model="gpt-6-luna")
        assert [body["max_completion_tokens"] for body in server.bodies] == [25_064] * 4
    assert (result.accuracy, result.n_errors) == (1.0, 0)


def test_at_effort_none_a_cap_stays_as_it_is(registry):
    with LoopbackServer(thinking(0)) as server:
        run(server, registry, model="gpt-6-luna", effort="none")
        assert {body["max_completion_tokens"] for body in server.bodies} == {64}
        assert {body["reasoning_effort"] for body in server.bodies} == {"none"}


def test_a_cap_in_the_provider_s_own_words_counts_reasoning_and_stays_as_it_is(registry):
    with LoopbackServer(thinking(5)) as server:
        place = {"max_completion_tokens": 900, "max_tokens": None}
        run(server, registry, model="gpt-6-luna", extra=place)
        assert {body["max_completion_tokens"] for body in server.bodies} == {900}


def test_headroom_of_ones_own_replaces_that_of_the_registry(registry):
    with LoopbackServer(thinking(5)) as server:
        run(server, registry, model="gpt-6-luna", extra={"headroom": "500"})
        assert {body["max_completion_tokens"] for body in server.bodies} == {564}


def test_an_answer_of_which_reasoning_took_a_part_is_asked_for_again_where_nobody_knew_that_the_model_reasons(registry):
    long = " ".join(["so"] * 20)

    def answer(call: Call) -> Answer:
        return Answer(f"{long} {QUESTIONS[call.prompt]}", reasoning_tokens=60)

    with LoopbackServer(answer, hold_until=4) as server:
        result = run(server, registry)
    assert result.n_errors == 0
    assert "truncated" not in result.report
    assert result.accuracy == 1.0


def test_thoughts_in_the_text_that_take_the_tokens_of_the_answer_are_reasoning_too(registry):
    thoughts = "<think>" + "so " * 62 + "</think>"
    with LoopbackServer(lambda call: f"{thoughts} It is {QUESTIONS[call.prompt]}", hold_until=4) as server:
        result = run(server, registry)
    assert "truncated" not in result.report
    assert (result.n_errors, result.report["n"]) == (0, 4)
    assert result.accuracy == 1.0
