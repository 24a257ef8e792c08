"""The JSON that a chat request asks for: reads `response_format`, and refuses schemas that are not kept to here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.serving.api_error import ApiError, wrong_type, wrong_value

MAX_DEPTH = 12
MAX_VALUES = 200
"Values that a schema may ask for, those of all its objects together."
_ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "$schema", "$id", "$defs", "definitions", "additionalProperties"}
)
_OF_TYPE = {
    "object": frozenset({"properties", "required"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength"}),
    "integer": frozenset({"minimum", "maximum"}),
    "number": frozenset({"minimum", "maximum"}),
    "boolean": frozenset(),
    "null": frozenset(),
}
"The keywords that are kept to, by type."


@dataclass(frozen=True)
class JsonForm:
    """What a reply must be. schema: without references; None for any object."""

    schema: Mapping[str, Any] | None = None


def read_form(value: Any) -> JsonForm | None:
    """The form that `response_format` asks for; None for plain text.

    Raises:
        ApiError: it is none of the API's, or its schema has a keyword that is not kept to here.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong_type("response_format", "an object", value)
    kind = value.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return JsonForm()
    if kind != "json_schema":
        raise wrong_value(
            "response_format.type", f"{kind!r}. Supported values are: 'text', 'json_object', 'json_schema'."
        )
    named = value.get("json_schema")
    schema = named.get("schema") if isinstance(named, dict) else None
    if not isinstance(schema, dict):
        raise wrong_type("response_format.json_schema.schema", "an object", schema)
    return JsonForm(_Reader(schema).read(schema, 0))


class _Reader:
    """Reads one schema. root: the whole of it, for references."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._n_values = 0

    def read(self, schema: Any, depth: int) -> dict[str, Any]:
        self._n_values += 1
        if not isinstance(schema, dict):
            raise _refused(f"{json.dumps(schema)} is no schema that is supported here")
        if depth > MAX_DEPTH or self._n_values > MAX_VALUES:
            raise _refused(f"it is nested deeper than {MAX_DEPTH}, or asks for more than {MAX_VALUES} values")
        if "$ref" in schema:
            return self.read(self._referred(schema["$ref"]), depth + 1)
        for name in ("anyOf", "oneOf"):
            if name in schema:
                return {"anyOf": [self.read(part, depth + 1) for part in self._parts(schema, name)]}
        if "enum" in schema or "const" in schema:
            return {"enum": [schema["const"]] if "const" in schema else self._parts(schema, "enum")}
        return self._of_type(schema, depth)

    def _of_type(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        kind = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kind, list):
            return {"anyOf": [self.read({**schema, "type": one}, depth + 1) for one in kind]}
        if not isinstance(kind, str) or kind not in _OF_TYPE:
            raise _refused(f"the type {json.dumps(kind)} is not supported here")
        unknown = sorted(set(schema) - _ANNOTATIONS - _OF_TYPE[kind] - {"type"})
        if unknown:
            raise _refused(f"the keyword '{unknown[0]}' of type '{kind}' is not supported here")
        found = {name: schema[name] for name in ("type", *_OF_TYPE[kind]) if name in schema} | {"type": kind}
        if kind == "object":
            properties = schema.get("properties") or {}
            found["properties"] = {name: self.read(part, depth + 1) for name, part in properties.items()}
        if kind == "array":
            found["items"] = self.read(schema.get("items", {"type": "string"}), depth + 1)
        return found

    def _referred(self, place: Any) -> Any:
        found: Any = self._root
        for part in str(place).removeprefix("#").strip("/").split("/") if place != "#" else ():
            found = found.get(part) if isinstance(found, dict) else None
        if found is None or not str(place).startswith("#"):
            raise _refused(f"the reference {json.dumps(place)} leads nowhere")
        return found

    def _parts(self, schema: Mapping[str, Any], name: str) -> list[Any]:
        parts = schema[name]
        if not isinstance(parts, list) or not parts:
            raise _refused(f"'{name}' is no list, or an empty one")
        return parts


def _refused(what: str) -> ApiError:
    return wrong_value("response_format", f"invalid schema for response_format: {what}.", "unsupported_schema")
