"""Prompts and replies between the OpenAI API and Google's Gemini API."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion_fns.google.contents import candidate_text, config_of, content_parts, finish_reason, reply_usage


def test_openai_s_names_become_google_s_and_neutral_values_are_left_out():
    options = {"max_tokens": 9, "stop": "END", "logprobs": True, "top_logprobs": 5, "top_p": 1, "presence_penalty": 0}
    assert config_of("be brief", {**options, "n": 2, "user": "u", "seed": 3}) == {
        "system_instruction": "be brief",
        "max_output_tokens": 9,
        "stop_sequences": ["END"],
        "response_logprobs": True,
        "logprobs": 5,
        "seed": 3,
    }
    assert config_of("", {"temperature": None}) == {}


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (None, []),
        ("", []),
        ("hi", [{"text": "hi"}]),
        (
            [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}],
            [{"inline_data": {"mime_type": "image/png", "data": b"ABC"}}],
        ),
        (
            [{"type": "image_url", "image_url": "https://x.test/a.webp"}],
            [{"file_data": {"file_uri": "https://x.test/a.webp", "mime_type": "image/webp"}}],
        ),
        ([{"type": "function_call", "function_call": {}}], [{"function_call": {}}]),
    ],
)
def test_content_becomes_parts(content: Any, parts: list[Any]):
    assert content_parts(content) == parts


def test_texts_are_joined_and_thoughts_left_out():
    parts = [{"text": "t", "thought": True}, {"text": "a"}, {"inline_data": {}}, {"text": "b"}]
    assert candidate_text({"content": {"parts": parts}}) == "ab"
    assert candidate_text({}) == ""


def test_thoughts_are_completion_tokens_in_openai_s_words():
    counts = {"prompt_token_count": 5, "tool_use_prompt_token_count": 2, "candidates_token_count": 3}
    found = reply_usage({"usage_metadata": {**counts, "thoughts_token_count": 4, "cached_content_token_count": 1}})
    assert (found["prompt_tokens"], found["completion_tokens"], found["total_tokens"]) == (7, 7, 14)
    assert found["prompt_tokens_details"] == {"cached_tokens": 1}


@pytest.mark.parametrize(
    ("reason", "expected"), [("STOP", "stop"), ("SAFETY", "content_filter"), ("LANGUAGE", "language"), (None, None)]
)
def test_finish_reasons_in_openai_s_words(reason: str | None, expected: str | None):
    assert finish_reason({"finish_reason": reason}) == expected
