"""Errors in the words of many providers: whether a wait helps, who must pay, and which are about one sample alone."""

from __future__ import annotations

import json

import pytest

from evals.engine.error_bodies import read_error
from evals.engine.failures import Kind, classify_http


def kind_of(status: int, message: str, host: str | None = None, **error: object) -> Kind:
    return classify_http(status, {}, json.dumps({"error": {"message": message, **error}}), host=host).kind


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (
            422,
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
        ),
        (422, "Input validation error: `inputs` must have less than 1024 tokens. Given: 1500"),
        (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length"),
        (400, "Range of input length should be [1, 30720]"),
        (400, "This model's maximum prompt length is 131072 but the request contains 150000 tokens."),
        (400, "Invalid request: Your request exceeded model token limit: 8192"),
        (400, "Prompt exceeds max length"),
    ],
)
def test_a_prompt_that_is_too_long_is_told_in_the_words_of_each_provider(status: int, message: str):
    assert kind_of(status, message) is Kind.CONTEXT_LENGTH


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy.", "invalid_prompt"),
        (400, "Content Exists Risk", "invalid_request_error"),
        (400, "Input data may contain inappropriate content.", "data_inspection_failed"),
        (403, 'm requires moderation on OpenAI. Your input was flagged for "violence/graphic".', 403),
        (400, "The request was rejected because it was considered high risk", "content_filter"),
        (403, "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO", None),
        (400, "\u7cfb\u7edf\u68c0\u6d4b\u5230\u53ef\u80fd\u5305\u542b\u654f\u611f\u5185\u5bb9", "1301"),
    ],
)
def test_a_filtered_prompt_is_told_in_the_words_of_each_provider(status: int, message: str, code: object):
    assert kind_of(status, message, code=code) is Kind.CONTENT_FILTER


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "Your account org-1<ak-2> is suspended, please check your plan and billing details"),
        (429, "Your account is not active, please check your billing details on our website."),
        (429, "Insufficient balance or no resource package. Please recharge."),
        (400, "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing"),
        (403, "Sorry, your account balance is insufficient"),
        (403, "Your team x has either used all available credits or reached its monthly spending limit."),
    ],
)
def test_an_account_without_money_is_told_whatever_the_status(status: int, message: str):
    assert kind_of(status, message) is Kind.PAYMENT


def test_a_used_up_quota_is_told_by_the_types_of_several_providers():
    assert kind_of(429, "no", type="exceeded_current_quota_error") is Kind.QUOTA
    assert kind_of(429, "no", code="billing_not_active") is Kind.QUOTA


def test_a_server_that_calls_tokens_a_minute_a_quota_is_waited_for():
    message = "You exceeded your current quota, please check your plan and billing details."
    assert kind_of(429, message, code="insufficient_quota") is Kind.QUOTA
    assert kind_of(429, message, "dashscope.aliyuncs.com", code="insufficient_quota") is Kind.RATE_LIMIT
    linked = f"{message} Head to https://help.aliyun.com/zh/model-studio/error-code"
    assert kind_of(429, linked, "gateway", code="insufficient_quota") is Kind.RATE_LIMIT


def test_an_answer_of_the_wrong_form_says_nothing_about_other_requests():
    assert (
        kind_of(400, "Failed to generate JSON. Please adjust your prompt.", code="json_validate_failed") is Kind.OTHER
    )


def behind(raw: object) -> str:
    metadata = {"raw": raw, "provider_name": "Together"}
    return json.dumps({"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}})


@pytest.mark.parametrize("as_text", [True, False])
def test_the_provider_behind_a_gateway_has_its_say(as_text: bool):
    inner = {"error": {"message": "This model's maximum context length is 8192 tokens", "type": "BadRequest"}}
    failure = classify_http(400, {}, behind(json.dumps(inner) if as_text else inner))
    assert failure.kind is Kind.CONTEXT_LENGTH
    assert failure.message == "Provider returned error: This model's maximum context length is 8192 tokens"


def test_words_that_a_message_has_late_count():
    failure = classify_http(400, {}, json.dumps({"error": {"message": f"{'x' * 400} maximum context length"}}))
    assert failure.kind is Kind.CONTEXT_LENGTH
    assert len(failure.message) <= 300


@pytest.mark.parametrize("body", ["[" * 100_000, "null", '{"error": 4}', "[]", "{}", b"\xff"])
def test_a_body_of_no_known_form_is_its_own_message(body: str | bytes):
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    assert read_error(body).message == text
