"""A local HTTP server that speaks Anthropic's messages API, and refuses what the real server refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evals.testing.http_server import HttpReply, HttpRequest
from evals.testing.provider_server import Answering, ProviderServer


def message_reply(
    text: str,
    model: str = "claude-loopback",
    stop_reason: str = "end_turn",
    usage: Mapping[str, int] | None = None,
    content: list[dict[str, Any]] | None = None,
) -> HttpReply:
    """A reply with a message. content: blocks, instead of one with `text`. usage: token counts, else made up."""
    body = {
        "id": "msg_loopback",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}] if content is None else content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": dict(usage or {"input_tokens": 10, "output_tokens": len(text.split())}),
    }
    return HttpReply(json.dumps(body).encode(), headers=(("request-id", "req_loopback"),))


def error_reply(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> HttpReply:
    """An error, as in https://docs.anthropic.com/en/api/errors. kind: its `type`."""
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return HttpReply(json.dumps(body).encode(), status, headers=tuple((headers or {}).items()))


class AnthropicServer(ProviderServer):
    """Answers `/v1/messages`. requests: all that came, with their headers."""

    def __init__(self, answering: Answering = "Hello from loopback.", api_key: str = "test-key") -> None:
        super().__init__(answering, api_key)
        self.requests: list[HttpRequest] = []

    def answer(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        if key_of(request) != self.api_key:
            return error_reply(401, "authentication_error", "invalid x-api-key")
        if (request.method, request.path) != ("POST", "/v1/messages"):
            return error_reply(404, "not_found_error", "Not found")
        body = json.loads(request.body)
        fault = fault_of(request, body)
        if fault is not None:
            return error_reply(400, "invalid_request_error", fault)
        answer = self.answer_to(body)
        return answer if isinstance(answer, HttpReply) else message_reply(answer, model=body["model"])


def key_of(request: HttpRequest) -> str | None:
    """The key of a request, from one of two headers; SDKs from 2.0 on send `authorization`."""
    return request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")


def fault_of(request: HttpRequest, body: Mapping[str, Any]) -> str | None:
    """The message by which the real server refuses a request; None where it accepts it."""
    version = request.headers.get("anthropic-version")
    if version is None:
        return "anthropic-version: header is required"
    if version != "2023-06-01" and "temperature" in body:
        return "temperature: Extra inputs are not permitted"
    if not isinstance(body.get("max_tokens"), int):
        return "max_tokens: Field required"
    messages = body.get("messages")
    if not messages:
        return "messages: at least one message is required"
    for index, message in enumerate(messages):
        if message.get("role") not in ("user", "assistant"):
            return f"messages.{index}: unexpected role {message.get('role')!r}"
        blocks = message["content"] if isinstance(message["content"], list) else [{"text": message["content"]}]
        if not blocks or any(block.get("text") == "" for block in blocks):
            return "messages: text content blocks must be non-empty"
    return None
