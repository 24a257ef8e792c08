"""Replies that are JSON: valid by their schema whatever the model writes, and read by the SDK's own `parse`."""

from __future__ import annotations

import asyncio
import json
from enum import Enum
from typing import Any, Literal

import jsonschema
import pydantic
import pytest
from stand_in import StandIn

from evals.local_models.language_model import ContextExceeded, Sampling
from evals.serving.api_error import ApiError
from evals.serving.json_form import MAX_DEPTH, JsonForm, read_form
from evals.serving.json_replies import json_completions
from evals.serving.served_model import ServedModel

SCHEMAS: list[dict[str, Any]] = [
    {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 3, "maximum": 9}},
    },
    {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b", 3, None]}, "is": {"type": "boolean"}, "no": {"type": "null"}},
    },
    {
        "type": "object",
        "properties": {
            "x": {"type": "number", "minimum": 1.5},
            "s": {"type": "string", "maxLength": 3, "minLength": 2},
        },
    },
    {"type": "array", "items": {"type": "string"}, "minItems": 3},
    {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    {
        "$ref": "#/$defs/two",
        "$defs": {"two": {"type": "object", "properties": {"a": {"$ref": "#/$defs/one"}}}, "one": {"const": 1}},
    },
    {"type": ["integer", "null"]},
    {"anyOf": [{"type": "object", "properties": {}}, {"type": "null"}]},
]


def written(schema: dict[str, Any] | None, **changes: Any) -> list[str]:
    sampling = Sampling(**{"max_tokens": 400, "temperature": 1.0, "seed": 1, **changes})
    form = (
        JsonForm()
        if schema is None
        else read_form({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    )
    assert form is not None
    model = ServedModel("name", StandIn(n_ctx=1000))
    try:
        return [draw.text for draw in asyncio.run(json_completions(model, "user: q\nAnswer:", sampling, form))]
    finally:
        model.close()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_what_is_written_is_valid(schema: dict[str, Any], temperature: float):
    texts = written(schema, temperature=temperature, n=3)
    assert len(texts) == 3
    for text in texts:
        jsonschema.validate(json.loads(text), schema)


def test_all_properties_are_written_in_their_order():
    (text,) = written(SCHEMAS[0])
    assert list(json.loads(text)) == ["name", "age"]


def test_draws_differ_at_a_temperature_and_equal_seeds_give_equal_draws():
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    assert len(set(written(schema, n=4))) > 1
    assert written(schema, n=4) == written(schema, n=4)


def test_any_object_is_the_text_of_the_model_in_an_object():
    (text,) = written(None, max_tokens=40)
    assert list(json.loads(text)) == ["text"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^a"},
        {"type": "object", "properties": {"x": {"allOf": []}}},
        {"type": "object", "properties": {"x": {"type": "date"}}},
        {"$ref": "#/$defs/nothing"},
        {"$ref": "#"},
        {"anyOf": []},
        {"enum": []},
    ],
    ids=str,
)
def test_a_schema_with_more_than_is_kept_to_is_refused(schema: dict[str, Any]):
    with pytest.raises(ApiError) as caught:
        read_form({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    assert caught.value.status == 400
    assert caught.value.code == "unsupported_schema"


def test_a_schema_that_goes_deeper_than_is_read_is_refused():
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(MAX_DEPTH + 1):
        schema = {"type": "array", "items": schema}
    with pytest.raises(ApiError, match="nested deeper"):
        read_form({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})


def test_values_that_do_not_fit_into_the_context_are_an_error_and_no_half_object():
    with pytest.raises(ContextExceeded):
        written({"type": "array", "items": {"type": "string"}, "minItems": 60})


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(pydantic.BaseModel):
    tags: list[str]
    size: Literal["s", "m"]


class Found(pydantic.BaseModel):
    name: str
    count: int
    ratio: float
    is_new: bool
    colour: Colour
    inner: Inner
    note: str | None


def test_the_sdks_parse_gives_an_object(client: Any):
    reply = client.chat.completions.parse(
        model="stand-in", messages=[{"role": "user", "content": "q"}], response_format=Found, seed=1, max_tokens=400
    )
    assert isinstance(reply.choices[0].message.parsed, Found)
    assert reply.choices[0].finish_reason == "stop"


def test_json_mode_over_http_whole_and_streamed(client: Any):
    asked = {
        "model": "stand-in",
        "messages": [{"role": "user", "content": "q"}],
        "response_format": {"type": "json_object"},
        "seed": 1,
        "max_tokens": 60,
    }
    whole = client.chat.completions.create(**asked).choices[0].message.content
    pieces = [chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(**asked, stream=True)]
    assert isinstance(json.loads(whole), dict)
    assert "".join(pieces) == whole
