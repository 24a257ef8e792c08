"""What each hosted backend puts on the wire for one prompt: path, credentials and body, to the byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.anthropic.backend import AnthropicCompletionFn
from evals.completion_fns.google.backend import GoogleCompletionFn
from evals.completion_fns.openai.models import (
    AzureOpenAIChatCompletionFn,
    OpenAIChatCompletionFn,
    OpenAICompletionFn,
    OpenAIResponsesCompletionFn,
)
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

KEY = "test-key-0001"
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "One — two?"},
]
OPTIONS = {"temperature": 0.0, "max_tokens": 7, "stop": "\n\n", "seed": None}

CHAT_REPLY = {"model": "m-1", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
TEXT_REPLY = {"model": "m-1", "choices": [{"text": "Hi", "finish_reason": "stop"}]}
RESPONSES_REPLY = {
    "model": "m-1",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}],
}
MESSAGE_REPLY = {
    "id": "msg",
    "type": "message",
    "role": "assistant",
    "model": "m-1",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
CANDIDATE_REPLY = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}


class Listening:
    """A server that keeps the requests as they came and gives one reply to all."""

    def __init__(self, reply: Any) -> None:
        self.requests: list[HttpRequest] = []
        self._reply = HttpReply(json.dumps(reply).encode())

    def answer(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        return self._reply

    def finished(self) -> None:
        """Nothing is counted."""


def sent(make: Callable[[str], Any], reply: Any, **kwargs: Any) -> tuple[HttpRequest, Completions]:
    """The one request that a call sends, and what came of its reply."""
    app = Listening(reply)
    server = ServerThread(app)
    fn = make(f"http://127.0.0.1:{server.start()}")

    async def once() -> Completions:
        try:
            result: Completions = await fn.complete(CHAT, **kwargs)
            return result
        finally:
            await fn.aclose()

    try:
        result = asyncio.run(once())
    finally:
        server.stop()
    (request,) = app.requests
    return request, result


OPENAI: list[tuple[str, Any, Any, str, bytes]] = [
    (
        "chat",
        OpenAIChatCompletionFn,
        CHAT_REPLY,
        "/v1/chat/completions",
        '{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"One — two?"}],'
        '"temperature":0.0,"max_tokens":7,"stop":"\\n\\n","top_p":0.5,"user":"u"}'.encode(),
    ),
    (
        "completions",
        OpenAICompletionFn,
        TEXT_REPLY,
        "/v1/completions",
        '{"model":"m","prompt":"Be brief.\\nUser: One — two?\\nAssistant:",'
        '"temperature":0.0,"max_tokens":7,"stop":"\\n\\n","top_p":0.5,"user":"u"}'.encode(),
    ),
    (
        "responses",
        OpenAIResponsesCompletionFn,
        RESPONSES_REPLY,
        "/v1/responses",
        '{"model":"m","input":[{"role":"system","content":"Be brief."},{"role":"user","content":"One — two?"}],'
        '"temperature":0.0,"top_p":0.5,"user":"u","max_output_tokens":16,"store":false,"stream":false}'.encode(),
    ),
]


@pytest.mark.parametrize("transport", ["http", "sdk"])
@pytest.mark.parametrize(("cls", "reply", "path", "body"), [row[1:] for row in OPENAI], ids=[row[0] for row in OPENAI])
def test_openai_by_either_transport(cls: Any, reply: Any, path: str, body: bytes, transport: str):
    def make(url: str) -> Any:
        options: dict[str, Any] = {"top_p": 0.5, "extra_options": {"user": "u", "logprobs": None}}
        return cls(
            "m", f"{url}/v1", KEY, transport=transport, organization="org", headers={"x-gateway": "g"}, **options
        )

    request, result = sent(make, reply, **OPTIONS, logprobs=True)
    assert (request.method, request.path, request.query) == ("POST", path, "")
    assert request.body == body
    headers = request.headers
    assert (headers["authorization"], headers["openai-organization"]) == (f"Bearer {KEY}", "org")
    assert (headers["content-type"], headers["x-gateway"]) == ("application/json", "g")
    assert result.texts == ["Hi"]


def test_openai_sends_these_headers_and_no_others_by_the_lean_transport():
    request, _ = sent(lambda url: OpenAIChatCompletionFn("m", f"{url}/v1", KEY), CHAT_REPLY)
    expected = {"host", "accept", "accept-encoding", "content-length", "content-type", "authorization", "user-agent"}
    assert request.headers.keys() == expected
    assert request.headers["user-agent"] == "oaieval"


def test_azure_names_deployment_and_version_and_sends_its_own_key():
    def make(url: str) -> Any:
        return AzureOpenAIChatCompletionFn("m", azure_endpoint=url, api_version="2024-06-01", api_key=KEY)

    request, _ = sent(make, CHAT_REPLY, temperature=0.0)
    assert (request.path, request.query) == ("/openai/deployments/m/chat/completions", "api-version=2024-06-01")
    assert request.headers["api-key"] == KEY
    assert json.loads(request.body) == {"model": "m", "messages": CHAT, "temperature": 0.0}


def test_anthropic():
    pytest.importorskip("anthropic", reason="needs the extra: pip install 'oaieval[anthropic]'")

    def make(url: str) -> Any:
        return AnthropicCompletionFn(
            "m", base_url=url, api_key=KEY, top_k=5, extra_options={"metadata": {"user_id": "u"}}
        )

    request, result = sent(make, MESSAGE_REPLY, **OPTIONS)
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert KEY in (request.headers.get("x-api-key"), request.headers.get("authorization", "").removeprefix("Bearer "))
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert json.loads(request.body) == {
        "model": "m",
        "max_tokens": 7,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "One — two?"}]}],
        "system": "Be brief.",
        "temperature": 0.0,
        "stop_sequences": ["\n\n"],
        "top_k": 5,
        "metadata": {"user_id": "u"},
    }
    assert result.request == {
        "max_tokens": 7,
        "temperature": 0.0,
        "stop_sequences": ["\n\n"],
        "top_k": 5,
        "metadata": {"user_id": "u"},
    }


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
def test_google():
    pytest.importorskip("google.genai", reason="needs the extra: pip install 'oaieval[google]'")

    def make(url: str) -> Any:
        return GoogleCompletionFn(
            "m", base_url=url, api_key=KEY, top_k=5, extra_options={"response_mime_type": "text/plain"}
        )

    request, result = sent(make, CANDIDATE_REPLY, **{**OPTIONS, "seed": 3})
    assert request.method == "POST"
    assert request.path.endswith("/models/m:generateContent")
    assert request.headers["x-goog-api-key"] == KEY
    body = json.loads(request.body)
    assert body.pop("systemInstruction")["parts"] == [{"text": "Be brief."}]
    assert body == {
        "contents": [{"role": "user", "parts": [{"text": "One — two?"}]}],
        "generationConfig": {
            "temperature": 0.0,
            "maxOutputTokens": 7,
            "stopSequences": ["\n\n"],
            "seed": 3,
            "topK": 5.0,
            "responseMimeType": "text/plain",
        },
    }
    assert result.request is not None
    assert result.request["max_output_tokens"] == 7
