"""Rows of evals of function calls: our own form, and that of BFCL's files, read and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evals.errors import BadSample, DataError, did_you_mean
from evals.json_text import dumps
from evals.record.special_files import refuse_special
from evals.suite.samples.ideals import require
from evals.suite.tools.call_rules import TYPES, sent_name

Kind = Literal["single", "parallel", "multiple", "parallel multiple", "irrelevance", "relevance"]
"""What a row asks for. single: one call, one tool. multiple: one call, several tools. parallel: several calls.
irrelevance: no call is right. relevance: some call is right, whichever it is."""

ANY_CALL = "any"
"As `ideal`: some call is right, and it is not checked which."

IDEAL_FIX = 'write [{"function": {"parameter": ["accepted", "also accepted"]}}], [] for no call, or "any"'

_JSON_TYPES = {
    "dict": "object", "float": "number", "tuple": "array", "list": "array", "any": "string", "bool": "boolean",
}  # fmt: skip
"BFCL's names of types that JSON schemas do not have, and what is sent instead, as BFCL does for OpenAI's API."


@dataclass(frozen=True)
class ToolRow:
    """One row. tools: in the words of the chat endpoint, names without dots. expected: None for `ANY_CALL`."""

    messages: Any
    tools: list[dict[str, Any]]
    parameters: Mapping[str, Mapping[str, Any]]
    "The schema of each function's parameters, by the name that it has in the row."
    expected: Sequence[Mapping[str, Any]] | None
    kind: Kind
    tool_choice: Any = None


def read_row(sample: Any, answers: Mapping[str, Any] | None = None) -> ToolRow:
    """The row of a sample. answers: BFCL's possible answers by id, for rows in its form.

    Raises:
        BadSample: the row cannot be used; it says why.
    """
    if isinstance(sample, Mapping) and "question" in sample and "input" not in sample:
        sample = _from_bfcl(sample, answers or {})
    require(sample, "input", "tools", "ideal")
    tools, parameters = _tools(sample)
    expected = _expected(sample, parameters)
    return ToolRow(sample["input"], tools, parameters, expected, _kind(expected, len(tools)), sample.get("tool_choice"))


def _kind(expected: Sequence[Any] | None, n_tools: int) -> Kind:
    if expected is None:
        return "relevance"
    if not expected:
        return "irrelevance"
    if len(expected) > 1:
        return "parallel multiple" if n_tools > 1 else "parallel"
    return "multiple" if n_tools > 1 else "single"


def _tools(sample: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Mapping[str, Any]]]:
    given = sample["tools"]
    if not isinstance(given, list) or (not given and sample["ideal"] != []):
        raise BadSample("'tools' is no list of functions", sample, fix="add at least one function")
    tools: list[dict[str, Any]] = []
    parameters: dict[str, Mapping[str, Any]] = {}
    for number, tool in enumerate(given, 1):
        function = tool.get("function", tool) if isinstance(tool, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(name, str) or not name:
            fix = 'write {"type": "function", "function": {"name": "...", "parameters": {...}}}'
            raise BadSample(f"tool {number} has no name", sample, fix=fix)
        schema = function.get("parameters") or {"type": "object", "properties": {}}
        if not _is_object_schema(schema):
            raise BadSample(f"the parameters of {name!r} are no JSON schema of an object", sample, fix="correct them")
        if sent_name(name) in [sent["function"]["name"] for sent in tools]:
            raise BadSample(f"two tools are called {sent_name(name)!r}", sample, fix="give each a name of its own")
        parameters[name] = schema
        sent = {**function, "name": sent_name(name), "parameters": json_schema(schema)}
        tools.append({"type": "function", "function": {k: v for k, v in sent.items() if k != "type"}})
    return tools, parameters


def _is_object_schema(schema: Any) -> bool:
    """Whether a value is a JSON schema of an object, as far as calls are checked by it."""
    if not isinstance(schema, Mapping):
        return False
    properties, required = schema.get("properties", {}), schema.get("required", [])
    is_named = isinstance(required, list) and all(isinstance(name, str) for name in required)
    return is_named and isinstance(properties, Mapping) and all(isinstance(p, Mapping) for p in properties.values())


def json_schema(schema: Any) -> Any:
    """The schema with BFCL's names of types as those of JSON schemas."""
    if isinstance(schema, list):
        return [json_schema(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    changed = {key: json_schema(part) for key, part in schema.items()}
    if isinstance(schema.get("type"), str):
        changed["type"] = _JSON_TYPES.get(schema["type"], schema["type"])
    return changed


def _expected(sample: Mapping[str, Any], parameters: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]] | None:
    """The expected calls. Raises BadSample if one cannot be checked."""
    ideal = sample["ideal"]
    if ideal == ANY_CALL:
        return None
    if not isinstance(ideal, list):
        raise BadSample(f"'ideal' is {dumps(ideal)[:60]}, and no list of calls", sample, fix=IDEAL_FIX)
    for number, answer in enumerate(ideal, 1):
        if not isinstance(answer, Mapping) or len(answer) != 1:
            raise BadSample(f"call {number} of 'ideal' names not exactly one function", sample, fix=IDEAL_FIX)
        ((name, accepted),) = answer.items()
        if name not in parameters:
            notes = [did_you_mean(name, parameters), f"tools: {', '.join(parameters)}"]
            raise BadSample(f"'ideal' calls {name!r}, which is no tool", sample, notes=notes, fix="correct the name")
        _check_accepted(sample, name, accepted, parameters[name])
    return ideal


def _check_accepted(sample: Any, name: str, accepted: Any, schema: Mapping[str, Any]) -> None:
    if not isinstance(accepted, Mapping):
        raise BadSample(f"the arguments of {name!r} in 'ideal' are no object", sample, fix=IDEAL_FIX)
    for parameter, values in accepted.items():
        if not isinstance(values, list):
            what = f"{parameter!r} of {name!r} in 'ideal' is {dumps(values)[:40]}, and no list of accepted values"
            raise BadSample(what, sample, fix=f"write [{dumps(values)[:40]}]")
        objects = [part for value in values for part in (value if isinstance(value, list) else [value])]
        if not all(
            isinstance(part, list | str) for one in objects if isinstance(one, Mapping) for part in one.values()
        ):
            what = f"an object that {parameter!r} of {name!r} accepts has a key without a list of accepted values"
            raise BadSample(what, sample, fix='write {"key": ["accepted", "also accepted"]}')
    for parameter, details in (schema.get("properties") or {}).items():
        kind = details.get("type") if isinstance(details, Mapping) else None
        if isinstance(kind, str) and kind not in TYPES:
            what = f"parameter {parameter!r} of {name!r} has the type {kind!r}, which is not supported"
            raise BadSample(what, sample, notes=[f"types: {', '.join(TYPES)}"], fix="leave the row out")


def _from_bfcl(sample: Mapping[str, Any], answers: Mapping[str, Any]) -> Any:
    """A row of BFCL's files in our form. Rows with several turns, and of Java and JavaScript, are refused."""
    key, turns = str(sample.get("id", "")), sample["question"]
    if not isinstance(turns, list) or len(turns) != 1 or "function" not in sample:
        raise BadSample(
            "rows of BFCL with several turns or tools of its own are not supported",
            sample,
            fix="use its single-turn files",
        )
    if "_java" in key or "javascript" in key:
        raise BadSample("rows of BFCL for Java and JavaScript are not supported", sample, fix="leave the file out")
    if key in answers:
        ideal = answers[key]
    elif "irrelevance" in key:
        ideal = []
    elif "relevance" in key:
        ideal = ANY_CALL
    else:
        fix = "name the file of possible answers as answers_jsonl"
        raise BadSample(f"no possible answer for {key!r}", sample, fix=fix)
    changed = {"input": turns[0], "tools": sample["function"], "ideal": ideal}
    return type(sample)(changed) if type(sample) is dict else _like(sample, changed)


def _like(sample: Any, changed: dict[str, Any]) -> Any:
    """`changed` with the place of `sample`."""
    from evals.sample import Sample

    return Sample(changed, path=sample.path, line=sample.line, index=sample.index)


def read_answers(path: Path | str) -> dict[str, Any]:
    """BFCL's possible answers by id, from its file of JSON lines (which ends in .json).

    Raises:
        DataError: the file cannot be read, or a line has no `id` and `ground_truth`.
    """
    answers: dict[str, Any] = {}
    refuse_special(path)
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(
            f"the answers cannot be read: {error.strerror}", where=str(path), fix="check the path"
        ) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            answers[str(row["id"])] = row["ground_truth"]
        except (ValueError, KeyError, TypeError):
            fix = 'each line is {"id": ..., "ground_truth": [...]}'
            raise DataError("this is no possible answer of BFCL", where=f"{path}:{number}", fix=fix) from None
    return answers
