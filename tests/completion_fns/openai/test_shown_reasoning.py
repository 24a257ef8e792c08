"""Reasoning that servers send beside the text goes into the completions, whatever they call it."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion_fns.openai.results import OpenAIChatCompletionResult, OpenAIResponsesCompletionResult


def chat(**message: Any) -> OpenAIChatCompletionResult:
    return OpenAIChatCompletionResult({"choices": [{"message": {"content": "4", **message}, "finish_reason": "stop"}]})


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning": "Two and two."},
        {"reasoning_content": "Two and two."},
        {"reasoning": None, "reasoning_content": "Two and two."},
        {"thinking": "Two and two."},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Two "}, {"type": "x", "summary": "and two."}]},
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Two and two."}]},
                {"type": "text", "text": "4"},
            ]
        },
    ],
)
def test_the_fields_of_open_servers_are_read(message: dict[str, Any]):
    result = chat(**message)
    assert (result.texts, result.reasoning) == (["4"], ["Two and two."])


def test_without_reasoning_the_field_is_none():
    assert chat(reasoning="", reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}]).reasoning is None


def test_the_summaries_of_the_responses_endpoint_are_read():
    raw = {
        "status": "completed",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "First."}, {"text": "Second."}]},
            {"type": "message", "content": [{"type": "output_text", "text": "4"}]},
        ],
    }
    result = OpenAIResponsesCompletionResult(raw)
    assert (result.texts, result.reasoning) == (["4"], ["First.\n\nSecond."])
