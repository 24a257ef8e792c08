"""ToolCall over rows of both forms: what is sent, what is right, and rows that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recorded_calls import run_over

from evals.completion import Completions
from evals.errors import BadSample, DataError
from evals.record import LocalRecorder
from evals.record.reader import read_record
from evals.specs import RunSpec
from evals.suite.tools.rows import json_schema, read_answers, read_row
from evals.suite.tools.tool_call import ToolCall

WEATHER = {"type": "function", "function": {"name": "weather", "description": "Weather of a city.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}  # fmt: skip
CLOCK = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}


class Calling:
    """A completion function that calls what it is given for the text of the last message."""

    def __init__(self, calls: Callable[[str], list[Any]]) -> None:
        self.calls = calls
        self.asked: list[tuple[Any, dict[str, Any]]] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        self.asked.append((prompt, kwargs))
        text = prompt if isinstance(prompt, str) else prompt[-1]["content"]
        made = [{"id": str(n), "name": name, "arguments": given} for n, (name, given) in enumerate(self.calls(text))]
        return Completions([""], tool_calls=[made] if made else [])  # type: ignore[list-item]


def report_of(
    rows: list[Any], calls: Callable[[str], list[Any]], folder: Path, name: str = "s.jsonl", **args: Any
) -> dict[str, Any]:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluation = ToolCall([Calling(calls)], str(folder / name), eval_registry_path=folder, name="rows.dev.v0", **args)
    spec = RunSpec(["model"], "rows.dev.v0", "rows", "dev", {}, "")
    return evaluation.run(LocalRecorder(str(folder / "record.jsonl"), spec))


ROWS = [
    {"input": "single", "tools": [WEATHER], "ideal": [{"weather": {"city": ["Paris", "Paris, France"]}}]},
    {"input": "multiple", "tools": [WEATHER, CLOCK], "ideal": [{"clock": {}}]},
    {
        "input": "parallel",
        "tools": [WEATHER],
        "ideal": [{"weather": {"city": ["Paris"]}}, {"weather": {"city": ["Rome"]}}],
    },
    {"input": "none", "tools": [WEATHER], "ideal": []},
    {"input": "some", "tools": [WEATHER, CLOCK], "ideal": "any"},
]
RIGHT = {
    "single": [("weather", {"city": "paris france"})], "multiple": [("clock", {})],
    "parallel": [("weather", {"city": "Rome"}), ("weather", {"city": "Paris"})], "none": [], "some": [("clock", {})],
}  # fmt: skip


def test_each_kind_of_row_is_right_with_the_calls_that_it_expects(tmp_path: Path) -> None:
    report = report_of(ROWS, lambda text: RIGHT[text], tmp_path)
    assert (report["accuracy"], report["n"], report["unparsed"]) == (1.0, 5, 0.0)
    kinds = ("single", "multiple", "parallel", "irrelevance", "relevance")
    assert [(report[f"accuracy/{kind}"], report[f"accuracy/{kind}_n"]) for kind in kinds] == [(1.0, 1)] * 5


def test_a_call_where_none_fits_and_none_where_one_fits_are_wrong(tmp_path: Path) -> None:
    report = report_of(ROWS, lambda text: [("weather", {"city": "Paris"})] if text == "none" else [], tmp_path)
    assert report["accuracy"] == 0.0
    problems = {e.data["kind"]: e.data["problem"] for e in read_record(tmp_path / "record.jsonl").events("match")}
    assert problems == {
        "single": "no call", "multiple": "no call", "parallel": "no call", "irrelevance": "needless call", "relevance": "no call",
    }  # fmt: skip


def test_arguments_that_cannot_be_read_are_wrong_and_counted(tmp_path: Path) -> None:
    report = report_of(ROWS[:1], lambda text: [("weather", '{"city": ')], tmp_path)
    assert (report["accuracy"], report["unparsed"]) == (0.0, 1.0)


def test_the_tools_and_the_choice_are_sent() -> None:
    model = Calling(lambda text: [])
    row = {**ROWS[0], "input": [{"role": "user", "content": "?"}], "tool_choice": "required"}
    ToolCall([model], "", max_tokens=50, tool_choice="auto").eval_sample(row, None)  # type: ignore[arg-type]
    assert model.asked == [
        (row["input"], {"temperature": 0.0, "max_tokens": 50, "tool_choice": "required", "tools": [WEATHER]})
    ]


def test_a_row_without_tools_is_one_where_no_call_is_right() -> None:
    model = Calling(lambda text: [])
    ToolCall([model], "", tool_choice="auto").eval_sample({"input": "?", "tools": [], "ideal": []}, None)  # type: ignore[arg-type]
    assert model.asked == [("?", {"temperature": 0.0})]


BFCL = {
    "id": "simple_python_0", "question": [[{"role": "user", "content": "Area?"}]],
    "function": [{"name": "math.area", "description": "d", "parameters": {"type": "dict", "properties": {
        "base": {"type": "float"}, "sides": {"type": "tuple", "items": {"type": "any"}}}, "required": ["base"]}}],
}  # fmt: skip


def test_rows_of_bfcl_are_read_with_their_possible_answers(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    answers = tmp_path / "answers" / "BFCL_v4_simple_python.json"
    answers.write_text(json.dumps({"id": "simple_python_0", "ground_truth": [{"math.area": {"base": [10.0]}}]}) + "\n")
    other = {**BFCL, "id": "irrelevance_3"}
    report = report_of(
        [BFCL, other],
        lambda text: [("math_area", {"base": 10})],
        tmp_path,
        name="BFCL_v4_simple_python.json",
        answers_jsonl=str(answers),
    )
    assert (report["accuracy/single"], report["accuracy/irrelevance"], report["n"]) == (1.0, 0.0, 2)


def test_what_is_sent_has_types_and_names_that_providers_take() -> None:
    row = read_row(BFCL, {"simple_python_0": []})
    function = row.tools[0]["function"]
    assert function["name"] == "math_area"
    assert function["parameters"]["type"] == "object"
    assert function["parameters"]["properties"] == {
        "base": {"type": "number"},
        "sides": {"type": "array", "items": {"type": "string"}},
    }
    assert json_schema({"properties": {"type": {"type": "dict"}}}) == {"properties": {"type": {"type": "object"}}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tools": []}, "no list of functions"),
        ({"tools": [{"type": "function", "function": {"parameters": {}}}]}, "tool 1 has no name"),
        ({"tools": [WEATHER, WEATHER]}, "two tools are called 'weather'"),
        ({"tools": [{"name": "weather", "parameters": []}]}, "two|no JSON schema"),
        ({"ideal": [{"weather": {"city": "Paris"}}]}, "no list of accepted values"),
        ({"ideal": [{"wether": {}}]}, "calls 'wether', which is no tool"),
        ({"ideal": [{"a": {}, "b": {}}]}, "names not exactly one function"),
        ({"ideal": "weather"}, "no list of calls"),
        ({"ideal": [{"weather": []}]}, "are no object"),
        ({"tools": [{"name": "weather", "parameters": {"properties": {"city": []}}}]}, "no JSON schema of an object"),
        ({"tools": [{"name": "weather", "parameters": {"required": [["city"]]}}]}, "no JSON schema of an object"),
        ({"ideal": [{"weather": {"city": [{"a": 1}]}}]}, "a key without a list of accepted values"),
        ({"tools": [{"name": "weather", "parameters": {"properties": {"city": {"type": "text"}}}}]}, "the type 'text'"),
    ],
)
def test_a_row_that_cannot_be_checked_says_why(change: dict[str, Any], said: str) -> None:
    if change == {"tools": [{"name": "weather", "parameters": []}]}:
        change = {"tools": [{"name": "weather", "parameters": ["city"]}]}
    with pytest.raises(BadSample, match=said):
        read_row({**ROWS[0], **change})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "simple_java_0"}, "Java and JavaScript are not supported"),
        ({"question": [[], []]}, "several turns or tools of its own are not supported"),
        ({"function": None, "question": [[], []]}, "several turns"),
        ({}, "no possible answer for 'simple_python_0'"),
    ],
)
def test_rows_of_bfcl_that_are_not_supported_are_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSample, match=said):
        read_row({**BFCL, **change})


def test_a_file_of_answers_that_is_none_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"id": "x", "ground_truth": []}\n{"id": "y"}\n')
    with pytest.raises(DataError, match=r"a\.json:2: this is no possible answer"):
        read_answers(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_answers(tmp_path / "missing.json")


def test_run_over_takes_the_class_as_any_other(tmp_path: Path) -> None:
    assert run_over(ToolCall, ROWS[3:4], "no call", tmp_path)["accuracy"] == 1.0
