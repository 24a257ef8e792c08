"""Streamed replies, put together as the server would have sent them in one piece."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.completion_fns.openai.streams import assembled
from evals.engine.failures import CallFailed, Kind
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def chunk(delta: Any = None, reason: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta or {}, "finish_reason": reason, **more}
    return {"id": "x", "model": "m", "choices": [choice]}


def stream(*events: Any, line_end: str = "\n", done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(event)}{line_end}{line_end}" for event in events]
    return "".join([*lines, *([f"data: [DONE]{line_end}{line_end}"] if done else [])]).encode()


ANSWER = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Fr"}),
    chunk({"reasoning_content": "ance"}),
    chunk({"content": "Pa"}),
    chunk({"content": "ris \u00e9"}),
    chunk(reason="stop"),
    {"id": "x", "choices": [], "usage": USAGE},
)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("done", [True, False])
def test_pieces_of_an_answer_are_joined_whatever_stands_between_them(line_end: str, done: bool):
    noise = f": keep-alive{line_end}{line_end}event: message{line_end}".encode()
    reply = assembled(noise + stream(*ANSWER, line_end=line_end, done=done))
    message = {"role": "assistant", "content": "Paris \u00e9", "reasoning_content": "France"}
    assert reply["choices"] == [{"index": 0, "message": message, "finish_reason": "stop"}]
    assert (reply["model"], reply["usage"]) == ("m", USAGE)


def test_a_last_event_needs_no_empty_line_after_it_and_data_may_have_several_lines():
    body = b'data:{"choices": [{"index": 0,\ndata: "text": "a", "finish_reason": "stop"}]}'
    assert assembled(body)["choices"] == [{"index": 0, "text": "a", "finish_reason": "stop"}]


def test_calls_of_functions_are_joined_by_their_index():
    def call(index: int, **function: str) -> dict[str, Any]:
        return {"index": index, "function": function, **({"id": f"c{index}"} if "name" in function else {})}

    reply = assembled(
        stream(
            chunk({"tool_calls": [call(0, name="f", arguments="")]}),
            chunk({"tool_calls": [call(0, arguments='{"a": ')]}),
            chunk({"tool_calls": [call(1, name="g", arguments="{}"), call(0, arguments="1}")]}),
            chunk(reason="tool_calls"),
        )
    )
    assert reply["choices"][0]["message"]["tool_calls"] == [
        {"id": "c0", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
        {"id": "c1", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]


def test_choices_and_log_probabilities_keep_their_order():
    first, second = {"content": [{"token": "a"}]}, {"content": [{"token": "b"}]}
    reply = assembled(
        stream(
            chunk({"content": "x"}, index=1, reason="length"),
            chunk({"content": "a"}, logprobs=first),
            chunk({"content": "b"}, logprobs=second, reason="stop"),
        )
    )
    assert [choice["message"]["content"] for choice in reply["choices"]] == ["ab", "x"]
    assert reply["choices"][0]["logprobs"] == {"content": [{"token": "a"}, {"token": "b"}]}


def test_the_last_event_of_a_response_holds_the_whole_reply():
    whole = {"status": "completed", "output": []}
    events = ({"type": "response.output_text.delta", "delta": "x"}, {"type": "response.completed", "response": whole})
    assert assembled(stream(*events, done=False)) == whole


def test_an_error_within_a_stream_is_the_reply():
    error = {"code": 502, "message": "Upstream died"}
    assert assembled(stream(*ANSWER[:4], {"error": error})) == {"error": error}


@pytest.mark.parametrize("body", [stream(*ANSWER[:4]), b"", b"data: [1]\n\n", b"data: {\n\n", b": nothing\n\n"])
def test_a_stream_that_broke_off_is_no_reply(body: bytes):
    with pytest.raises(ValueError, match=r"before its end|no JSON object|Expecting"):
        assembled(body)


class _OnlyStreams:
    """A server that answers in a stream alone. refuses: other requests get 400; else a stream that nobody asked for."""

    def __init__(self, refuses: bool, events: Any = ANSWER) -> None:
        self.refuses, self.events = refuses, events
        self.bodies: list[dict[str, Any]] = []

    def answer(self, request: HttpRequest) -> HttpReply:
        body = json.loads(request.body)
        self.bodies.append(body)
        if self.refuses and not body.get("stream"):
            words = "parameter.enable_thinking must be set to false for non-streaming calls"
            return HttpReply(json.dumps({"error": {"message": words}}).encode(), 400)
        return HttpReply(stream(*self.events), content_type="text/event-stream; charset=utf-8")

    def finished(self) -> None: ...


def asked(app: _OnlyStreams) -> list[Completions]:
    async def calls(fn: Any) -> list[Completions]:
        try:
            return list(await asyncio.gather(*(fn.complete("?", temperature=0.0) for _ in range(3))))
        finally:
            await fn.aclose()

    server = ServerThread(app)
    port = server.start()
    try:
        return asyncio.run(calls(OpenAIChatCompletionFn("m", f"http://127.0.0.1:{port}/v1")))
    finally:
        server.stop()


@pytest.mark.parametrize("refuses", [True, False])
def test_a_server_that_answers_in_streams_alone_is_asked_for_one(refuses: bool):
    app = _OnlyStreams(refuses)
    for result in asked(app):
        assert (result.texts, result.reasoning, result.usage) == (["Paris \u00e9"], ["France"], USAGE)
        assert result.request == {"temperature": 0.0}
    assert app.bodies[-1]["stream"] is refuses
    assert ("stream_options" in app.bodies[-1]) is refuses


def test_a_stream_with_an_error_fails_the_call_with_the_class_of_the_error():
    with pytest.raises(CallFailed) as caught:
        asked(_OnlyStreams(True, [*ANSWER[:4], {"error": {"code": 429, "message": "busy"}}]))
    assert caught.value.kind is Kind.RATE_LIMIT
