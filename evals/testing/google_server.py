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
    """Answers `generateContent`. models: the model of each request.

    profile: `gemini` refuses what Gemini 3.8 refuses, and thinks before each text, within `maxOutputTokens`. n_refused:
    requests that were refused with status 400.
    """

    def __init__(
        self, answering: Answering = "Hello from loopback.", api_key: str = "test-key", *, profile: str | None = None
    ) -> None:
        super().__init__(answering, api_key)
        self.models: list[str] = []
        self.n_refused = 0
        self._thinks = profile == "gemini"

    def answer(self, request: HttpRequest) -> HttpReply:
        if request.headers.get("x-goog-api-key") != self.api_key:
            return error_reply(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        found = _PATH.fullmatch(request.path)
        if request.method != "POST" or found is None:
            return error_reply(404, "NOT_FOUND", f"{request.path} is not found")
        body = json.loads(request.body)
        self.models.append(found[1])
        fault = fault_of(body) or (fault_of_today(found[1], body) if self._thinks else None)
        if fault is not None:
            self.n_refused += 1
            return error_reply(400, "INVALID_ARGUMENT", fault)
        answer = self.answer_to(body)
        if isinstance(answer, HttpReply):
            return answer
        return thinking_reply(answer, body) if self._thinks else candidate_reply(answer)


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


THOUGHT_TOKENS = 300
"What the profile `gemini` spends before each text."


def thinking_reply(text: str, body: Mapping[str, Any]) -> HttpReply:
    """A candidate after some thoughts that are not shown; without parts where `maxOutputTokens` ends it before."""
    limit = (body.get("generationConfig") or {}).get("maxOutputTokens")
    if limit is not None and limit <= THOUGHT_TOKENS:
        counts = {"promptTokenCount": 7, "thoughtsTokenCount": limit, "totalTokenCount": 7 + limit}
        return candidate_reply(None, "MAX_TOKENS", counts)
    n = len(text.split())
    counts = {"promptTokenCount": 7, "thoughtsTokenCount": THOUGHT_TOKENS, "candidatesTokenCount": n}
    return candidate_reply(text, usage={**counts, "totalTokenCount": 7 + THOUGHT_TOKENS + n})


def fault_of_today(model: str, body: Mapping[str, Any]) -> str | None:
    """What Gemini 3.8 refuses, in Google's words as clients reported them in 2026; None for the rest."""
    config = body.get("generationConfig") or {}
    thinking = config.get("thinkingConfig") or {}
    level = str(thinking.get("thinkingLevel") or thinking.get("thinking_level") or "").upper()
    if level == "MINIMAL":
        return "Thinking level MINIMAL is not supported for this model. Please retry with other thinking level."
    if config.get("responseLogprobs"):
        return f"Logprobs is not enabled for models/{model}"
    return None
