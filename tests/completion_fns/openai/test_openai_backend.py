"""What all OpenAI endpoints share: what is found before the first call, and requests that are sent again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evals.completion_fns.openai.backend import OpenAIBackend
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.completion_fns.openai.requests import RequestRules
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


class Refusing:
    """Refuses requests with one of the named parameters, in OpenAI's words; keeps the bodies."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.bodies: list[bytes] = []

    def answer(self, request: HttpRequest) -> HttpReply:
        self.bodies.append(request.body)
        for name in self.names:
            if f'"{name}"'.encode() in request.body:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                return HttpReply(b'{"error": {"message": "%s"}}' % message.encode(), 400)
        return HttpReply(b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}')

    def finished(self) -> None:
        """Nothing is counted."""


def ask(app: Refusing, **kwargs: Any) -> tuple[OpenAIChatCompletionFn, Any]:
    server = ServerThread(app)
    fn = OpenAIChatCompletionFn("m", f"http://127.0.0.1:{server.start()}/v1")

    async def once() -> Any:
        try:
            return await fn.complete("hi", **kwargs)
        finally:
            await fn.aclose()

    try:
        return fn, asyncio.run(once())
    finally:
        server.stop()


def test_refused_parameters_are_left_out_one_after_the_other_and_recorded():
    app = Refusing("seed", "temperature")
    _, result = ask(app, seed=1, temperature=0.0, max_tokens=3)
    assert len(app.bodies) == 3
    assert b"seed" not in app.bodies[-1]
    assert result.request == {"max_tokens": 3, "adapted": {"seed": None, "temperature": None}}


def test_a_refused_parameter_that_decides_the_answer_is_not_left_out():
    with pytest.raises(CallFailed) as caught:
        ask(Refusing("response_format"), response_format={"type": "json_object"})
    assert caught.value.kind is Kind.BAD_REQUEST


def test_a_proxy_that_cannot_be_used_is_found_before_the_first_call(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(UsageError, match="no http proxy: socks5"):
        OpenAIChatCompletionFn("m", "http://models.invalid/v1").preflight()


def test_a_password_in_the_url_is_for_the_lean_transport_alone():
    url = "http://user:hush@models.invalid/v1"
    OpenAIChatCompletionFn("m", url).preflight()
    with pytest.raises(UsageError, match="takes no user and password"):
        OpenAIChatCompletionFn("m", url, transport="sdk").preflight()


def test_without_a_model_nothing_is_called():
    with pytest.raises(UsageError, match="no model is named"):
        OpenAIChatCompletionFn(None, "http://models.invalid/v1").preflight()


def test_an_endpoint_of_its_own_says_its_path_and_its_body():
    class Shout(OpenAIBackend):
        path = "/shout"

        def body(self, prompt: Any, options: Any, rules: RequestRules) -> dict[str, Any]:
            return {"said": prompt, **rules.apply(options)}

    fn = Shout("m", "http://models.invalid/v1", drop=["seed"])
    assert fn.body("hi", {"seed": 1, "n": 2}, fn._own_rules) == {"said": "hi", "n": 2}
    assert fn.cache_identity()["endpoint"] == "http://models.invalid/v1/shout"
