"""Prompts and request options of hosted Evals: `input_messages` and `sampling_params` of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.errors import BadSample, UsageError
from evals.suite.graders.answers import item_of
from evals.suite.graders.messages import MessageTemplate, read_messages
from evals.suite.graders.model_graders import SAMPLING, sampling_options
from evals.suite.graders.templates import Variable, lookup, read_template
from evals.suite.match.json_schemas import NoSchema, schema_in, validator_of
from evals.suite.samples.ideals import require

_RUN_SAMPLING = {
    **SAMPLING,
    **{name: name for name in ("max_tokens", "response_format", "tools", "tool_choice", "stop", "text")},
}
"Keys of `sampling_params` of a run, and the options of a request that they become."


@dataclass(frozen=True)
class Prompts:
    """The prompt of each row. source: messages with variables, the variable that holds messages, or None."""

    source: tuple[MessageTemplate, ...] | Variable | None

    @classmethod
    def read(cls, given: Any, where: str = "input_messages") -> Prompts:
        """The prompts that `input_messages` describe; None stands for the `input` of each row.

        Raises:
            UsageError: it cannot be read, or a variable in it is not one of the row.
        """
        if given is None:
            return cls(None)
        if isinstance(given, Mapping) and "item_reference" in given:
            (variable,) = read_template(f"{{{{ {given['item_reference']} }}}}", f"{where}.item_reference").variables
            return cls(_of_item(variable, where))
        template = given.get("template") if isinstance(given, Mapping) else given
        messages = read_messages(template, where)
        for message in messages:
            for variable in message.variables:
                _of_item(variable, where)
        return cls(tuple(messages))

    def filled(self, row: Mapping[str, Any]) -> Any:
        """The prompt of a row. Raises BadSample if the row has no value for it."""
        if self.source is None:
            holder = row if "input" in row else item_of(row)
            require(holder, "input")
            return holder["input"]
        values = {"item": item_of(row)}
        if isinstance(self.source, Variable):
            messages = lookup(self.source, values)
            if not isinstance(messages, list | str):
                raise BadSample(f"{self.source.text} holds no messages", row, fix="write a list of messages there")
            require({"input": messages}, "input")
            return messages
        return [message.filled(values) for message in self.source]


def _of_item(variable: Variable, where: str) -> Variable:
    if variable.namespace != "item":
        raise UsageError(
            f"{{{{ {variable.text} }}}} is not known before the model has answered",
            where=where,
            fix="use {{ item.NAME }}",
        )
    return variable


def request_of(sampling_params: Any, where: str = "sampling_params") -> dict[str, Any]:
    """The options of the request that `sampling_params` of a run stand for, in the words of the chat endpoint.

    `text.format` of the responses endpoint becomes `response_format`, and its flat tools become those of the chat.

    Raises:
        UsageError: a key is not supported, or a JSON schema in it is none.
    """
    options = sampling_options(sampling_params, _RUN_SAMPLING, where)
    text = options.pop("text", None)
    if isinstance(text, Mapping) and isinstance(text.get("format"), Mapping):
        options.setdefault("response_format", _chat_format(text["format"]))
    if options.get("response_format") == {"type": "text"}:
        del options["response_format"]
    if "tools" in options:
        if not isinstance(options["tools"], list):
            raise UsageError("tools is no list", where=f"{where}.tools", fix="write a list of functions")
        options["tools"] = [_chat_tool(tool, f"{where}.tools[{n}]") for n, tool in enumerate(options["tools"])]
    schema = schema_in(options.get("response_format"))
    if schema is not None:
        try:
            validator_of(schema)
        except NoSchema as error:
            fix = "correct the schema"
            raise UsageError(f"response_format holds no JSON schema: {error}", where=where, fix=fix) from None
    return options


def _chat_format(given: Mapping[str, Any]) -> dict[str, Any]:
    """The format of an answer in the words of the chat endpoint, which has name and schema one level lower."""
    if given.get("type") != "json_schema" or "json_schema" in given:
        return dict(given)
    return {"type": "json_schema", "json_schema": {key: value for key, value in given.items() if key != "type"}}


def _chat_tool(given: Any, where: str) -> dict[str, Any]:
    """A function tool in the words of the chat endpoint.

    Raises:
        UsageError: it is none, or it has no name.
    """
    kind = given.get("type") if isinstance(given, Mapping) else None
    if kind != "function":
        raise UsageError(f"tools of type {kind!r} are not supported", where=where, fix="use functions, or leave it out")
    function = given.get("function")
    if not isinstance(function, Mapping):
        function = {key: value for key, value in given.items() if key != "type"}
    if not isinstance(function.get("name"), str) or not function["name"]:
        raise UsageError("the tool has no name", where=where, fix='add "name": "..." to the function')
    return {"type": "function", "function": dict(function)}
