"""What was asked in a call that failed can be seen: in the record, in the terminal, on the page, in tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.main import main
from evals.record.reader import read_record
from evals.record.rows import row_of
from evals.report.html.sample_detail import sample_detail
from evals.testing.openai_server import Answer, Call, LoopbackServer

KEY = "sk-planted-key-0123456789"
TOO_LONG = "This model's maximum context length is 8 tokens."


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The record of a run of which the second question is refused; both questions hold the key."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    root = tmp_path / "registry"
    (root / "evals").mkdir(parents=True)
    rows = [{"input": f"With {KEY}: {what}?", "ideal": "yes"} for what in ("first", "second")]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    body = {"class": "evals.suite:Includes", "args": {"samples_jsonl": str(tmp_path / "sums.jsonl")}}
    (root / "evals" / "ask.yaml").write_text(f"ask: {{id: ask.dev.v0}}\nask.dev.v0: {json.dumps(body)}\n")

    def answer(call: Call) -> Any:
        return Answer(None, status=400, error_message=TOO_LONG) if "second" in call.prompt else "yes"

    path = tmp_path / "record.jsonl"
    with LoopbackServer(answer) as server:
        place = {"registry_paths": [root], "record_path": path, "check": False, "concurrency": 1, "max_errors": 1}
        result = evals.run("some-model", "ask", completion_args={"api_base": server.base_url}, **place)
    assert (result.n_errors, result.report["n"]) == (1, 1)
    return path


def test_the_record_has_the_prompt_with_keys_masked_as_in_sampling_events(record: Path) -> None:
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    [failed] = [line["data"] for line in lines if line.get("type") == "error"]
    [sent] = [line["data"] for line in lines if line.get("type") == "sampling"]
    assert failed["prompt"][0]["content"] == sent["prompt"][0]["content"].replace("first", "second")
    assert KEY not in record.read_text(encoding="utf-8")


def test_the_terminal_shows_what_was_asked(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["view", str(record), "--errors"])
    shown = capsys.readouterr().out
    assert "second?" in shown
    assert "first?" not in shown
    assert shown.count("second?") == 1


def test_page_and_tables_have_the_prompt_once_and_beside_the_error(record: Path) -> None:
    [failed] = [sample for sample in read_record(record).samples() if sample.error is not None]
    detail, row = sample_detail(failed), row_of(failed)
    assert [call.get("failed") for call in detail["calls"]] == [True]
    assert "second?" in json.dumps(detail["calls"])
    assert "second?" in json.dumps(row["prompt"])
    assert "second?" not in json.dumps([row["error"], detail["error"]])
