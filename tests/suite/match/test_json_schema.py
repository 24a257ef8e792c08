"""JsonSchema: valid by the schema, right field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model, recorded, run_over

from evals.errors import BadSample, UsageError
from evals.suite.match.json_schema import JsonSchema, fields_of, right_fields, same_value
from evals.suite.match.json_schemas import NoSchema, NotJson, is_strict, schema_in, strict_json, validator_of

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("completion", "correct", "valid", "fields"),
    [
        ('{"name": "Ada", "age": 36}', True, 1.0, 1.0),
        ('{"name": "Ada", "age": 36.0}', True, 1.0, 1.0),
        ('{"name": "Ada", "age": 35}', False, 1.0, 0.5),
        ('{"name": "Ada", "age": "36"}', False, 0.0, 0.5),
        ('{"name": "Ada"}', False, 0.0, 0.5),
        ('{"name": "Ada", "age": 36, "x": 1}', False, 0.0, 1.0),
        ('```json\n{"name": "Ada", "age": 36}\n```', False, 0.0, 0.0),
        ("[]", False, 0.0, 0.0),
        ("", False, 0.0, 0.0),
    ],
)
def test_an_answer_must_be_valid_and_have_every_field(
    completion: str, correct: bool, valid: float, fields: float
) -> None:
    sample = {"input": "?", "ideal": {"name": "Ada", "age": 36}}
    recorder = recorded(JsonSchema, sample, completion, schema=PERSON)
    ((args, _),) = recorder.matches
    assert args == (correct,)
    assert {name: recorder.metrics[0][name] for name in ("valid", "fields")} == {"valid": valid, "fields": fields}


def test_without_an_ideal_a_valid_answer_is_right() -> None:
    assert recorded(JsonSchema, {"input": "?"}, '{"name": "", "age": 0}', schema=PERSON).matches[0][0] == (True,)
    assert recorded(JsonSchema, {"input": "?"}, '{"name": "", "age": -1}', schema=PERSON).matches[0][0] == (False,)


def test_the_best_of_several_ideals_counts() -> None:
    sample = {"input": "?", "ideal": ['{"name": "Ada", "age": 1}', {"name": "Bo", "age": 2}]}
    assert recorded(JsonSchema, sample, '{"name": "Bo", "age": 2}', schema=PERSON).matches[0][0] == (True,)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{'a': 1}", "{} {}", "[" * 100_000, "", "1" * 5000])
def test_what_python_reads_and_json_does_not_have_is_not_json(text: str) -> None:
    with pytest.raises(NotJson):
        strict_json(text)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(1, 1.0, True), (1, True, False), (0, False, False), (True, True, True), ([1], [1.0], True), ([1], [True], False)]
    + [({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"a": 1, "b": None}, False), (None, None, True), ("a", "A", False)],
)
def test_numbers_are_equal_by_value_and_true_is_no_number(left: Any, right: Any, same: bool) -> None:
    assert same_value(left, right) is same


def test_fields_are_what_stands_in_objects_at_any_depth() -> None:
    assert fields_of({"a": {"b": 1, "c": [1, {"d": 2}]}, "e": {}}) == {"a.b": 1, "a.c": [1, {"d": 2}], "e": {}}
    assert right_fields({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}) == {"a.b": True, "a.c": False}
    assert right_fields([1], [1]) == {"": True}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "text"}, "'text' is not valid"),
        ([], "a schema is an object"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "leads nowhere"),
        ({"$ref": "https://example.org/a.json"}, "leads out of the schema"),
        ({"minimum": "1"}, "is not of type 'number'"),
    ],
)
def test_a_schema_that_is_none_is_refused_before_the_first_call(schema: Any, said: str) -> None:
    with pytest.raises(NoSchema, match=said):
        validator_of(schema)
    with pytest.raises(UsageError, match="no JSON schema"):
        JsonSchema([Model("{}")], "", schema=schema)
    with pytest.raises(BadSample, match="no JSON schema"):
        JsonSchema([Model("{}")], "").check_sample({"input": "?", "schema": schema})


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ({"input": "?", "ideal": {"name": "Ada"}}, "'ideal' is not valid by the schema"),
        ({"input": "?", "ideal": "Ada"}, "'ideal' is not JSON"),
        ({"ideal": "{}"}, "no 'input'"),
    ],
)
def test_rows_are_checked_against_the_schema(sample: Any, said: str) -> None:
    with pytest.raises(BadSample, match=said):
        JsonSchema([Model("{}")], "", schema=PERSON).check_sample(sample)


def test_a_row_without_any_schema_is_refused() -> None:
    with pytest.raises(BadSample, match="no schema"):
        JsonSchema([Model("{}")], "").check_sample({"input": "?"})


def test_the_schema_goes_into_the_request() -> None:
    model = Model("{}")
    JsonSchema([model], "", schema=PERSON, max_tokens=50).eval_sample({"input": "?"}, None)
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": PERSON, "strict": True}}
    assert model.calls == [("?", {"temperature": 0.0, "max_tokens": 50, "response_format": wanted})]


def test_the_response_format_of_a_sample_comes_first() -> None:
    own = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array"}}}
    model = Model("[]")
    evaluation = JsonSchema([model], "", schema=PERSON)
    evaluation.eval_sample({"input": "?", "response_format": own}, None)
    assert model.calls[0][1]["response_format"] == own
    JsonSchema([model], "", schema=PERSON, send_schema=False).eval_sample({"input": "?"}, None)
    assert "response_format" not in model.calls[1][1]


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (PERSON, True),
        ({**PERSON, "required": ["name"]}, False),
        ({**PERSON, "additionalProperties": True}, False),
        ({"type": "object"}, False),
        ({"type": "array", "items": PERSON}, True),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, False),
        ({**PERSON, "$defs": {"x": {"type": "object"}}}, False),
    ],
)
def test_strict_is_asked_for_where_the_provider_takes_the_schema(schema: Any, strict: bool) -> None:
    assert is_strict(schema) is strict


def test_a_schema_is_found_in_the_formats_of_both_endpoints() -> None:
    assert schema_in({"type": "json_schema", "json_schema": {"schema": PERSON}}) == PERSON
    assert schema_in({"type": "json_schema", "name": "x", "schema": PERSON}) == PERSON
    assert schema_in({"type": "json_object"}) is None


def test_the_report_has_shares_by_field(tmp_path: Path) -> None:
    rows = [{"input": name, "ideal": {"name": name, "age": 1}} for name in ("a", "b")] + [{"input": "c"}]
    answers = {"a": '{"name": "a", "age": 1}', "b": '{"name": "b", "age": 2}', "c": "no"}
    report = run_over(JsonSchema, rows, lambda prompt: answers[prompt], tmp_path, schema=PERSON)
    expected = {"accuracy": 1 / 3, "valid": 2 / 3, "fields": 0.75, "fields_n": 2, "field/name": 1.0, "field/age": 0.5}
    assert {name: report[name] for name in expected} == pytest.approx(expected)
    assert report["n"] == 3
    assert report["unparsed"] == pytest.approx(1 / 3)
