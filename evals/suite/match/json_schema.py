"""JsonSchema: the completion must be JSON that a schema allows, with the right value in each field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport, Mean, with_keys
from evals.record.current import record_match, record_metrics
from evals.record.recorders import Event
from evals.suite.match.json_schemas import (
    NoSchema,
    NotJson,
    first_problem,
    response_format_of,
    schema_in,
    strict_json,
    validator_of,
)
from evals.suite.one_model import require_one
from evals.suite.samples.ideals import require

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

SCHEMA_FIX = "write a JSON schema, such as {type: object, properties: {name: {type: string}}}"


def fields_of(value: Any, path: str = "") -> dict[str, Any]:
    """The fields of a JSON value by their paths (`address.city`): what stands in objects, at any depth.

    Lists, empty objects and plain values are one field each. The path of the whole value is the empty text.
    """
    if not isinstance(value, dict) or not value:
        return {path: value}
    found: dict[str, Any] = {}
    for name, part in value.items():
        found.update(fields_of(part, f"{path}.{name}" if path else name))
    return found


def same_value(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: numbers by value (1 is 1.0), and true is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_value, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_value(left[key], right[key]) for key in left)
    return bool(left == right)


def right_fields(answer: Any, ideal: Any) -> dict[str, bool]:
    """For each field of `ideal`: whether `answer` has the same value there. Further fields of `answer` do not count."""
    given = fields_of(answer)
    # A part that is empty in one of the two has another path in the other one, and is then not found.
    return {path: path in given and same_value(given[path], value) for path, value in fields_of(ideal).items()}


class JsonSchema(StreamedEval):
    """Right if the completion is JSON, valid by the schema, and has the value of every field of `ideal`.

    schema: for all samples; a sample's own `schema`, or the one in its `response_format`, comes first. response_format:
    of the request, in the words of the chat endpoint; by default one with the schema. send_schema: false sends none, to
    see what the prompt alone does. max_tokens: of the answer; not sent if None.

    Raises:
        UsageError: not exactly one completion function, or the schema is none.
    """

    scores_without_calls = True

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        *args: Any,
        schema: dict[str, Any] | None = None,
        response_format: dict[str, Any] | None = None,
        send_schema: bool = True,
        max_tokens: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.schema = schema if schema is not None else schema_in(response_format)
        self.response_format = response_format
        self.send_schema = send_schema
        self.max_tokens = max_tokens
        self._validators: dict[str, Validator] = {}
        if self.schema is not None:
            try:
                self._validator(self.schema)
            except NoSchema as error:
                raise UsageError(f"'schema' of the eval's args is no JSON schema: {error}", fix=SCHEMA_FIX) from None

    def _validator(self, schema: Any) -> Validator:
        """The validator of a schema, made once for equal schemas."""
        key = json.dumps(schema, sort_keys=True, default=str)
        if key not in self._validators:
            self._validators[key] = validator_of(schema)
        return self._validators[key]

    def _schema_of(self, sample: Mapping[str, Any]) -> Any:
        own = sample.get("schema")
        if own is None:
            own = schema_in(sample.get("response_format"))
        return self.schema if own is None else own

    def _ideals(self, sample: Any) -> list[Any]:
        """The accepted values: `ideal` is one (an object, or JSON text), or a list of them; none without `ideal`."""
        given = sample.get("ideal")
        found = []
        for ideal in given if isinstance(given, list) else [] if given is None else [given]:
            try:
                found.append(strict_json(ideal) if isinstance(ideal, str) else ideal)
            except NotJson as error:
                raise BadSample(
                    f"'ideal' is not JSON: {error}", sample, fix="write an object, or its JSON text"
                ) from None
        return found

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input` and a schema, and each `ideal` is valid by it."""
        require(sample, "input")
        schema = self._schema_of(sample)
        if schema is None:
            raise BadSample("no schema", sample, fix="add 'schema' to the row, or to the eval's args")
        try:
            validator = self._validator(schema)
        except NoSchema as error:
            raise BadSample(f"the schema is no JSON schema: {error}", sample, fix=SCHEMA_FIX) from None
        for ideal in self._ideals(sample):
            problem = first_problem(validator, ideal)
            if problem is not None:
                raise BadSample(f"'ideal' is not valid by the schema: {problem}", sample, fix="correct one of the two")

    def ideal_completions(self, sample: Any) -> list[str]:
        """The ideal answers as JSON texts."""
        return [json.dumps(ideal) for ideal in self._ideals(sample)]

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        """Send `input` at temperature 0 with the schema; record a `match` and a `metrics` event.

        match: `correct`; `expected`, the accepted values (None without any); `picked`, the value of the completion;
        `sampled`; `parsed`, whether it is JSON; `problem`, what the schema does not allow. metrics: `valid` (0 or 1);
        with an `ideal`, `fields`, the share of its fields that are right, and `field/PATH` for each of them (0 or 1).
        Of several ideals the one with the most right fields counts.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        schema, ideals = self._schema_of(sample), self._ideals(sample)
        completion = await self.complete(sample["input"], **self._request(sample, schema))
        try:
            value, parsed = strict_json(completion), True
            problem = first_problem(self._validator(schema), value)
        except NotJson as error:
            value, parsed, problem = None, False, str(error)
        fields = max(
            (right_fields(value, ideal) if parsed else dict.fromkeys(fields_of(ideal), False) for ideal in ideals),
            key=lambda found: sum(found.values()) / len(found),
            default=None,
        )
        correct = problem is None and (fields is None or all(fields.values()))
        record_match(correct, expected=ideals or None, picked=value, sampled=completion, parsed=parsed, problem=problem)
        record_metrics(valid=float(problem is None), **_field_scores(fields))

    def _request(self, sample: Mapping[str, Any], schema: Any) -> dict[str, Any]:
        """The options of the request of a sample."""
        request: dict[str, Any] = {"temperature": 0.0}
        if self.max_tokens is not None:
            request["max_tokens"] = self.max_tokens
        if self.send_schema:
            own = sample.get("response_format") or (None if sample.get("schema") else self.response_format)
            request["response_format"] = own or response_format_of(schema)
        return request

    def new_report(self) -> Report:
        """An empty FieldReport."""
        return FieldReport()


def _field_scores(fields: Mapping[str, bool] | None) -> dict[str, float]:
    if fields is None:
        return {}
    share = sum(fields.values()) / len(fields)
    return {"fields": share, **{f"field/{path}": float(right) for path, right in fields.items() if path}}


class FieldReport(MatchReport):
    """Accuracy and `unparsed`; the shares `valid` and `fields`; and for each field the share that is right.

    `field/PATH` has its own `field/PATH_n`: the samples whose ideal has that field.
    """

    def __init__(self) -> None:
        super().__init__()
        self._means: dict[str, Mean] = {}

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Add the `match` and `metrics` events of one sample."""
        super().add(sample_id, events)
        for event in events:
            if event.type == "metrics":
                for name, value in event.data.items():
                    if name in ("valid", "fields") or name.startswith("field/"):
                        self._means.setdefault(name, Mean()).add(sample_id, float(value))

    def as_dict(self) -> dict[str, Any]:
        """The report so far."""
        report = super().as_dict()
        shown = sorted(self._means, key=lambda name: (name.startswith("field/"), name != "valid", name))
        for name in shown:
            report = with_keys(report, name, self._means[name])
        return report
