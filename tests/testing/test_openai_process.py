"""The loopback server as a process: its command line, and a start that fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.testing.openai_app import Call
from evals.testing.openai_process import ServerProcess, app_from, parser


def test_the_options_are_the_rules_of_the_server():
    args = parser().parse_args(
        ["--max-concurrency", "3", "--api-key", "k", "--models", "a,b-*", "--latency", "0.5"]
        + ["--error-rate", "0.2", "--faults", "500,reset", "--seed", "7"]
    )
    app = app_from(args)
    assert (app.rules.max_concurrency, app.rules.api_key, app.rules.models) == (3, "k", ["a", "b-*"])
    assert (app.rules.latency_s, app.faults.error_rate, app.faults.names) == (0.5, 0.2, ["500", "reset"])
    assert app.faults.seed == 7


def test_prompts_without_a_row_get_the_answer_for_all(tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"prompt": "1 + 1?", "completion": "2"}) + "\n", encoding="utf-8")
    answering = app_from(parser().parse_args(["--answers", str(path), "--answer", "other"])).answering
    assert callable(answering)
    assert [answering(Call("chat", prompt, "m", {})) for prompt in ("1 + 1?", "?")] == ["2", "other"]


def test_a_process_that_does_not_start_is_an_error_and_no_endless_wait(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(RuntimeError, match="the loopback server did not start"), ServerProcess("--no-such-option"):
        pass
    assert "--no-such-option" in capfd.readouterr().err


def test_an_unknown_fault_is_said_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--faults", "503,timout"])
    assert ended.value.code == 2
    assert "there is no fault 'timout'" in capsys.readouterr().err
