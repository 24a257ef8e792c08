"""The effort of reasoning of a run: sent, named in record and fingerprint, refused before the first call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sums import QUESTIONS, write_sums

import evals
from evals.cli.oaieval import main
from evals.engine.settings import EngineSettings
from evals.errors import UsageError
from evals.registry.lookup import Registry
from evals.runner.prepare import PreparedRun, prepare
from evals.runner.request import RunRequest
from evals.testing.openai_server import Answer, LoopbackServer


def right(call: Any) -> str:
    return QUESTIONS[call.prompt]


def run(server: LoopbackServer, place: Path, **kwargs: Any) -> dict[str, Any]:
    """The first line of the record of a run."""
    evals.run(
        "gpt-6-luna", "sums", registry_paths=[write_sums(place / "registry")], record_path=place / "r.jsonl",
        **{"completion_args": {"api_base": server.base_url}, **kwargs},
    )  # fmt: skip
    spec: dict[str, Any] = json.loads((place / "r.jsonl").read_text().splitlines()[0])["spec"]
    return spec


def test_the_effort_of_a_run_is_sent_and_stands_in_record_and_fingerprint(tmp_path):
    with LoopbackServer(right) as server:
        config = run(server, tmp_path, effort="high")["run_config"]
        assert {body["reasoning_effort"] for body in server.bodies} == {"high"}
    assert config["efforts"] == {"gpt-6-luna": "high"}
    assert config["fingerprint"]["overrides"] == {"reasoning_effort": "high"}


def test_an_effort_among_the_arguments_is_sent_and_stands_in_the_record(tmp_path):
    with LoopbackServer(right) as server:
        given = {"api_base": server.base_url, "effort": "low"}
        config = run(server, tmp_path, completion_args=given)["run_config"]
        assert {body["reasoning_effort"] for body in server.bodies} == {"low"}
    assert config["efforts"] == {"gpt-6-luna": "low"}
    assert config["fingerprint"]["completion_args"]["effort"] == "low"


def test_without_an_effort_none_is_sent_and_the_record_names_the_default(tmp_path):
    with LoopbackServer(right) as server:
        config = run(server, tmp_path)["run_config"]
        assert all("reasoning_effort" not in body for body in server.bodies)
    assert config["efforts"] == {"gpt-6-luna": "medium (default)"}


@pytest.mark.parametrize("kwargs", [{"effort": "hihg"}, {"effort": "minimal"}])
def test_an_effort_that_the_model_does_not_take_ends_the_run_before_the_first_call(tmp_path, kwargs):
    with LoopbackServer(right) as server:
        with pytest.raises(UsageError, match="takes no effort"):
            run(server, tmp_path, **kwargs)
        assert server.n_requests == 0


def test_a_model_of_this_process_takes_no_effort(tmp_path):
    with pytest.raises(UsageError, match="takes no effort"):
        evals.run("dummy", "sums", registry_paths=[write_sums(tmp_path)], effort="high")


def test_the_command_line_names_the_effort_in_its_headline(tmp_path, capsys):
    root = write_sums(tmp_path / "registry")
    with LoopbackServer(right) as server:
        args = ["gpt-6-luna", "sums", "--registry_path", str(root), "--record_path", str(tmp_path / "r.jsonl")]
        assert main([*args, "--effort", "xhigh", "--completion_args", f"api_base={server.base_url}"]) == 0
    captured = capsys.readouterr()
    assert "effort xhigh" in captured.err.splitlines()[0]
    assert captured.out.splitlines()[1] == "sums.dev.v0 on gpt-6-luna, effort xhigh"


def test_reasoning_that_a_server_shows_stands_in_the_record(tmp_path):
    with LoopbackServer(
        lambda call: Answer(QUESTIONS[call.prompt], reasoning_tokens=7, reasoning="Count them.")
    ) as server:
        run(server, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    calls = [line["data"] for line in lines if line.get("type") == "sampling"]
    assert all(call["reasoning"] == ["Count them."] for call in calls)
    assert all(call["usage"]["completion_tokens_details"]["reasoning_tokens"] == 7 for call in calls)


def prepared(names: list[str], effort: str | None) -> PreparedRun:
    """A run whose last model grades; nothing is called."""
    overrides = {} if effort is None else {"reasoning_effort": effort}
    settings = EngineSettings(overrides=overrides)
    given = {"api_base": "http://127.0.0.1:9", "api_key": "k"}
    rubric = {"modelgraded_spec": "best", "eval_type": "classify", "multicomp_n": "from_models"}
    as_many = rubric if len(names) > 2 else {}
    request = RunRequest(names, "closedqa-demo", completion_args=given, extra_eval_params=as_many, settings=settings)
    return prepare(request, Registry())


def test_each_of_several_evaluated_models_is_given_the_effort_and_the_grader_keeps_its_own():
    run = prepared(["gpt-6-luna", "gpt-6.1-sol", "gpt-5.6-luna"], "high")
    assert run.efforts == {"gpt-6-luna": "high", "gpt-6.1-sol": "high"}
    assert prepared(["gpt-6-luna", "gpt-6.1-sol", "gpt-5.6-luna"], None).efforts == {
        "gpt-6-luna": "medium (default)",
        "gpt-6.1-sol": "medium (default)",
    }


def test_an_effort_that_the_second_of_the_evaluated_models_does_not_take_is_refused_and_that_of_a_grader_is_free():
    assert prepared(["gpt-6-luna", "gpt-6.1-sol"], "none").efforts == {"gpt-6-luna": "none"}
    with pytest.raises(UsageError, match=r"gpt-6\.1-sol takes no effort 'none'"):
        prepared(["gpt-6-luna", "gpt-6.1-sol", "gpt-6-luna"], "none")
    with pytest.raises(UsageError, match="dummy takes no effort"):
        prepared(["gpt-6-luna", "dummy", "gpt-6-luna"], "high")
    assert prepared(["gpt-6-luna", "gpt-6.1-sol", "dummy"], "high").efforts
