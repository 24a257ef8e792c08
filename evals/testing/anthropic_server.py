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
    """Answers `/v1/messages`. requests: all that came, with their headers.

    profile: `claude` refuses what models from Opus 4.7 on refuse, and thinks before each text, within `max_tokens`.
    n_refused: requests that were refused with status 400.
    """

    def __init__(
        self, answering: Answering = "Hello from loopback.", api_key: str = "test-key", *, profile: str | None = None
    ) -> None:
        super().__init__(answering, api_key)
        self.requests: list[HttpRequest] = []
        self.n_refused = 0
        self._thinks = profile == "claude"

    def answer(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        if key_of(request) != self.api_key:
            return error_reply(401, "authentication_error", "invalid x-api-key")
        if (request.method, request.path) != ("POST", "/v1/messages"):
            return error_reply(404, "not_found_error", "Not found")
        body = json.loads(request.body)
        fault = fault_of(request, body) or (fault_of_today(body) if self._thinks else None)
        if fault is not None:
            self.n_refused += 1
            return error_reply(400, "invalid_request_error", fault)
        answer = self.answer_to(body)
        if isinstance(answer, HttpReply):
            return answer
        return thinking_reply(answer, body) if self._thinks else message_reply(answer, model=body["model"])


THINKING_TOKENS = 300
"What the profile `claude` spends before each text."


def thinking_reply(text: str, body: Mapping[str, Any]) -> HttpReply:
    """A message after some thinking that is not shown; without text where `max_tokens` ends it before."""
    if (body.get("thinking") or {}).get("type") == "disabled":
        return message_reply(text, model=body["model"])
    thought = {"type": "thinking", "thinking": "", "signature": "sealed"}
    if body["max_tokens"] <= THINKING_TOKENS:
        usage = {"input_tokens": 10, "output_tokens": body["max_tokens"]}
        return message_reply("", body["model"], "max_tokens", usage, [thought])
    usage = {"input_tokens": 10, "output_tokens": THINKING_TOKENS + len(text.split())}
    return message_reply("", body["model"], usage=usage, content=[thought, {"type": "text", "text": text}])


def fault_of_today(body: Mapping[str, Any]) -> str | None:
    """What models from Opus 4.7 on refuse, in Anthropic's words as clients reported them in 2026; None for the rest."""
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            return f"`{name}` is deprecated for this model."
    if (body.get("thinking") or {}).get("type") == "enabled":
        return (
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.'
        )
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        return 'tool_choice: type "tool" and "any" are not supported for this model.'
    if body["messages"][-1]["role"] == "assistant":
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    for name in ("n", "seed", "logprobs", "stop", "presence_penalty", "frequency_penalty", "reasoning_effort"):
        if name in body:
            return f"{name}: Extra inputs are not permitted"
    return None


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
