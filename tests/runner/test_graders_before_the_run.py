"""Graders are tried before the first paid call, as the evaluated model is: their keys and their prices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from evals.engine.settings import EngineSettings
from evals.errors import UsageError
from evals.registry import Registry
from evals.runner.prepare import prepare
from evals.runner.request import RunRequest

JUDGE = {
    "type": "label_model", "name": "judge", "model": "claude-judge", "labels": ["yes", "no"], "passing_labels": ["yes"],
    "input": [{"role": "user", "content": "{{ sample.output_text }}?"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


def request_for(eval_name: str, *models: str, folder: Path | None = None, **settings: float) -> RunRequest:
    paths = [] if folder is None else [str(folder)]
    chosen = EngineSettings(**settings)  # type: ignore[arg-type]
    return RunRequest(completion_fns=list(models), eval_name=eval_name, registry_paths=paths, settings=chosen)


def hosted_eval(folder: Path, model: str) -> Path:
    (folder / "evals").mkdir()
    (folder / "data").mkdir()
    args = {"samples_jsonl": "rows.jsonl", "testing_criteria": [{**JUDGE, "model": model}]}
    (folder / "evals" / "x.yaml").write_text(
        yaml.safe_dump({"x.dev.v0": {"class": "evals.suite:HostedEval", "args": args}})
    )
    (folder / "data" / "rows.jsonl").write_text('{"input": "?"}\n')
    return folder


def test_the_key_of_a_grader_is_looked_for_before_the_first_call() -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        prepare(request_for("closedqa-demo", "dummy", "gpt-6-luna"), Registry())


def test_so_is_that_of_a_grader_that_the_eval_names(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        prepare(request_for("x.dev.v0", "dummy", folder=hosted_eval(tmp_path, "gpt-6-luna")), Registry())


def test_a_budget_needs_the_price_of_every_grader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-ours")
    assert prepare(request_for("closedqa-demo", "dummy", "gpt-6-luna", max_cost_usd=1.0), Registry())
    with pytest.raises(UsageError, match="needs the price of a-model-of-ours"):
        prepare(request_for("closedqa-demo", "dummy", "a-model-of-ours", max_cost_usd=1.0), Registry())
    folder = hosted_eval(tmp_path, "a-grader-of-ours")
    with pytest.raises(UsageError, match="needs the price of a-grader-of-ours"):
        prepare(request_for("x.dev.v0", "dummy", folder=folder, max_cost_usd=1.0), Registry())


def test_a_grader_that_is_shut_down_is_named_with_its_successor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-ours")
    prepared = prepare(request_for("x.dev.v0", "dummy", folder=hosted_eval(tmp_path, "gpt-3.5-turbo-0125")), Registry())
    (warning,) = prepared.preflight.warnings
    assert warning.startswith("gpt-3.5-turbo-0125 was shut down on 2026-10-23")


def test_a_budget_is_refused_at_a_tier_whose_prices_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-ours")
    request = request_for("arithmetic", "gpt-6-luna", max_cost_usd=1.0)
    assert prepare(request, Registry())
    dearer = replace(request, completion_args={"service_tier": "priority"})
    with pytest.raises(UsageError, match="needs the price of gpt-6-luna at service_tier=priority"):
        prepare(dearer, Registry())
