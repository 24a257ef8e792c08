"""A local HTTP server that speaks Google's Gemini API, and refuses what the real one refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeAlias

from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

Answering: TypeAlias = str | HttpReply | Callable[[dict[str, Any]], str | HttpReply]

_PATH = re.compile(r"/v1(?:beta)?/models/([^/:]+):generateContent")


def candidate_reply(
    text: str | None,
    finish_reason: str = "STOP",
    usage: Mapping[str, int] | None = None,
    model: str = "gemini-loopback-001",
) -> HttpReply:
    """A reply with one candidate; without content where `text` is None."""
    content = {} if text is None else {"content": {"role": "model", "parts": [{"text": text}]}}
    counts = usage or {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}
    body = {
        "candidates": [{**content, "finishReason": finish_reason, "index": 0}],
        "usageMetadata": dict(counts),
        "modelVersion": model,
    }
    return HttpReply(json.dumps(body).encode())


def blocked_reply(reason: str) -> HttpReply:
    """What comes back for a prompt that is blocked."""
    body = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}}
    return HttpReply(json.dumps(body).encode())


def error_reply(code: int, status: str, message: str, details: list[dict[str, Any]] | None = None) -> HttpReply:
    """A refusal, as in https://ai.google.dev/gemini-api/docs/troubleshooting."""
    error = {"code": code, "message": message, "status": status, **({"details": details} if details else {})}
    return HttpReply(json.dumps({"error": error}).encode(), code)


class GoogleServer:
    """The server on a thread of this process, as a context manager.

    answering: a text, a whole reply, or a function of the request's body that gives either. api_key: calls with another
    one are refused.
    """

    def __init__(self, answering: Answering = "Hello from loopback.", api_key: str = "test-key") -> None:
        self.answering = answering
        self.api_key = api_key
        self.bodies: list[dict[str, Any]] = []
        self.models: list[str] = []
        self._thread = ServerThread(self)
        self.base_url = ""

    def __enter__(self) -> GoogleServer:
        self.base_url = f"http://127.0.0.1:{self._thread.start()}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.stop()

    def finished(self) -> None:
        """Nothing is counted at the end of a reply."""

    def answer(self, request: HttpRequest) -> HttpReply:
        if request.headers.get("x-goog-api-key") != self.api_key:
            return error_reply(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        found = _PATH.fullmatch(request.path)
        if request.method != "POST" or found is None:
            return error_reply(404, "NOT_FOUND", f"{request.path} is not found")
        body = json.loads(request.body)
        self.models.append(found[1])
        self.bodies.append(body)
        fault = fault_of(body)
        if fault is not None:
            return error_reply(400, "INVALID_ARGUMENT", fault)
        said = self.answering(body) if callable(self.answering) else self.answering
        return said if isinstance(said, HttpReply) else candidate_reply(said)


def fault_of(body: Mapping[str, Any]) -> str | None:
    """What the API would object to in a request; None where it is in order."""
    contents = body.get("contents")
    if not contents:
        return "GenerateContentRequest.contents: contents is not specified"
    for content in contents:
        if content.get("role") not in ("user", "model"):
            return "Please use a valid role: user, model."
        if not content.get("parts"):
            return "GenerateContentRequest.contents.parts: must not be empty"
    return None
