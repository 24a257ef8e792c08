"""Prompts and replies between the OpenAI API and Anthropic's messages API."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion_fns.anthropic.messages import (
    content_blocks,
    finish_reason,
    reply_text,
    reply_usage,
    request_body,
)


def test_openai_s_names_become_anthropic_s_and_neutral_or_unknown_parameters_are_left_out():
    options = {"max_completion_tokens": 9, "stop": "END", "top_p": 1, "seed": 1, "logit_bias": {}, "temperature": 0.0}
    body = request_body("m", "p", options, max_tokens=1)
    assert body == {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "p"}]}],
        "stop_sequences": ["END"],
        "temperature": 0.0,
    }


def test_a_list_of_stop_texts_stays_one_and_refused_parameters_are_left_out():
    body = request_body("m", "p", {"stop": ["a", "b"], "temperature": 1}, 5, frozenset({"temperature"}))
    assert (body["stop_sequences"], "temperature" in body, body["max_tokens"]) == (["a", "b"], False, 5)


@pytest.mark.parametrize(
    ("content", "blocks"),
    [
        (None, []),
        ("", []),
        ("hi", [{"type": "text", "text": "hi"}]),
        ([{"type": "text", "text": ""}, {"type": "text", "text": "a"}], [{"type": "text", "text": "a"}]),
        (
            [{"type": "image_url", "image_url": "data:image/png;base64,QUJD"}],
            [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}],
        ),
        (
            [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}],
            [{"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}],
        ),
        ([{"type": "document", "source": {}}], [{"type": "document", "source": {}}]),
    ],
)
def test_content_becomes_blocks(content: Any, blocks: list[Any]):
    assert content_blocks(content) == blocks


def test_texts_are_joined_and_other_blocks_left_out():
    content = [{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert reply_text({"content": content}) == "ab"
    assert reply_text({}) == ""


def test_all_input_is_prompt_tokens_in_openai_s_words():
    usage = {"input_tokens": 5, "output_tokens": 3, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 2}
    found = reply_usage({"usage": {**usage, "service_tier": "standard"}})
    assert found is not None
    assert found["prompt_tokens"] == 5 + 7 + 2
    assert (found["completion_tokens"], found["total_tokens"]) == (3, 17)
    assert found["prompt_tokens_details"] == {"cached_tokens": 7}
    assert "service_tier" not in found
    assert "prompt_tokens_details" not in (reply_usage({"usage": {"input_tokens": 1}}) or {})


@pytest.mark.parametrize("reply", [{}, {"usage": None}, {"usage": {"service_tier": "standard"}}])
def test_no_usage_is_none_and_not_zero_tokens(reply: dict[str, Any]):
    assert reply_usage(reply) is None


def test_a_block_without_a_text_is_empty():
    assert reply_text({"content": [{"type": "text", "text": None}, {"type": "text", "text": "4"}]}) == "4"


@pytest.mark.parametrize(
    ("reason", "expected"), [("end_turn", "stop"), ("max_tokens", "length"), ("pause_turn", "pause_turn"), (None, None)]
)
def test_stop_reasons_in_openai_s_words(reason: str | None, expected: str | None):
    assert finish_reason({"stop_reason": reason}) == expected
