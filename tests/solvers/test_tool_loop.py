"""ToolLoop: three turns with tools are the same exchange at every provider; bounds, errors, and what is recorded."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAIResponsesCompletionFn
from evals.errors import RegistryError, UsageError
from evals.record import RecorderBase
from evals.solvers.tool_loop import ToolLoop, local_tool, parameters_of
from evals.task_state import Message, TaskState
from evals.testing.anthropic_server import AnthropicServer, message_reply
from evals.testing.google_server import GoogleServer
from evals.testing.http_server import HttpReply

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

SKY = {"Paris": "grey", "Rome": {"sky": "blue"}}


def weather(city: str, days: int = 1) -> Any:
    """The weather of a city.

    More for people.
    """
    return SKY[city]


SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather of a city.", "parameters": SCHEMA},
}
STATE = TaskState("Be brief.", [Message("user", "Paris and Rome?")])


def solve(fn: Any, **args: Any) -> Any:
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x.dev.0"):
        result = ToolLoop(fn, [weather], **args)(STATE)
    return result, recorder


@contextmanager
def server(replies: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """An HTTP server that gives these JSON replies one after the other, and keeps what was asked."""
    bodies: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            data = json.dumps(replies[len(bodies) - 1]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/v1", bodies
        running.shutdown()
        thread.join()


def chat_call(number: int, city: str) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "type": "function",
        "function": {"name": "weather", "arguments": f'{{"city": "{city}"}}'},
    }


def chat_reply(**message: Any) -> dict[str, Any]:
    return {
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": "stop"}
        ],
    }


def check(result: Any, recorder: RecorderBase) -> None:
    assert (result.output, result.metadata["n_turns"]) == ("Grey and blue.", 3)
    assert [event.data for event in recorder.get_events("function_call")] == [
        {"name": "weather", "arguments": {"city": "Paris"}, "return_value": "grey"},
        {"name": "weather", "arguments": {"city": "Rome"}, "return_value": {"sky": "blue"}},
    ]
    assert len(recorder.get_events("sampling")) == 3


def test_the_exchange_at_the_chat_endpoint() -> None:
    replies = [
        chat_reply(tool_calls=[chat_call(1, "Paris")]),
        chat_reply(tool_calls=[chat_call(2, "Rome")]),
        chat_reply(content="Grey and blue."),
    ]
    with server(replies) as (url, bodies):
        check(*solve(OpenAIChatCompletionFn("m", api_base=url, api_key="k")))
    assert [body["tools"] for body in bodies] == [[CHAT_TOOL]] * 3
    assert bodies[2]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Paris and Rome?"},
        {"role": "assistant", "content": None, "tool_calls": [chat_call(1, "Paris")]},
        {"role": "tool", "tool_call_id": "c1", "content": "grey"},
        {"role": "assistant", "content": None, "tool_calls": [chat_call(2, "Rome")]},
        {"role": "tool", "tool_call_id": "c2", "content": '{"sky": "blue"}'},
    ]


@pytest.mark.parametrize(
    "thoughts",
    [
        {"reasoning_content": "Two cities."},
        {"reasoning_content": ""},
        {"reasoning": "Two cities.", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Two cities.", "signature": "x"}]},
    ],
)
def test_reasoning_beside_tool_calls_goes_back_as_the_server_sent_it(thoughts: dict[str, Any]) -> None:
    replies = [
        chat_reply(tool_calls=[chat_call(1, "Paris")], **thoughts),
        chat_reply(tool_calls=[chat_call(2, "Rome")], reasoning=None),
        chat_reply(content="Grey and blue.", **thoughts),
    ]
    with server(replies) as (url, bodies):
        check(*solve(OpenAIChatCompletionFn("m", api_base=url, api_key="k")))
    called = {"role": "assistant", "content": None, "tool_calls": [chat_call(1, "Paris")]}
    assert bodies[2]["messages"][2] == {**called, **thoughts}
    assert bodies[2]["messages"][4] == {**called, "tool_calls": [chat_call(2, "Rome")]}


def test_the_exchange_at_the_responses_endpoint() -> None:
    def reply(*output: Any) -> dict[str, Any]:
        return {"model": "m", "status": "completed", "output": list(output)}

    def call(number: int, city: str) -> dict[str, Any]:
        return {
            "type": "function_call",
            "call_id": f"c{number}",
            "name": "weather",
            "arguments": f'{{"city": "{city}"}}',
        }

    thought = {"type": "reasoning", "id": "r1", "summary": [], "encrypted_content": "xyz"}
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Grey and blue."}]}
    with server([reply(thought, call(1, "Paris")), reply(call(2, "Rome")), reply(said)]) as (url, bodies):
        check(*solve(OpenAIResponsesCompletionFn("m", api_base=url, api_key="k")))
    assert bodies[0]["tools"] == [{"type": "function", **CHAT_TOOL["function"]}]  # type: ignore[dict-item]
    assert bodies[2]["input"][2:] == [
        thought,
        call(1, "Paris"),
        {"type": "function_call_output", "call_id": "c1", "output": "grey"},
        call(2, "Rome"),
        {"type": "function_call_output", "call_id": "c2", "output": '{"sky": "blue"}'},
    ]


def test_the_exchange_at_anthropic() -> None:
    pytest.importorskip("anthropic", reason="needs the extra: pip install 'oaieval[anthropic]'")
    from evals.completion_fns.anthropic.backend import AnthropicCompletionFn

    thought = {"type": "thinking", "thinking": "", "signature": "xyz"}

    def call(number: int, city: str) -> dict[str, Any]:
        return {"type": "tool_use", "id": f"c{number}", "name": "weather", "input": {"city": city}}

    replies = iter([
        message_reply("", stop_reason="tool_use", content=[thought, call(1, "Paris")]),
        message_reply("", stop_reason="tool_use", content=[{"type": "text", "text": "And:"}, call(2, "Rome")]),
        message_reply("Grey and blue."),
    ])  # fmt: skip
    with AnthropicServer(lambda body: next(replies)) as running:
        check(*solve(AnthropicCompletionFn("claude-x", base_url=running.base_url, api_key="test-key")))
        body = running.bodies[2]
    assert body["tools"] == [{"name": "weather", "description": "The weather of a city.", "input_schema": SCHEMA}]
    assert body["messages"][1:] == [
        {"role": "assistant", "content": [thought, call(1, "Paris")]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "grey"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "And:"}, call(2, "Rome")]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c2", "content": '{"sky": "blue"}'}]},
    ]


def test_the_exchange_at_google_sends_thought_signatures_back() -> None:
    pytest.importorskip("google.genai", reason="needs the extra: pip install 'oaieval[google]'")
    from evals.completion_fns.google.backend import GoogleCompletionFn

    signature = base64.b64encode(bytes([251, 255, 190, 1])).decode()
    assert "+" in signature or "/" in signature, "the two alphabets of base64 differ here"

    def call(city: str, **more: Any) -> dict[str, Any]:
        return {"functionCall": {"name": "weather", "args": {"city": city}}, **more}

    def reply(*parts: Any) -> HttpReply:
        body = {
            "candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0}]
        }
        return HttpReply(json.dumps(body).encode())

    replies = iter(
        [reply(call("Paris", thoughtSignature=signature)), reply(call("Rome")), reply({"text": "Grey and blue."})]
    )
    with GoogleServer(lambda body: next(replies)) as running:
        check(*solve(GoogleCompletionFn("gemini-x", base_url=running.base_url, api_key="test-key")))
        body = running.bodies[2]
    sent = body["contents"][1]["parts"][0].pop("thoughtSignature")
    assert base64.urlsafe_b64decode(sent.translate(str.maketrans("+/", "-_"))) == base64.b64decode(signature)
    assert body["contents"][1:] == [
        {"role": "model", "parts": [call("Paris")]},
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"result": "grey"}}}]},
        {"role": "model", "parts": [call("Rome")]},
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"sky": "blue"}}}]},
    ]


class Calling:
    """A completion function that gives these calls, the last of them for ever."""

    def __init__(self, *calls: list[Any]) -> None:
        self.calls, self.prompts = list(calls), []  # type: ignore[var-annotated]

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        self.prompts.append(prompt)
        calls = self.calls.pop(0) if len(self.calls) > 1 else self.calls[0]
        return Completions(["text"], tool_calls=[calls] if calls else [])


def made(name: str, arguments: Any) -> Any:
    return {"id": "1", "name": name, "arguments": arguments}


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (made("wether", {}), "error: there is no function 'wether'; there are weather"),
        (made("weather", "{"), "error: the arguments are no JSON object"),
        (made("weather", {"city": "Oslo"}), "error: KeyError: 'Oslo'"),
        (made("weather", {"town": "Paris"}), "unexpected keyword argument 'town'"),
    ],
)
def test_what_goes_wrong_with_a_call_is_told_to_the_model(call: Any, told: str) -> None:
    model = Calling([call], [])
    result, _ = solve(model)
    assert told in model.prompts[1][-1]["content"]
    assert (result.output, result.metadata["n_turns"]) == ("text", 2)


def test_a_model_that_never_stops_is_stopped() -> None:
    result, recorder = solve(Calling([made("weather", {"city": "Paris"})]), max_turns=3)
    assert (result.metadata["stopped"], result.metadata["n_turns"]) == ("max_turns", 3)
    assert len(recorder.get_events("function_call")) == 3


@pytest.mark.parametrize(
    ("tools", "error", "said"),
    [
        ([], UsageError, "has no tools"),
        ([weather, weather], UsageError, "two of one name"),
        (["weather"], UsageError, 'write "module:function"'),
        (["test_tool_loop_missing:f"], RegistryError, "no module"),
        ([{"name": "x"}], UsageError, "module:function"),
    ],
)
def test_a_tool_that_is_no_function_is_refused(tools: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        ToolLoop(Calling([]), tools)


def test_a_tool_may_be_named_in_yaml_with_its_own_description() -> None:
    tool = local_tool(
        {"function": "json:dumps", "name": "as_json", "description": "To JSON.", "parameters": {"type": "object"}}
    )
    assert (tool.name, tool.function) == ("as_json", json.dumps)
    assert tool.definition["function"] == {
        "name": "as_json",
        "description": "To JSON.",
        "parameters": {"type": "object"},
    }


def test_parameters_are_those_of_the_signature() -> None:
    def f(a: str, b: list[int], c: dict[str, str] | None = None, *rest: int, d: float, e=3, **more: int) -> None: ...

    function: Callable[..., Any] = f
    assert parameters_of(function) == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "array"}, "c": {}, "d": {"type": "number"}, "e": {}},
        "required": ["a", "b", "d"],
    }
    assert parameters_of(weather) == SCHEMA
