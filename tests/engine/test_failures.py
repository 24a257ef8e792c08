"""HTTP replies of real servers, by class of failure."""

from __future__ import annotations

import json

import pytest

from evals.engine.failures import Kind, classify_http


def body(message: str, **error: object) -> bytes:
    return json.dumps({"error": {"message": message, **error}}).encode()


CASES = [
    (401, body("Incorrect API key provided", code="invalid_api_key"), Kind.AUTH),
    (400, body("No connected db.", type="no_db_connection", param=None, code="400"), Kind.AUTH),
    (402, body("Insufficient balance"), Kind.PAYMENT),
    (404, body("The model `gpt-9` does not exist", code="model_not_found"), Kind.UNKNOWN_MODEL),
    (429, body("You exceeded your current quota", type="insufficient_quota", code="insufficient_quota"), Kind.QUOTA),
    (429, body("Rate limit reached for requests", code="rate_limit_exceeded"), Kind.RATE_LIMIT),
    (
        429,
        body(
            "litellm.RateLimitError: RateLimitError: OpenAIException - You exceeded your current quota",
            type="throttling_error",
            param=None,
            code="429",
        ),
        Kind.QUOTA,
    ),
    (
        429,
        body(
            "You exceeded your current quota, please check your plan and billing details. Please retry in 31.2s.",
            status="RESOURCE_EXHAUSTED",
        ),
        Kind.RATE_LIMIT,
    ),
    (
        400,
        body("This model's maximum context length is 8192 tokens", code="context_length_exceeded"),
        Kind.CONTEXT_LENGTH,
    ),
    (
        400,
        b'{"object":"error","message":"This model\'s maximum context length is 4096 tokens.","code":40303}',
        Kind.CONTEXT_LENGTH,
    ),
    (
        400,
        body("prompt is too long: 210000 tokens > 200000 maximum", type="invalid_request_error"),
        Kind.CONTEXT_LENGTH,
    ),
    (413, body("Request too large"), Kind.CONTEXT_LENGTH),
    (
        400,
        body(
            "request (250 tokens) exceeds the available context size (128 tokens), try increasing it",
            code=400,
            type="exceed_context_size_error",
            n_prompt_tokens=250,
            n_ctx=128,
        ),
        Kind.CONTEXT_LENGTH,
    ),
    (400, body("sorry, no.", code=400, type="exceed_context_size_error"), Kind.CONTEXT_LENGTH),
    (400, body("The response was filtered", code="content_filter"), Kind.CONTENT_FILTER),
    (400, body("triggering Azure OpenAI's content management policy", code="content_filter"), Kind.CONTENT_FILTER),
    (400, body("Unsupported parameter: 'max_tokens'", code="unsupported_parameter"), Kind.BAD_REQUEST),
    (422, b'{"detail":[{"loc":["body","n"],"msg":"field required"}]}', Kind.BAD_REQUEST),
    (403, body("Country not supported"), Kind.BAD_REQUEST),
    (500, b"<html>Internal Server Error</html>", Kind.SERVER),
    (502, b"", Kind.SERVER),
    (503, body("The engine is currently overloaded"), Kind.OVERLOADED),
    (529, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', Kind.OVERLOADED),
    (504, b"upstream request timeout", Kind.TIMEOUT),
    (498, body("Flex tier capacity exceeded", type="capacity_exceeded"), Kind.OVERLOADED),
    (499, b'[{"error":{"code":499,"message":"The operation was cancelled.","status":"CANCELLED"}}]', Kind.SERVER),
    (424, b'{"error":"Request failed during generation: Server error: ","error_type":"generation"}', Kind.SERVER),
    (400, b'[{"error":{"code":400,"message":"model gemini-x is not found","status":"NOT_FOUND"}}]', Kind.UNKNOWN_MODEL),
]


@pytest.mark.parametrize(("status", "reply", "kind"), CASES)
def test_replies_of_servers_are_told_apart(status, reply, kind):
    assert classify_http(status, {}, reply).kind is kind


def test_the_servers_own_words_are_kept_short_and_on_one_line():
    failure = classify_http(500, {}, b"<html>\n" + b"x" * 5000)
    assert len(failure.message) <= 300
    assert "\n" not in failure.message


def test_retry_after_counts_only_where_a_retry_follows():
    assert classify_http(429, {"retry-after": "2"}, body("slow down")).retry_after_s == 2
    assert classify_http(401, {"retry-after": "2"}, body("no")).retry_after_s is None


def test_a_rate_limit_without_retry_after_is_waited_for_by_its_own_headers():
    used_up = {"X-RateLimit-Remaining-Requests": "0", "X-RateLimit-Reset-Requests": "3s"}
    assert classify_http(429, used_up, body("slow down")).retry_after_s == 3
    assert classify_http(429, {**used_up, "Retry-After": "1"}, body("slow down")).retry_after_s == 1
    assert classify_http(429, {**used_up, "X-RateLimit-Remaining-Requests": "7"}, body("x")).retry_after_s is None
    assert classify_http(500, used_up, body("no")).retry_after_s is None
