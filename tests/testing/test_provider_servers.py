"""The loopback servers of Anthropic's and Google's APIs: what they accept, and what they refuse."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from evals.testing.anthropic_server import AnthropicServer, message_reply
from evals.testing.google_server import GoogleServer, blocked_reply, candidate_reply
from evals.testing.http_server import HttpReply

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
USER = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
PARTS = [{"role": "user", "parts": [{"text": "hi"}]}]
ANTHROPIC = {"anthropic-version": "2023-06-01", "x-api-key": "test-key"}
GOOGLE = {"x-goog-api-key": "test-key"}
PATH = "/v1beta/models/gemini-x:generateContent"


def post(url: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with OPENER.open(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_anthropic_answers_with_a_message_and_keeps_the_body():
    with AnthropicServer("Hello there") as server:
        body = {"model": "m", "max_tokens": 5, "messages": USER}
        status, reply = post(server.base_url + "/v1/messages", body, ANTHROPIC)
        assert (status, reply["content"]) == (200, [{"type": "text", "text": "Hello there"}])
        assert (server.bodies, reply["model"]) == ([body], "m")
        assert server.requests[0].headers["x-api-key"] == "test-key"


@pytest.mark.parametrize(
    ("change", "headers", "status", "words"),
    [
        ({}, {"x-api-key": "other"}, 401, "invalid x-api-key"),
        ({}, {"anthropic-version": ""}, 400, "temperature: Extra inputs|header is required"),
        ({"max_tokens": None}, {}, 400, "max_tokens: Field required"),
        ({"messages": []}, {}, 400, "at least one message"),
        ({"messages": [{"role": "system", "content": "x"}]}, {}, 400, "unexpected role 'system'"),
        ({"messages": [{"role": "user", "content": ""}]}, {}, 400, "must be non-empty"),
        ({"temperature": 0}, {"anthropic-version": "2026-10-21"}, 400, "temperature"),
    ],
)
def test_anthropic_refuses_what_the_real_server_refuses(change, headers, status, words):
    body = {"model": "m", "max_tokens": 5, "messages": USER, **change}
    given = {name: value for name, value in {**ANTHROPIC, **headers}.items() if value}
    with AnthropicServer() as server:
        found, reply = post(server.base_url + "/v1/messages", body, given)
        assert server.bodies == []
    assert found == status
    assert any(word in reply["error"]["message"] for word in words.split("|"))


def test_anthropic_takes_the_key_from_either_header():
    with AnthropicServer(message_reply("ok", stop_reason="max_tokens")) as server:
        headers = {"anthropic-version": "2023-06-01", "authorization": "Bearer test-key"}
        body = {"model": "m", "max_tokens": 5, "messages": USER}
        assert post(server.base_url + "/v1/messages", body, headers)[1]["stop_reason"] == "max_tokens"
        assert post(server.base_url + "/v1/complete", body, headers)[0] == 404


def test_google_answers_with_a_candidate_and_keeps_model_and_body():
    with GoogleServer(lambda body: body["contents"][0]["parts"][0]["text"].upper()) as server:
        status, reply = post(server.base_url + PATH, {"contents": PARTS}, GOOGLE)
        assert (status, reply["candidates"][0]["content"]["parts"]) == (200, [{"text": "HI"}])
        assert (server.models, server.bodies) == (["gemini-x"], [{"contents": PARTS}])


@pytest.mark.parametrize(
    ("body", "headers", "path", "status", "words"),
    [
        ({"contents": PARTS}, {"x-goog-api-key": "other"}, PATH, 400, "API key not valid"),
        ({"contents": PARTS}, {}, "/v1beta/models", 404, "is not found"),
        ({}, {}, PATH, 400, "contents is not specified"),
        ({"contents": [{"role": "assistant", "parts": [1]}]}, {}, PATH, 400, "valid role"),
        ({"contents": [{"role": "user", "parts": []}]}, {}, PATH, 400, "must not be empty"),
    ],
)
def test_google_refuses_what_the_real_server_refuses(body, headers, path, status, words):
    with GoogleServer() as server:
        found, reply = post(server.base_url + path, body, {**GOOGLE, **headers})
    assert found == status
    assert words in reply["error"]["message"]


@pytest.mark.parametrize(
    ("reply", "key"), [(blocked_reply("SAFETY"), "promptFeedback"), (candidate_reply(None, "SAFETY"), "candidates")]
)
def test_a_whole_reply_is_sent_as_it_is(reply: HttpReply, key: str):
    with GoogleServer(reply) as server:
        assert key in post(server.base_url + PATH, {"contents": PARTS}, GOOGLE)[1]
