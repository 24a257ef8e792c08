"""A local HTTP server that speaks Google's Gemini API, and refuses what the real server refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evals.testing.http_server import HttpReply, HttpRequest
from evals.testing.provider_server import Answering, ProviderServer

_PATH = re.compile(r"/v1(?:beta)?/models/([^/:]+):generateContent")


def candidate_reply(
    text: str | None,
    finish_reason: str = "STOP",
    usage: Mapping[str, int] | None = None,
    model: str = "gemini-loopback-001",
) -> HttpReply:
    """A reply with one candidate, without content where `text` is None. usage: token counts under Google's keys."""
    content = {} if text is None else {"content": {"role": "model", "parts": [{"text": text}]}}
    counts = usage or {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}
    body = {
        "candidates": [{**content, "finishReason": finish_reason, "index": 0}],
        "usageMetadata": dict(counts),
        "modelVersion": model,
    }
    return HttpReply(json.dumps(body).encode())


def blocked_reply(reason: str) -> HttpReply:
    """The reply to a prompt that is blocked. reason: such as `SAFETY`."""
    body = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}}
    return HttpReply(json.dumps(body).encode())


def error_reply(code: int, status: str, message: str, details: list[dict[str, Any]] | None = None) -> HttpReply:
    """An error, as in https://ai.google.dev/gemini-api/docs/troubleshooting. code: the HTTP status."""
    error = {"code": code, "message": message, "status": status, **({"details": details} if details else {})}
    return HttpReply(json.dumps({"error": error}).encode(), code)


class GoogleServer(ProviderServer):
    """Answers `generateContent`. models: the model of each request."""

    def __init__(self, answering: Answering = "Hello from loopback.", api_key: str = "test-key") -> None:
        super().__init__(answering, api_key)
        self.models: list[str] = []

    def answer(self, request: HttpRequest) -> HttpReply:
        if request.headers.get("x-goog-api-key") != self.api_key:
            return error_reply(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        found = _PATH.fullmatch(request.path)
        if request.method != "POST" or found is None:
            return error_reply(404, "NOT_FOUND", f"{request.path} is not found")
        body = json.loads(request.body)
        self.models.append(found[1])
        fault = fault_of(body)
        if fault is not None:
            return error_reply(400, "INVALID_ARGUMENT", fault)
        answer = self.answer_to(body)
        return answer if isinstance(answer, HttpReply) else candidate_reply(answer)


def fault_of(body: Mapping[str, Any]) -> str | None:
    """The message by which the real server refuses a request; None where it accepts it."""
    contents = body.get("contents")
    if not contents:
        return "GenerateContentRequest.contents: contents is not specified"
    for content in contents:
        if content.get("role") not in ("user", "model"):
            return "Please use a valid role: user, model."
        if not content.get("parts"):
            return "GenerateContentRequest.contents.parts: must not be empty"
    return None
