"""Requests to models of today: no refusal that is known beforehand, and the endpoint that takes them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.engine.failures import CallFailed, Kind
from evals.registry.lookup import Registry
from evals.testing.model_profiles import PROFILES
from evals.testing.openai_server import Answer, LoopbackServer

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
OPTIONS = {
    "temperature": 0.0,
    "top_p": 0.9,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "stop": ["."],
    "max_tokens": 64,
    "seed": 7,
}


def ask(model: str, server: LoopbackServer, given: Any = None, **kwargs: Any) -> Completions:
    fn = Registry().make_completion_fn(model, api_base=server.base_url, **(given or {}))

    async def once() -> Completions:
        try:
            return await fn.complete([{"role": "user", "content": "One? Two."}], **kwargs)
        finally:
            await fn.aclose()

    return asyncio.run(once())


@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-6.1-sol"])
@pytest.mark.parametrize("prefix", ["", "responses/"])
@pytest.mark.parametrize("effort", [None, "low", "max"])
def test_no_known_refusal_reaches_the_server(model: str, prefix: str, effort: str | None):
    with LoopbackServer("one. two", profile=model) as server:
        result = ask(f"{prefix}{model}", server, reasoning_effort=effort, **OPTIONS)
        assert (server.n_refused, result.texts) == (0, ["one"])
        path = "responses" if prefix or effort == "max" else "chat/completions"
        assert [seen.path for seen in server.seen] == [f"/v1/{path}"]


def test_at_effort_none_sampling_parameters_are_sent():
    with LoopbackServer("one. two", profile="gpt-6-luna") as server:
        ask("gpt-6-luna", server, reasoning_effort="none", **OPTIONS)
        body = server.bodies[0]
    assert (body["temperature"], body["top_p"], body["max_completion_tokens"]) == (0.0, 0.9, 64)
    assert "stop" not in body


def test_the_record_says_what_was_left_out_and_renamed():
    with LoopbackServer("one", profile="gpt-6-luna") as server:
        request = ask("gpt-6-luna", server, temperature=0.0, max_tokens=64).request
    assert request == {
        "max_completion_tokens": 25_064,
        "adapted": {"temperature": None, "max_tokens": "max_completion_tokens"},
    }


@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-6.1-sol"])
def test_function_tools_with_reasoning_go_to_responses(model: str):
    with LoopbackServer("one", profile=model) as server:
        result = ask(model, server, tools=[TOOL], tool_choice="auto", n=2)
        assert [seen.path for seen in server.seen] == ["/v1/responses", "/v1/responses"]
        assert server.n_refused == 0
        assert server.bodies[0]["tools"] == [{"type": "function", **TOOL["function"]}]  # type: ignore[dict-item]
    assert result.texts == ["one", "one"]
    assert result.request is not None
    assert result.request["endpoint"] == "/responses"


def test_function_tools_without_reasoning_stay_on_chat_where_it_takes_them():
    with LoopbackServer("one", profile="gpt-6-luna") as server:
        ask("gpt-6-luna", server, tools=[TOOL], reasoning_effort="none")
        assert [seen.path for seen in server.seen] == ["/v1/chat/completions"]
        assert server.n_refused == 0


def test_a_model_that_the_registry_does_not_know_moves_when_the_server_says_so_and_stays_there():
    with LoopbackServer("one", profile="gpt-6-luna") as server:
        fn = OpenAIChatCompletionFn("unknown-model", server.base_url)

        async def twice() -> None:
            await fn.complete([{"role": "user", "content": "hi"}], tools=[TOOL])
            await fn.complete([{"role": "user", "content": "hi"}], tools=[TOOL])
            await fn.aclose()

        asyncio.run(twice())
        paths = [seen.path.removeprefix("/v1/") for seen in server.seen]
    assert paths == ["chat/completions", "responses", "responses"]


def test_a_server_without_the_responses_endpoint_gets_tools_on_chat():
    def answer(call: Any) -> Answer:
        if call.endpoint == "responses":
            return Answer(None, status=404, error_message="Not Found")
        return Answer("one")

    with LoopbackServer(answer) as server:
        assert ask("gpt-6-luna", server, tools=[TOOL]).texts == ["one"]


def test_many_completions_are_several_requests():
    with LoopbackServer("one", profile="gpt-6-luna") as server:
        assert ask("gpt-6-luna", server, n=20).texts == ["one"] * 20
        assert sorted(body["n"] for body in server.bodies) == [4, 8, 8]
        assert server.n_refused == 0


def test_the_limit_of_completions_is_learnt_from_the_refusal_where_it_is_not_known():
    with LoopbackServer("one", profile="gpt-6-luna") as server:
        assert ask("unknown-model", server, n=9).texts == ["one"] * 9
        assert server.n_refused == 1


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("gpt-6-luna", {"logprobs": True, "top_logprobs": 5}, "while it reasons .it does at effort none."),
        ("gpt-6.1-sol", {"logprobs": True}, "while it reasons$"),
        ("gpt-6-luna", {"logit_bias": {"7": 100}}, "takes no logit_bias"),
        ("gpt-6-luna", {"logprobs": True, "top_logprobs": 20, "reasoning_effort": "none"}, "5 alternatives"),
    ],
)
def test_what_a_call_cannot_do_without_and_the_model_does_not_have_is_an_error_without_a_call(model, options, words):
    with LoopbackServer("one", profile=model) as server:
        with pytest.raises(CallFailed, match=words) as caught:
            ask(model, server, **options)
        assert (caught.value.kind, server.n_requests) == (Kind.OTHER, 0)


def test_a_refusal_that_means_a_cut_answer_is_tried_with_more_tokens():
    message = (
        "Could not finish the message because max_tokens or model output limit was reached. "
        "Please try again with higher max_tokens."
    )

    def answer(call: Any) -> Answer:
        too_small = call.body["max_completion_tokens"] < 5000
        return Answer(None, status=400, error_message=message) if too_small else Answer("one")

    with LoopbackServer(answer) as server:
        assert ask("gpt-6-astra", server, max_completion_tokens=1).texts == ["one"]


def test_a_cap_beside_one_in_the_provider_s_words_is_left_out():
    with LoopbackServer("one", profile="gpt-6-luna") as server:
        ask("gpt-6-luna", server, {"max_completion_tokens": 900}, max_tokens=64)
        assert server.bodies[0]["max_completion_tokens"] == 900


@pytest.mark.parametrize("profile", ["vllm", "llama-cpp"])
def test_reasoning_of_open_servers_is_read_and_gets_headroom(profile: str):
    with LoopbackServer("one", profile=profile) as server:
        result = ask("some-model", server, max_tokens=64)
        assert [body["max_tokens"] for body in server.bodies] == [64, 25_064]
    assert (result.texts, result.reasoning) == (["one"], ["Thinking about it."])


def test_the_test_server_s_efforts_are_those_of_the_registry():
    for name in ("gpt-6-luna", "gpt-6.1-sol"):
        assert PROFILES[name].efforts == Registry().model_info(name).efforts


def test_a_conversation_with_tools_goes_on_with_the_model_s_reasoning():
    def answer(call: Any) -> Answer:
        has_result = any(item.get("type") == "function_call_output" for item in call.body["input"])
        return Answer("It rains.") if has_result else Answer(None, tool_calls=[("weather", '{"city": "Oslo"}')])

    with LoopbackServer(answer, profile="gpt-6-luna") as server:
        fn = Registry().make_completion_fn("gpt-6-luna", api_base=server.base_url)

        async def talk() -> Completions:
            chat: list[dict[str, Any]] = [{"role": "user", "content": "Weather in Oslo?"}]
            first = await fn.complete(chat, tools=[TOOL])
            assert first.finish_reasons == ["tool_calls"]
            assert first.messages is not None
            (call,) = first.messages[0]["tool_calls"]
            chat += [first.messages[0], {"role": "tool", "tool_call_id": call["id"], "content": "Rain."}]
            second: Completions = await fn.complete(chat, tools=[TOOL])
            await fn.aclose()
            return second

        assert asyncio.run(talk()).texts == ["It rains."]
        assert server.n_refused == 0
        assert server.bodies[1]["input"] == [
            {"role": "user", "content": "Weather in Oslo?"},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed-1"},
            {"type": "function_call", "call_id": "call_0", "name": "weather", "arguments": '{"city": "Oslo"}'},
            {"type": "function_call_output", "call_id": "call_0", "output": "Rain."},
        ]
