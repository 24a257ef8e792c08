"""What a run says about its models before it begins."""

from __future__ import annotations

import json
from pathlib import Path

from sums import write_sums

from evals.registry.lookup import Registry
from evals.runner.prepare import prepare
from evals.runner.request import RunRequest


def test_a_model_that_is_shut_down_is_named_with_its_successor_before_the_first_call(tmp_path: Path):
    root = write_sums(tmp_path / "registry")
    request = RunRequest(["gpt-3.5-turbo-0125"], "sums", [root], completion_args={"api_base": "http://127.0.0.1:9/v1"})
    assert prepare(request, Registry()).preflight.warnings == [
        "gpt-3.5-turbo-0125 was shut down on 2026-10-23; its provider names gpt-5.6-terra in its place"
    ]


def test_a_living_model_has_no_warning(tmp_path: Path):
    root = write_sums(tmp_path / "registry")
    request = RunRequest(["gpt-6-luna"], "sums", [root], completion_args={"api_base": "http://127.0.0.1:9/v1"})
    assert prepare(request, Registry()).preflight.warnings == []


def test_a_completion_function_with_a_name_of_its_own_is_warned_of_by_the_name_of_its_model(tmp_path: Path):
    root = write_sums(tmp_path / "registry")
    args = {"model": "gpt-3.5-turbo", "api_base": "http://127.0.0.1:9/v1"}
    body = {"my-fn": {"class": "evals.completion_fns.openai:OpenAIChatCompletionFn", "args": args}}
    (root / "completion_fns").mkdir(exist_ok=True)
    (root / "completion_fns" / "mine.yaml").write_text(json.dumps(body))
    assert prepare(RunRequest(["my-fn"], "sums", [root]), Registry()).preflight.warnings == [
        "gpt-3.5-turbo was shut down on 2026-10-23; its provider names gpt-5.6-terra in its place"
    ]
