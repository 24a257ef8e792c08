"""Replies of real servers as they came, recorded on 2026-11-30 from the tiny model of `benchmarks/table_model.py`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evals.completion_fns.openai.results import (
    OpenAIChatCompletionResult,
    OpenAICompletionResult,
    OpenAIResponsesCompletionResult,
)
from evals.completion_fns.openai.scores import echoed_tokens, read_scores
from evals.engine.failures import CallFailed, Kind, classify_http

LLAMA_CPP_PYTHON_ECHO = {
    "text": "a cat: BW8",
    "logprobs": {
        "tokens": ["a", " ", "c", "a", "t", ":", " B", "W", "8"],
        "token_logprobs": [None, -6.999, -6.296, -5.891, -8.881, -6.535, -0.233, -1.312, -1.097],
        "text_offset": [0, 1, 2, 3, 4, 5, 6, 8, 9],
        "top_logprobs": [None, *[{}] * 8],
    },
}
"llama-cpp-python 0.3.36, a model with a begin token: `a cat:` with `max_tokens: 3`, `echo` and `logprobs`."
TRANSFORMERS_TEXT = {
    "id": "a24a25ce-c9af-4433-adec-f5cf704f85d2",
    "choices": [{"finish_reason": "length", "index": 0, "text": " BW8"}],
    "created": 1796012600,
    "model": "table@main",
    "object": "text_completion",
    "usage": {"completion_tokens": 3, "prompt_tokens": 7, "total_tokens": 10},
}
"transformers serve 5.23.0: the same request."
TRANSFORMERS_CHAT = {
    "id": "aec438f7-627f-41c7-9290-918b0266db04",
    "choices": [
        {"finish_reason": "length", "index": 0, "message": {"content": " BW8", "role": "assistant"}},
    ],
    "created": 1796012602,
    "model": "table@main",
    "object": "chat.completion",
    "usage": {"completion_tokens": 3, "prompt_tokens": 6, "total_tokens": 9},
}
"transformers serve 5.23.0, asked for `n: 3` and `logprobs`."
TRANSFORMERS_RESPONSE = {
    "id": "resp_c46c7f83-e4d2-401d-ba53-047c59dd2505",
    "created_at": 1796012649.1784964,
    "model": "table@main",
    "object": "response",
    "output": [
        {
            "id": "msg_c46c7f83-e4d2-401d-ba53-047c59dd2505",
            "content": [{"annotations": [], "text": " BW8", "type": "output_text"}],
            "role": "assistant",
            "status": "completed",
            "type": "message",
            "annotations": [],
        }
    ],
    "parallel_tool_calls": False,
    "tool_choice": "auto",
    "tools": [],
    "status": "completed",
    "usage": {
        "input_tokens": 6,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 9,
    },
}
"transformers serve 5.23.0 with `stream: false`."


def test_llama_cpp_pythons_echo_is_read_up_to_the_end_of_the_text():
    raw = {"choices": [LLAMA_CPP_PYTHON_ECHO]}
    (after,) = read_scores(raw, "a cat", [":"])
    assert (after.logprob, after.n_tokens) == (-6.535, 1)
    (whole,) = read_scores(raw, "", ["a cat:"])
    assert whole.logprob == pytest.approx(-6.999 - 6.296 - 5.891 - 8.881 - 6.535)
    assert whole.n_tokens == 5


def test_an_echo_that_lacks_its_last_token_is_no_score():
    tokens = {"tokens": ["a", " ", "c", "a", "t"], "token_logprobs": [None, -2.985, -5.669, -6.523, -6.767]}
    with pytest.raises(CallFailed, match="does not score prompts"):
        echoed_tokens({"text": "a cat:", "logprobs": tokens}, "a cat:")


def test_transformers_replies_have_no_scores_and_one_choice():
    with pytest.raises(CallFailed, match="does not score prompts"):
        read_scores(TRANSFORMERS_TEXT, "a cat", [":"])
    text, chat = OpenAICompletionResult(TRANSFORMERS_TEXT), OpenAIChatCompletionResult(TRANSFORMERS_CHAT)
    assert text.texts == chat.texts == [" BW8"]
    assert text.logprobs is None
    assert chat.logprobs is None
    assert text.finish_reasons == chat.finish_reasons == ["length"]


def test_transformers_whole_response_is_read():
    assert OpenAIResponsesCompletionResult.problem_of(dict(TRANSFORMERS_RESPONSE)) is None
    assert OpenAIResponsesCompletionResult(TRANSFORMERS_RESPONSE).texts == [" BW8"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            400,
            {
                "error": {
                    "message": "This model's maximum context length is 256 tokens, however you requested 302 tokens (301 in "
                    "your prompt; 1 for the completion). Please reduce your prompt; or completion length.",
                    "type": "invalid_request_error",
                    "param": "messages",
                    "code": "context_length_exceeded",
                }
            },
            Kind.CONTEXT_LENGTH,
        ),
        (
            500,
            {"error": {"message": "", "type": "internal_server_error", "param": None, "code": None}},
            Kind.SERVER,
        ),
        (400, {"detail": "prompt must be a string."}, Kind.BAD_REQUEST),
        (
            400,
            {"error": {"message": "No connected db.", "type": "no_db_connection", "param": None, "code": "400"}},
            Kind.AUTH,
        ),
    ],
)
def test_errors_of_these_servers_have_their_class(status: int, body: Any, kind: Kind):
    assert classify_http(status, {}, json.dumps(body).encode()).kind is kind
