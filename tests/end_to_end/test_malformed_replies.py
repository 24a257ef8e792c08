"""A reply that is no answer is asked for again, and never scored."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from flaky_calls import QUICK

from evals.runner.request import RunRequest
from evals.runner.result import RunResult
from evals.runner.run import run_eval
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

GOOD = {"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}
MALFORMED = {"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}
REFUSAL = {"choices": [{"message": {"content": None, "refusal": "no"}, "finish_reason": "stop"}]}


class _InTurn:
    """Answers with these replies in turn; the last one again and again."""

    def __init__(self, *replies: object) -> None:
        self.replies = itertools.chain(replies, itertools.repeat(replies[-1]))

    def answer(self, request: HttpRequest) -> HttpReply:
        return HttpReply(json.dumps(next(self.replies)).encode())

    def finished(self) -> None:
        pass


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *replies: object) -> RunResult:
    (tmp_path / "evals").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sums.jsonl").write_text('{"input": "2+2=", "ideal": "4"}\n', encoding="utf-8")
    entry = "sums.dev.v0: {class: 'evals.suite:Match', args: {samples_jsonl: sums.jsonl}}\n"
    (tmp_path / "evals" / "sums.yaml").write_text(entry, encoding="utf-8")
    thread = ServerThread(_InTurn(*replies))
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{thread.start()}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-key-0123456789")
    try:
        request = RunRequest(
            completion_fns=["m"],
            eval_name="sums.dev.v0",
            registry_paths=[tmp_path],
            record_path=str(tmp_path / "r.jsonl"),
            max_errors=1,
            settings=QUICK,
        )
        return run_eval(request)
    finally:
        thread.stop()


def test_a_malformed_reply_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path, monkeypatch, MALFORMED, GOOD)
    assert (result.report["accuracy"], result.counts.n_retries) == (1.0, 1)


def test_malformed_replies_without_end_are_an_error_and_no_wrong_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(tmp_path, monkeypatch, MALFORMED)
    assert (result.report["n"], result.report["n_errors"]) == (0, 1)


def test_a_refusal_is_scored_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path, monkeypatch, REFUSAL)
    assert (result.report["accuracy"], result.report["n_refused"]) == (0.0, 1)
