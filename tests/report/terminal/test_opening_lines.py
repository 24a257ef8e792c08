"""What is said before a run: eval, size, model with its server, estimated cost, warnings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sums import Adder, write_sums

from evals.completion_fns.function import as_completion_fn
from evals.engine.settings import EngineSettings
from evals.report.terminal.opening import opening_lines
from evals.runner.prepare import prepare
from evals.runner.request import RunRequest


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", "not used")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return write_sums(tmp_path)


def lines_of(registry: Path, fn: object, **arguments: object) -> list[str]:
    return opening_lines(prepare(RunRequest([fn], "sums", [registry], **arguments))).splitlines()  # type: ignore[arg-type]


def test_the_server_is_named_before_it_is_paid(registry):
    first, second, third = lines_of(registry, "gpt-6-luna")
    assert first == "sums.dev.v0  4 samples  model gpt-6-luna via api.openai.com, effort medium (default)"
    assert second.startswith("about ")
    assert "prompt tokens (estimate: bytes/4), under $0.0001 for the prompts" in second
    assert third == "prompts are texts: each is sent as one user message"


def test_the_effort_that_was_asked_for_is_said(registry):
    settings = EngineSettings(overrides={"reasoning_effort": "high"})
    assert lines_of(registry, "gpt-6-luna", settings=settings)[0].endswith("via api.openai.com, effort high")
    assert lines_of(registry, "gpt-6-luna", completion_args={"effort": "low"})[0].endswith(", effort low")


def test_repeats_and_subsets_are_said(registry):
    assert lines_of(registry, as_completion_fn(Adder()), repeats=3, max_samples=1)[0] == (
        "sums.dev.v0  1 sample  x 3  model Adder"
    )


def test_warnings_have_a_line_each(registry):
    prepared = prepare(RunRequest([as_completion_fn(Adder())], "sums", [registry]))
    warned = replace(prepared, preflight=replace(prepared.preflight, warnings=["one", "two"]))
    assert opening_lines(warned).splitlines()[-2:] == ["warning: one", "warning: two"]
