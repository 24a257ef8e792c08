"""The JSON of records and plug-ins: what becomes of values, and which keys are left out."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from datetime import date
from enum import Enum
from pathlib import Path

import pytest
from pydantic import BaseModel

from evals.json_text import dumps, encode, jsondump, jsondumps, jsonload, jsonloads, reviewable


class Model(BaseModel):
    first: str
    last: str


@dataclasses.dataclass
class Name:
    first: str
    last: str
    model: Model | None = None


class Colour(Enum):
    RED = "red"


NAME = Name("a", "b")


@pytest.mark.parametrize(
    ("value", "hidden", "expected"),
    [
        (NAME, [], {"first": "a", "last": "b", "model": None}),
        (NAME, ["last"], {"first": "a", "model": None}),
        (Model(first="a", last="b"), [], {"first": "a", "last": "b"}),
        (Model(first="a", last="b"), ["last"], {"first": "a"}),
        ({"first": "a", "last": "b"}, ["last"], {"first": "a"}),
        (Name("a", "b", Model(first="a", last="b")), ["last"], {"first": "a", "model": {"first": "a"}}),
        ([{"deep": [{"last": 1, "x": 2}]}], ["last"], [{"deep": [{"x": 2}]}]),
        ({"path": Path("a/b"), "day": date(2026, 11, 23), "colour": Colour.RED, "raw": b"\xffz"}, [], {"path": "a/b", "day": "2026-11-23", "colour": "red", "raw": "\\xffz"}),
        ({"nan": math.nan, "inf": [math.inf]}, [], {"nan": None, "inf": [None]}),
    ],
)  # fmt: skip
def test_jsondumps_gives_plain_json_without_the_hidden_keys(value, hidden, expected):
    assert json.loads(jsondumps(value, exclude_keys=hidden)) == expected


def test_jsondumps_does_not_touch_what_it_is_given():
    row = {"a": 1, "b": 2}
    jsondumps(row, exclude_keys=["a"])
    assert row == {"a": 1, "b": 2}


def test_jsondumps_takes_the_keywords_of_json_dumps():
    assert jsondumps({"b": 1, "a": "é"}, sort_keys=True, indent=1) == '{\n "a": "é",\n "b": 1\n}'
    assert jsondumps("é", ensure_ascii=True) == '"\\u00e9"'
    assert jsondumps(math.nan, allow_nan=True) == "NaN"


def test_jsondumps_refuses_what_has_no_json_form_and_a_record_writes_its_repr():
    with pytest.raises(TypeError, match="has no JSON form"):
        jsondumps({"f": len})
    assert dumps({"f": len}) == '{"f": "<built-in function len>"}'


def test_values_that_contain_themselves_end():
    circle: dict = {}
    circle["self"] = circle
    json.loads(dumps(circle))


def test_keys_that_are_no_text_become_text():
    assert json.loads(dumps({(1, 2): 3, None: 4, True: 5, 6: 7, math.nan: 8})) == {
        "(1, 2)": 3, "null": 4, "true": 5, "6": 7, "nan": 8,
    }  # fmt: skip


def test_a_lone_surrogate_survives_the_way_through_bytes():
    assert json.loads(encode(dumps("\udc80 x é"))) == "\udc80 x é"


def test_the_file_forms_are_the_text_forms():
    file = io.StringIO()
    jsondump({"a": Path("x")}, file)
    file.seek(0)
    assert jsonload(file) == jsonloads('{"a": "x"}') == {"a": "x"}


def test_json_for_review_hides_and_reorders_nothing_and_reads_back_the_same():
    value = {
        "b": "left \u202eright\u202c \u2066x",
        "a": "zero\u200bwidth \U000e0041 \ud800 \x7f",
        "c": "数学 العربية é\n\t",
    }
    text = reviewable(value)
    assert json.loads(text) == value
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "数学 العربية é" in text
    assert text.startswith('{\n "b": "left \\u202eright')
    assert reviewable(value, sort_keys=True).startswith('{\n "a"')
    with pytest.raises(ValueError, match="JSON compliant"):
        reviewable(float("nan"))
