"""BFCL's rules for calls: by hand, and against BFCL's own checker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evals.suite.tools.call_rules import check_calls, plain

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string"}, "days": {"type": "integer"}, "wind": {"type": "number"}, "exact": {"type": "boolean"},
        "hours": {"type": "array", "items": {"type": "integer"}}, "names": {"type": "array", "items": {"type": "string"}},
        "place": {"type": "object"}, "stops": {"type": "array", "items": {"type": "object"}}, "free": {},
    },
    "required": ["city"],
}  # fmt: skip
TOOLS = {"weather.get": WEATHER, "stop": {"type": "object", "properties": {}}}


def call(name: str = "weather_get", **arguments: Any) -> Any:
    return {"id": "1", "name": name, "arguments": arguments}


def problem(accepted: dict[str, list[Any]], **arguments: Any) -> str | None:
    found = check_calls([call(**arguments)], [{"weather.get": accepted}], TOOLS)
    return None if found is None else found.kind


@pytest.mark.parametrize(
    ("accepted", "given", "said"),
    [
        ({"city": ["Paris"]}, {"city": "Paris"}, None),
        ({"city": ["New York, NY"]}, {"city": "new-york ny."}, None),
        ({"city": ["Paris"]}, {"city": "Rome"}, "wrong value"),
        ({"city": ["Paris"]}, {}, "missing parameter"),
        ({"city": ["Paris"]}, {"city": 1}, "wrong type"),
        ({"city": ["Paris"]}, {"city": "Paris", "days": 3}, "unexpected parameter"),
        ({"city": ["Paris"], "days": [3, ""]}, {"city": "Paris"}, None),
        ({"city": ["Paris"], "days": [3]}, {"city": "Paris"}, "missing parameter"),
        ({"city": ["Paris"], "days": [3]}, {"city": "Paris", "days": 3}, None),
        ({"city": ["Paris"], "days": [3]}, {"city": "Paris", "days": 3.0}, "wrong type"),
        ({"city": ["Paris"], "days": [3]}, {"city": "Paris", "days": True}, "wrong type"),
        ({"city": ["Paris"], "days": [3]}, {"city": "Paris", "days": "3"}, "wrong type"),
        ({"city": ["Paris"], "wind": [3.0]}, {"city": "Paris", "wind": 3}, None),
        ({"city": ["Paris"], "wind": [3.5]}, {"city": "Paris", "wind": 3}, "wrong value"),
        ({"city": ["Paris"], "exact": [True]}, {"city": "Paris", "exact": True}, None),
        ({"city": ["Paris"], "exact": [True]}, {"city": "Paris", "exact": 1}, "wrong type"),
        ({"city": ["Paris"], "days": ["n_days"]}, {"city": "Paris", "days": "n_days"}, None),
        ({"city": ["Paris"], "days": ["n_days"]}, {"city": "Paris", "days": "N_DAYS"}, "wrong value"),
        ({"city": ["Paris"], "hours": [[1, 2]]}, {"city": "Paris", "hours": [1, 2]}, None),
        ({"city": ["Paris"], "hours": [[1, 2]]}, {"city": "Paris", "hours": [2, 1]}, "wrong value"),
        ({"city": ["Paris"], "hours": [[1, 2]]}, {"city": "Paris", "hours": ["1", "2"]}, "wrong type"),
        ({"city": ["Paris"], "names": [["A b"]]}, {"city": "Paris", "names": ["ab"]}, None),
        ({"city": ["Paris"], "place": [{"x": [1], "y": [2, ""]}]}, {"city": "Paris", "place": {"x": 1}}, None),
        ({"city": ["Paris"], "place": [{"x": [1]}]}, {"city": "Paris", "place": {"x": 1, "z": 1}}, "wrong value"),
        ({"city": ["Paris"], "place": [{"x": [1]}]}, {"city": "Paris", "place": {}}, "wrong value"),
        ({"city": ["Paris"], "stops": [[{"x": [1]}]]}, {"city": "Paris", "stops": [{"x": 1}]}, None),
        ({"city": ["Paris"], "stops": [[{"x": [1]}]]}, {"city": "Paris", "stops": ["x"]}, "wrong type"),
        ({"city": ["Paris"], "free": [7]}, {"city": "Paris", "free": 7}, None),
    ],
)
def test_arguments_are_right_by_type_and_accepted_value(accepted: Any, given: Any, said: str | None) -> None:
    assert problem(accepted, **given) == said


def test_texts_are_compared_without_case_spaces_and_some_signs() -> None:
    assert plain("April 1, 2024") == plain("april-1_2024") == "april12024"
    assert plain("it's") == 'it"s'


def test_a_name_with_a_dot_is_the_name_that_was_sent() -> None:
    expected: Any = [{"weather.get": {"city": ["Paris"]}}]
    assert check_calls([call(city="Paris")], expected, TOOLS) is None
    assert check_calls([call("weather.get", city="Paris")], expected, TOOLS) is None
    assert check_calls([call("weather", city="Paris")], expected, TOOLS).kind == "wrong function"  # type: ignore[union-attr]


def test_several_calls_may_come_in_any_order_and_none_counts_twice() -> None:
    expected: Any = [{"weather.get": {"city": ["Paris"]}}, {"weather.get": {"city": ["Rome"]}}, {"stop": {}}]
    paris, rome, stop = call(city="Paris"), call(city="Rome"), call("stop")
    assert check_calls([stop, rome, paris], expected, TOOLS) is None
    assert check_calls([paris, paris, stop], expected, TOOLS).kind == "no match"  # type: ignore[union-attr]
    assert check_calls([paris, rome], expected, TOOLS).kind == "wrong count"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"city": None}, "city is null, which is no string"),
        ({"city": "Rome"}, 'city is "Rome", and accepted are ["Paris"]'),
    ],
)
def test_what_is_wrong_is_said_in_the_json_of_the_call(given: dict[str, Any], said: str) -> None:
    found = check_calls([call(**given)], [{"weather.get": {"city": ["Paris"]}}], TOOLS)
    assert found is not None
    assert found.what == said


def test_one_call_too_few_is_one_call() -> None:
    expected: Any = [{"weather.get": {"city": ["Paris"]}}, {"stop": {}}]
    assert check_calls([call("stop")], expected, TOOLS).what == "1 call, and 2 expected"  # type: ignore[union-attr]


def test_arguments_that_are_no_json_object_are_wrong() -> None:
    broken: Any = {"id": None, "name": "stop", "arguments": '{"a": '}
    assert check_calls([broken], [{"stop": {}}], TOOLS).kind == "unreadable arguments"  # type: ignore[union-attr]


@pytest.mark.slow
def test_verdicts_are_those_of_bfcl_on_calls_made_from_its_possible_answers(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(packages),
        "bfcl-eval==2026.3.23",
    ]
    subprocess.run(install, check=True, timeout=300)
    script = Path(__file__).parents[2] / "support" / "bfcl_checker.py"
    done = subprocess.run(
        [sys.executable, str(script), str(packages), "60"], check=True, capture_output=True, text=True, timeout=300
    )
    verdicts: Counter[tuple[Any, bool]] = Counter()
    for line in done.stdout.splitlines():
        row = json.loads(line)
        tools = {tool["name"]: tool["parameters"] for tool in row["function"]}
        calls: Any = [{"id": None, "name": k, "arguments": v} for one in row["calls"] for k, v in one.items()]
        verdicts[row["valid"], check_calls(calls, row["expected"], tools) is None] += 1
    assert verdicts[True, True] > 200
    assert verdicts[False, False] > 200
    assert verdicts[True, False] == verdicts[False, True] == 0
