"""Stop texts that are cut on our side, and servers that look for them in the thoughts of a model."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.completion_fns.openai.stops import cut_at, stopped_in_thoughts
from evals.specs import ModelInfo
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread


@pytest.mark.parametrize(
    ("stop", "text"), [("c", "ab"), (["d", "b"], "a"), (None, "abcd"), ([], "abcd"), ("", "abcd"), ("x", "abcd")]
)
def test_cut_at_the_first_stop_sequence(stop: object, text: str):
    assert cut_at("abcd", stop) == text


class _StopsAnywhere:
    """A server that ends at a stop text also within thoughts, as vLLM does. inline: thoughts stand in the content."""

    def __init__(self, inline: bool) -> None:
        self.inline = inline
        self.bodies: list[dict[str, Any]] = []

    def answer(self, request: HttpRequest) -> HttpReply:
        body = json.loads(request.body)
        self.bodies.append(body)
        cut = "stop" in body
        thoughts, content = "They ask: ", None if cut else "Paris.\nQuestion: more"
        message: dict[str, Any] = {"role": "assistant", "content": content, "reasoning": thoughts}
        if self.inline:
            message = {"role": "assistant", "content": f"<think>{thoughts}" + ("" if cut else f"</think>{content}")}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return HttpReply(json.dumps({"choices": [choice], "usage": usage}).encode())

    def finished(self) -> None: ...


class _Prices:
    def model_info(self, name: str) -> ModelInfo:
        return ModelInfo(name, None, 1.0, None, 2.0)


@pytest.mark.parametrize("inline", [True, False])
def test_an_answer_that_a_stop_text_in_the_thoughts_has_taken_is_asked_for_again_without_it(inline: bool):
    async def calls(fn: OpenAIChatCompletionFn) -> list[Completions]:
        try:
            return [await fn.complete("?", stop=["Question:"]) for _ in range(2)]
        finally:
            await fn.aclose()

    app = _StopsAnywhere(inline)
    server = ServerThread(app)
    port = server.start()
    try:
        first, second = asyncio.run(
            calls(OpenAIChatCompletionFn("m", f"http://127.0.0.1:{port}/v1", registry=_Prices()))
        )
    finally:
        server.stop()
    for result in (first, second):
        assert result.texts[0].rpartition("</think>")[2] == "Paris.\n"
        assert result.request == {"adapted": {"stop": None}}
    assert ["stop" in body for body in app.bodies] == [True, False, False]
    assert first.usage == {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    assert first.cost_usd == pytest.approx(2 * second.cost_usd)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "reason", "reasoning", "is_so"),
    [
        ("", "stop", "hm", True),
        ("\n", "stop", "hm", True),
        ("<think>hm", "stop", None, True),
        ("", "stop", None, False),
        ("Paris", "stop", "hm", False),
        ("", "length", "hm", False),
        ("", "tool_calls", "hm", False),
        ("<think>hm</think>", "stop", None, False),
    ],
)
def test_thoughts_without_an_answer_that_have_stopped(text: str, reason: str, reasoning: str | None, is_so: bool):
    shown = None if reasoning is None else [reasoning]
    assert stopped_in_thoughts(Completions([text], finish_reasons=[reason], reasoning=shown)) is is_so
