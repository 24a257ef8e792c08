"""JsonMatch: equal JSON values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model, recorded, run_over

from evals.errors import BadSample
from evals.suite.match.json_match import JsonMatch, json_match, parsed_or_none


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ('{"a": 1, "b": [1, 2]}', '{"b": [1.0, 2.0], "a": 1}', True),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ('{"a": 1, "b": 2}', '{"a": 1}', False),
        ('{"a": null}', '{"a": null}', False),
        ('{"a": null}', "{}", False),
        ("null", "null", False),
        ("{}", "{}", True),
        ("[]", "[]", True),
        ("[]", "[1]", False),
        ("[1, 2]", "[2, 1]", False),
        ("[null]", "[null]", False),
        ("[]", "{}", False),
        ("1", "1.0", True),
        ("1", "true", True),
        ("0", "false", True),
        ('"1"', "1", False),
        ('"a"', '"A"', False),
        ("[1]", "1", False),
        ("1", "[1]", False),
    ],
)
def test_values_are_compared_element_by_element_and_null_equals_nothing(left: str, right: str, same: bool) -> None:
    assert json_match(json.loads(left), json.loads(right)) is same


@pytest.mark.parametrize("text", ["", "{", "word", "{'a': 1}", '{"a": 1} and more', "[" * 100_000])
def test_what_is_no_json_is_read_as_null(text: str) -> None:
    assert parsed_or_none(text) is None


@pytest.mark.parametrize(
    ("completion", "ideal", "picked"),
    [
        ('{ "key": 100 }', '{"key":100}', ['{ "key": 100 }']),
        ('{ "key": 100 }', ['{"key": 99}', '{"key": 100}', '{"key": 1e2}'], ['{ "key": 100 }'] * 2),
        ('{ "key": 100 }', '{"key": 100.1}', []),
        ('{ "key": "value }', '{"key": "value"}', []),
    ],
)
def test_what_is_recorded_is_what_openai_evals_records(completion: str, ideal: Any, picked: list[str]) -> None:
    recorder = recorded(JsonMatch, {"input": "?", "ideal": ideal}, completion)
    answers = [ideal] if isinstance(ideal, str) else ideal
    assert recorder.matches == [((bool(picked),), {"expected": answers, "picked": picked})]
    assert recorder.metrics == [{"accuracy": float(bool(picked))}]


def test_the_request_is_greedy_and_bounded() -> None:
    model = Model("{}")
    JsonMatch([model], "").eval_sample({"input": "?", "ideal": "{}"}, None)
    assert model.calls == [("?", {"temperature": 0.0, "max_tokens": 512})]


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (None, "must be an object"),
        ({"ideal": "{}"}, "no 'input'"),
        ({"input": "?"}, "no 'ideal'"),
        ({"input": "?", "ideal": {"key": 1}}, "not a text"),
        ({"input": "?", "ideal": "{'key': 1}"}, "not JSON"),
    ],
)
def test_a_bad_sample_is_refused(sample: Any, message: str) -> None:
    with pytest.raises(BadSample, match=message):
        JsonMatch([Model("")], "").eval_sample(sample, None)


def test_a_run_reports_accuracy(tmp_path: Path) -> None:
    rows = [{"input": "?", "ideal": json.dumps({"n": n})} for n in range(4)]
    report = run_over(JsonMatch, rows, '{"n": 3}', tmp_path)
    assert (report["accuracy"], report["n"]) == (0.25, 4)
