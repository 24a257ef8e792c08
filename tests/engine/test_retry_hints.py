"""How long a reply asks to wait, in the words of each server."""

from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest

from evals.engine.failures import Kind, classify_http
from evals.engine.retry_hints import asked_wait_s, retry_after_s, wait_in_body, wait_in_words

GOOGLE = {
    "error": {
        "code": 429,
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel", "quotaValue": "10"}],
            },
            {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"url": "https://ai.google.dev"}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
        ],
    }
}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"RETRY-AFTER": "-4"}, 0),
        ({"llm_provider-retry-after": "7"}, 7),
        ({"llm_provider-retry-after-ms": "1500"}, 1.5),
        ({"llm_provider-retry-after": "7", "Retry-After": "2"}, 2),
        ({}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_retry_after_in_its_forms(headers, seconds):
    assert retry_after_s(headers) == seconds


def test_retry_after_as_a_date():
    assert retry_after_s({"Retry-After": formatdate(1000.0, usegmt=True)}, now_s=990.0) == 10


def test_a_date_is_read_by_the_server_s_own_clock():
    headers = {"Retry-After": "Fri, 01 Jan 2100 00:00:30 GMT", "Date": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert retry_after_s(headers) == pytest.approx(30.0)


@pytest.mark.parametrize("text", ["inf", "nan", "soon", "", "1e999", "Thu, 99 Foo 2100"])
def test_a_retry_after_that_says_nothing_counts_as_none(text):
    assert retry_after_s({"Retry-After": text}) is None


def behind(raw: object) -> str:
    """An error of OpenRouter that has the error of the provider behind it."""
    return json.dumps({"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": raw}}})


@pytest.mark.parametrize("form", [GOOGLE, [GOOGLE]], ids=["an object", "a list, by the OpenAI endpoint"])
@pytest.mark.parametrize("indent", [None, 2])
def test_google_s_retry_delay_is_read_and_the_call_waited_for(form: object, indent: int | None) -> None:
    failure = classify_http(429, {}, json.dumps(form, indent=indent).encode())
    assert (failure.kind, failure.retry_after_s) == (Kind.RATE_LIMIT, 34.0)


@pytest.mark.parametrize(("delay", "seconds"), [("0.421239755s", 0.421239755), ("34.5s", 34.5), ("0s", 0.0)])
def test_google_s_retry_delay_has_fractions(delay: str, seconds: float) -> None:
    assert wait_in_body(json.dumps({"error": {"details": [{"retryDelay": delay}]}})) == seconds


def test_google_s_retry_delay_is_read_behind_gateways() -> None:
    assert wait_in_body(behind(json.dumps(GOOGLE))) == 34.0
    litellm = f"litellm.RateLimitError: VertexAIException - {json.dumps(GOOGLE, indent=2).encode()!r}"
    assert wait_in_body(json.dumps({"error": {"message": litellm, "code": "429"}})) == 34.0
    assert wait_in_body(json.dumps({"error": {"message": str(GOOGLE), "code": "429"}})) == 34.0


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://x", 20.0),
        ("on tokens per min (TPM): Limit 200000. Please try again in 20ms. Visit", 0.02),
        ("on requests per day (RPD): Limit 200. Please try again in 6m0s.", 360.0),
        ("Please try again in 1h2m", 3720.0),
        ("Please try again in 1h2m3.5s.", 3723.5),
        ("tokens per day (TPD): Limit 100000, Used 99000. Please try again in 7m12.384s. Need more tokens?", 432.384),
        ("exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 26 seconds. Go", 26.0),
        ("Please retry after 1 second.", 1.0),
        ("You exceeded your current quota. Please retry in 26.660853464s.", 26.660853464),
        ("Too many requests, wait for 2 minutes and 30 seconds", 150.0),
        ("Try again in about 3 days 1 hour.", 3 * 86400 + 3600.0),
        ("Please try again later.", None),
        ("Please try again in a few seconds.", None),
        ("Please try again in 5 months.", None),
        ("Limit 10, Used 10, Requested 1s", None),
        ("", None),
    ],
)
def test_the_wait_is_read_from_the_words_of_each_server(message: str, seconds: float | None) -> None:
    assert wait_in_words(message) == pytest.approx(seconds)
    body = json.dumps({"error": {"message": message, "type": "tokens", "code": "rate_limit_exceeded"}})
    assert wait_in_body(body) == pytest.approx(seconds)
    assert wait_in_body(behind(body)) == pytest.approx(seconds)


def test_openrouter_keeps_headers_in_its_error() -> None:
    def error(**headers: str) -> str:
        return json.dumps({"error": {"message": "Rate limit exceeded", "metadata": {"headers": headers}}})

    in_a_minute = str(int((time.time() + 60) * 1000))
    assert wait_in_body(error(**{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in_a_minute})) == pytest.approx(
        60, abs=5
    )
    assert wait_in_body(error(**{"Retry-After": "7"})) == 7
    assert wait_in_body(error(**{"X-RateLimit-Reset": "soon"})) is None


def test_headers_go_before_the_body_and_the_body_before_headers_of_limits() -> None:
    body = "Please try again in 20ms."
    used_up = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "3s"}
    assert asked_wait_s({"retry-after": "2", **used_up}, body, of_rate_limit=True) == 2
    assert asked_wait_s(used_up, body, of_rate_limit=True) == 0.02
    assert asked_wait_s(used_up, "", of_rate_limit=True) == 3
    assert asked_wait_s(used_up, "", of_rate_limit=False) is None


def test_a_refusal_that_repeats_a_prompt_about_waiting_asks_for_no_wait() -> None:
    assert classify_http(400, {}, b'{"error": "bad prompt: please wait 5 seconds"}').retry_after_s is None


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", "[" * 5000, '{"metadata"', '{"error": {"metadata": {"headers": 3}}}']
)
def test_any_body_can_be_read(body: bytes | str) -> None:
    assert wait_in_body(body) is None
