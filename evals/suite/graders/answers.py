"""A model's answer as the namespace `sample` of hosted Evals: text, JSON, calls of tools, choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion import CompletionResult, Completions
from evals.completion_fns.tool_calls import chat_form
from evals.engine.calls import first_completion
from evals.errors import BadSample
from evals.suite.match.json_schemas import NotJson, strict_json


def sample_of(text: str, tool_calls: list[Any], finish_reason: str | None = None) -> dict[str, Any]:
    """The namespace `sample` of an answer. tool_calls: in the words of the chat endpoint.

    `output_json` is None if the text is no JSON. (Hosted Evals has it only for requests with a `response_format`.)
    """
    try:
        parsed = strict_json(text)
    except NotJson:
        parsed = None
    message = {"role": "assistant", "content": text, **({"tool_calls": tool_calls} if tool_calls else {})}
    return {
        "output_text": text,
        "output_json": parsed,
        "output_tools": tool_calls,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    }


def sample_of_result(result: CompletionResult) -> dict[str, Any]:
    """The namespace `sample` of a reply's first completion. Raises CallFailed if the reply has none."""
    reasons = getattr(result, "finish_reasons", None) or [None]
    return sample_of(first_completion(result), _tools_of(result), reasons[0])


def _tools_of(result: CompletionResult) -> list[Any]:
    """The calls of functions in a reply's first completion, in the words of the chat endpoint."""
    calls = result.tool_calls if isinstance(result, Completions) else []
    return [chat_form(call) for call in calls[0]] if calls else []


def stored_sample(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The namespace `sample` of an answer that the row holds under `sample`; None if the row holds none.

    Raises:
        BadSample: there is a `sample`, and it has no `output_text`.
    """
    given = row.get("sample")
    if given is None:
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("output_text"), str):
        raise BadSample(
            "'sample' has no 'output_text'",
            row,
            fix='write {"output_text": "..."}, or leave it out: the model then answers',
        )
    tools = given.get("output_tools") or []
    return {**sample_of(given["output_text"], tools if isinstance(tools, list) else []), **given}


def item_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The namespace `item` of a row: its `item` where it has one, as files of hosted Evals do, else the row itself."""
    item = row.get("item")
    return item if isinstance(item, Mapping) else row
