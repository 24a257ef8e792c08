"""Request bodies: parameters overlaid, renamed, dropped; messages in the shape of each endpoint."""

from __future__ import annotations

import pytest

from evals.completion_fns.hosted import overlaid
from evals.completion_fns.openai.refusals import adapted
from evals.completion_fns.openai.requests import (
    RequestRules,
    recorded_request,
    responses_body,
)


def test_later_layers_win_and_none_takes_a_parameter_away():
    assert overlaid({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": None}) == {"b": 3, "c": 4}


@pytest.mark.parametrize(
    ("message", "body", "rules"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            {"max_tokens": 5},
            RequestRules({"max_tokens": "max_completion_tokens"}),
        ),
        (
            "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.",
            {"temperature": 0.0},
            RequestRules({}, frozenset({"temperature"})),
        ),
        ("Unrecognized request argument supplied: seed", {"seed": 1}, RequestRules({}, frozenset({"seed"}))),
        (
            "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
            {"messages": []},
            RequestRules({}, frozenset(), "developer"),
        ),
        ("Unsupported parameter: 'temperature' is not supported with this model.", {}, None),
        ("Unsupported parameter: 'logprobs' is not supported with this model.", {"logprobs": True}, None),
        ("Invalid value for 'temperature'", {"temperature": 7}, None),
    ],
)
def test_rules_follow_from_what_the_server_refuses(message: str, body: dict, rules: RequestRules | None):
    assert adapted(RequestRules(), message, body) == rules


def test_a_refused_developer_role_becomes_user_and_then_nothing_more():
    message = "Unsupported value: 'messages[0].role' does not support 'developer' with this model."
    rules = adapted(RequestRules(system_role="developer"), message, {})
    assert rules == RequestRules(system_role="user")
    assert adapted(rules, message, {}) is None


def test_the_responses_endpoint_gets_its_own_names():
    options = {
        "max_tokens": 50,
        "n": 2,
        "stop": ".",
        "seed": 1,
        "logit_bias": {},
        "reasoning_effort": "low",
        "logprobs": True,
        "top_logprobs": 3,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
    }
    chat = [
        {"role": "system", "name": "example_user", "content": "q"},
        {"role": "system", "name": "example_assistant", "content": [{"type": "text", "text": "a"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": "https://x.test/a.png"}]},
    ]
    body = responses_body("m", chat, options, RequestRules())
    assert body == {
        "model": "m",
        "input": [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
            {"role": "user", "content": [{"type": "input_image", "image_url": "https://x.test/a.png"}]},
        ],
        "max_output_tokens": 50,
        "store": False,
        "reasoning": {"effort": "low"},
        "include": ["message.output_text.logprobs"],
        "top_logprobs": 3,
        "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}},
        "stream": False,
    }


def test_a_request_without_parameters_leaves_nothing_in_the_record():
    assert recorded_request({"model": "m", "messages": []}, {}) is None
