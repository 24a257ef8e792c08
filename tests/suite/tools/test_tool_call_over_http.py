"""ToolCall over a real server of the chat endpoint: what is sent, what is recorded, and scoring the record again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from evals.cli.main import main
from evals.cli.oaieval import main as oaieval
from evals.record.reader import read_record

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}  # fmt: skip
ROWS = [
    {"input": "Paris?", "tools": [TOOL], "ideal": [{"weather": {"city": ["Paris"]}}]},
    {"input": "Rome?", "tools": [TOOL], "ideal": [{"weather": {"city": ["Rome"]}}]},
    {"input": "Why?", "tools": [TOOL], "ideal": []},
]


class Chat(BaseHTTPRequestHandler):
    """Calls `weather` for Paris, whatever city is asked for, and says something for other questions."""

    bodies: list[Any] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.append(body)
        call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "paris"}'}}
        calls = (
            {"content": None, "tool_calls": [call]} if "Why" not in json.dumps(body["messages"]) else {"content": "So."}
        )
        reason = "tool_calls" if calls["content"] is None else "stop"
        choice = {"index": 0, "message": {"role": "assistant", **calls}, "finish_reason": reason}
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        reply = json.dumps(
            {"id": "x", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Chat.bodies.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Chat) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/v1"
        running.shutdown()
        thread.join()


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    (tmp_path / "evals").mkdir()
    (tmp_path / "data").mkdir()
    entry = {"calls.dev.v0": {"class": "evals.suite:ToolCall", "args": {"samples_jsonl": "rows.jsonl"}}}
    (tmp_path / "evals" / "calls.yaml").write_text(yaml.safe_dump(entry))
    (tmp_path / "data" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def test_calls_are_sent_for_recorded_and_scored_again_from_the_record(server: str, registry: Path) -> None:
    record, again = registry / "record.jsonl", registry / "again.jsonl"
    where = ["--registry_path", str(registry), "--record_path"]
    assert (
        oaieval(["a-model-of-ours", "calls.dev.v0", *where, str(record), "--completion_args", f"api_base={server}"])
        == 0
    )
    assert [body["tools"] for body in Chat.bodies] == [[TOOL]] * 3
    log = read_record(record)
    assert log.final_report is not None
    scores = {key: log.final_report[key] for key in ("accuracy", "accuracy/single", "accuracy/irrelevance", "n")}
    assert scores == pytest.approx({"accuracy": 2 / 3, "accuracy/single": 0.5, "accuracy/irrelevance": 1.0, "n": 3})
    sampled = {sample.sample_id: sample.data("sampling")[0] for sample in log.samples()}
    assert sampled["calls.dev.0"]["tool_calls"] == [
        [{"id": "call_1", "name": "weather", "arguments": {"city": "paris"}}]
    ]
    assert sampled["calls.dev.0"]["finish_reasons"] == ["tool_calls"]
    assert "tool_calls" not in sampled["calls.dev.2"]
    assert main(["score", str(record), *where, str(again)]) == 0
    report = read_record(again).final_report
    assert report is not None
    assert report["accuracy"] == pytest.approx(2 / 3)
    assert len(Chat.bodies) == 3


def test_calls_come_from_the_cache_as_they_came_from_the_server(
    server: str, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALS_CACHE_DIR", str(registry / "cache"))
    command = ["a-model-of-ours", "calls.dev.v0", "--registry_path", str(registry), "--cache"]
    command += ["--completion_args", f"api_base={server}", "--record_path"]
    assert oaieval([*command, str(registry / "first.jsonl")]) == 0
    assert oaieval([*command, str(registry / "second.jsonl")]) == 0
    reports = [read_record(registry / name).final_report for name in ("first.jsonl", "second.jsonl")]
    assert [report["accuracy"] for report in reports if report] == pytest.approx([2 / 3, 2 / 3])
    assert len(Chat.bodies) == 3
