"""JsonValidator: completions that are JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model, recorded, run_over

from evals.errors import BadSample
from evals.suite.match.json_validator import JsonValidator, is_valid_json


@pytest.mark.parametrize("text", ['{"foo": "bar"}', "[]", "1", '"text"', " null\n", "NaN"])
def test_any_json_value_is_valid(text: str) -> None:
    assert is_valid_json(text)


@pytest.mark.parametrize("text", ["", "notjson", "{'foo': 1}", '{"foo": 1}.', "```json\n{}\n```", "[" * 100_000])
def test_anything_else_is_not(text: str) -> None:
    assert not is_valid_json(text)


@pytest.mark.parametrize(("completion", "valid"), [('{"foo": "bar"}', True), ("notjson", False)])
def test_what_is_recorded_is_what_openai_evals_records(completion: str, valid: bool) -> None:
    recorder = recorded(JsonValidator, {"input": "Hello"}, completion)
    assert recorder.matches == [((valid,), {"expected": None, "picked": completion})]


def test_the_request_is_greedy() -> None:
    model = Model("{}")
    JsonValidator([model], "").eval_sample({"input": "?"}, None)
    assert model.calls == [("?", {"temperature": 0.0})]


@pytest.mark.parametrize("sample", [None, "", {}])
def test_a_bad_sample_is_refused(sample: Any) -> None:
    with pytest.raises(BadSample):
        JsonValidator([Model("")], "").eval_sample(sample, None)


def test_a_run_needs_no_ideals(tmp_path: Path) -> None:
    report = run_over(
        JsonValidator, [{"input": "a"}, {"input": "b"}], lambda prompt: "{}" if prompt == "a" else "", tmp_path
    )
    assert (report["accuracy"], report["n"]) == (0.5, 2)
    assert report["boostrap_std"] > 0
