"""Refused requests in the form of the API, and what the real SDK makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from evals.local_models.language_model import ContextExceeded
from evals.serving import api_error
from evals.serving.api_error import ApiError, described


def test_the_body_has_the_keys_of_the_api_whatever_the_error():
    error = ApiError("bad", status=418, kind="tea", code="pot", param="n")
    assert error.body() == {"error": {"message": "bad", "type": "tea", "code": "pot", "param": "n"}}
    assert error.status == 418
    assert ApiError("bad").body()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (api_error.no_such_url("GET", "/chat"), 404, None, "base URL of this server ends in /v1"),
        (api_error.no_such_url("GET", "/v1/chat"), 404, None, "Invalid URL (GET /v1/chat)."),
        (api_error.wrong_method("GET", "/v1/completions", "POST"), 405, "method_not_supported", "Not allowed to GET"),
        (api_error.no_such_model("x", ["a", "b"]), 404, "model_not_found", "Served here: a, b."),
        (api_error.wrong_key(), 401, "invalid_api_key", "Incorrect API key"),
        (api_error.too_large(1024), 413, "request_too_large", "1,024 bytes"),
        (api_error.missing("n"), 400, "missing_required_parameter", "'n'"),
        (api_error.wrong_type("n", "an integer", "x"), 400, "invalid_type", "but got a string instead"),
        (api_error.server_error(), 500, None, "standard error"),
    ],
)
def test_each_refusal_has_its_status_code_and_words(error: ApiError, status: int, code: str | None, words: str):
    assert (error.status, error.code) == (status, code)
    assert words in error.message


def test_a_wrong_method_names_the_right_one_in_its_header():
    assert api_error.wrong_method("GET", "/v1/completions", "POST").headers == {"Allow": "POST"}


def test_a_prompt_that_is_too_long_says_all_three_numbers():
    message = api_error.too_long(ContextExceeded(90, 20, 100), "messages").message
    assert "maximum context length is 100 tokens" in message
    assert "you requested 110 tokens (90 in the messages, 20 in the completion)" in message


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "null"), (True, "a boolean"), (1, "an integer"), (1.5, "a decimal"), ("", "a string")]
    + [([], "an array"), ({}, "an object")],
)
def test_values_are_called_as_in_json(value: Any, words: str):
    assert described(value) == words
