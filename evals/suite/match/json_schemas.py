"""JSON schemas of answers: read, checked before a run, applied by the package jsonschema, and put into requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


class NoSchema(ValueError):
    """A value is no JSON schema; the message says why."""


class NotJson(ValueError):
    """A text is not JSON; the message says why."""


def strict_json(text: str) -> Any:
    """The JSON value that the whole of `text` is. NaN and Infinity are not JSON.

    Raises:
        NotJson: it is none.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def validator_of(schema: Any) -> Validator:
    """A validator for `schema`, of the draft that its `$schema` names, else of draft 2020-12.

    `format` is an annotation and not checked, as the draft has it. References outside the schema are never fetched.

    Raises:
        NoSchema: it is no schema, or refers to something that is not in it.
    """
    from jsonschema import Draft202012Validator, SchemaError, validators
    from referencing import Registry

    if not isinstance(schema, Mapping):
        raise NoSchema(f"a schema is an object, not {type(schema).__name__}")
    kind = validators.validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise NoSchema(f"{error.message} (at {error.json_path})") from None
    for reference in _references(schema):
        _check_reference(schema, reference)
    validator: Validator = kind(schema, registry=Registry())  # an empty registry: nothing is looked up in the network
    return validator


def _references(part: Any) -> Iterator[str]:
    """Every `$ref` in a schema."""
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _check_reference(schema: Any, reference: str) -> None:
    """Raise NoSchema unless a reference leads to a part of the schema."""
    if not reference.startswith("#"):
        raise NoSchema(f"'$ref' {reference!r} leads out of the schema, and nothing is fetched")
    if reference != "#" and not reference.startswith("#/"):
        return  # an anchor
    found = schema
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None:
        raise NoSchema(f"'$ref' {reference!r} leads nowhere")


def first_problem(validator: Validator, value: Any) -> str | None:
    """What is wrong with a value by the schema, with its place; None if it is valid."""
    from jsonschema.exceptions import best_match

    error = best_match(validator.iter_errors(value))
    return None if error is None else f"{error.json_path}: {error.message[:200]}"


def response_format_of(schema: Mapping[str, Any], name: str = "answer") -> dict[str, Any]:
    """The `response_format` that asks for answers by `schema`, in the words of the chat endpoint.

    `strict` is true where OpenAI's strict mode takes the schema (`is_strict`).
    """
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": is_strict(schema)}}


def is_strict(schema: Any) -> bool:
    """Whether OpenAI's strict mode takes `schema`: each object requires all its properties and allows no others.

    Source: OpenAI's guide "Structured model outputs", section "Supported schemas" (2026).
    """
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        required, properties = schema.get("required", ()), schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(required) != set(properties):
            return False
        return all(map(is_strict, properties.values())) and is_strict(schema.get("$defs", {}))
    return all(map(is_strict, (part for key, part in schema.items() if key not in ("enum", "const"))))


def schema_in(response_format: Any) -> Any:
    """The schema in a `response_format`, of the chat or of the responses endpoint; None if it has none."""
    if not isinstance(response_format, Mapping) or response_format.get("type") != "json_schema":
        return None
    inner = response_format.get("json_schema", response_format)
    return inner.get("schema") if isinstance(inner, Mapping) else None
