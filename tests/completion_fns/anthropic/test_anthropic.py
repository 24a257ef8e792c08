"""The Anthropic backend through its SDK, against a server that speaks the messages API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.anthropic.backend import AnthropicCompletionFn
from evals.completion_fns.anthropic.messages import CHAT_FORMAT, request_body
from evals.engine.calls import complete_sync
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError
from evals.record import RecorderBase
from evals.registry import Registry
from evals.specs import ModelInfo
from evals.task_state import Message, TaskState
from evals.testing.anthropic_server import AnthropicServer, error_reply, message_reply
from evals.testing.http_server import Breakage, HttpReply

pytest.importorskip("anthropic", reason="needs the extra: pip install 'oaieval[anthropic]'")

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "Two?"},
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


class Prices(Registry):
    """A registry in which every model costs 2 and 10 dollars a million."""

    def model_info(self, name: str) -> ModelInfo:
        return ModelInfo(name, input_usd_per_million=2.0, cached_input_usd_per_million=0.2, output_usd_per_million=10.0)


def claude(server: AnthropicServer, **kwargs: Any) -> AnthropicCompletionFn:
    return AnthropicCompletionFn("claude-x", base_url=server.base_url, api_key="test-key", **kwargs)


def ask(fn: AnthropicCompletionFn, prompt: Any = "hi", **kwargs: Any) -> Completions:
    async def once() -> Completions:
        try:
            return await fn.complete(prompt, **kwargs)
        finally:
            await fn.aclose()

    return asyncio.run(once())


def failure(reply: HttpReply, prompt: Any = "hi", **kwargs: Any) -> CallFailed:
    with AnthropicServer(reply) as server, pytest.raises(CallFailed) as caught:
        ask(claude(server), prompt, **kwargs)
    return caught.value


def text(words: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": words}]


def test_a_chat_is_sent_with_its_system_text_apart():
    with AnthropicServer("Two.") as server:
        result = ask(claude(server), CHAT, temperature=0.0, max_tokens=7, stop="\n\n")
        assert server.bodies == [
            {
                "model": "claude-x",
                "max_tokens": 7,
                "system": "Be brief.",
                "messages": [
                    {"role": "user", "content": text("One?")},
                    {"role": "assistant", "content": text("Yes.")},
                    {"role": "user", "content": text("Two?")},
                ],
                "temperature": 0.0,
                "stop_sequences": ["\n\n"],
            }
        ]
    assert result.texts == ["Two."]
    assert result.finish_reasons == ["stop"]
    assert result.model == "claude-x"
    assert result.request == {"max_tokens": 7, "temperature": 0.0, "stop_sequences": ["\n\n"]}
    assert result.headers is not None
    assert result.headers["request-id"] == "req_loopback"


def test_a_text_prompt_is_the_user_s():
    with AnthropicServer() as server:
        ask(claude(server), "Say hi")
        assert server.bodies[0]["messages"] == [{"role": "user", "content": text("Say hi")}]
        assert "system" not in server.bodies[0]


def test_later_system_messages_are_the_user_s_and_neighbours_are_merged():
    chat = [
        {"role": "system", "content": "A"},
        {"role": "system", "content": "B"},
        {"role": "user", "content": "one"},
        {"role": "system", "content": "two"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "three"},
    ]
    assert CHAT_FORMAT.system_and_messages(chat) == (
        "A\n\nB",
        [{"role": "user", "content": text("one") + text("two") + text("three")}],
    )


def test_a_chat_of_system_messages_alone_is_sent_as_the_user_s():
    with AnthropicServer("ok") as server:
        assert ask(claude(server), [{"role": "system", "content": "Do it"}]).texts == ["ok"]
        assert server.bodies[0]["messages"] == [{"role": "user", "content": text("Do it")}]


def test_images_become_image_blocks():
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.jpg"}},
    ]
    assert CHAT_FORMAT.system_and_messages([{"role": "user", "content": parts}])[1][0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.jpg"}},
    ]


def test_parameters_that_the_api_has_not_are_left_out():
    neutral = {"top_p": 1, "presence_penalty": 0, "frequency_penalty": 0, "n": 1, "seed": 3, "stop": None}
    body = request_body("m", "p", {**neutral, "top_k": 5, "max_tokens": 9}, max_tokens=1)
    assert body == {"model": "m", "max_tokens": 9, "messages": CHAT_FORMAT.system_and_messages("p")[1], "top_k": 5}


def test_options_of_the_constructor_go_over_those_of_the_call():
    with AnthropicServer() as server:
        ask(
            claude(server, max_tokens="5", temperature=0.7, extra_options={"metadata": {"user_id": "u"}}), temperature=0
        )
        body = server.bodies[0]
    assert (body["max_tokens"], body["temperature"], body["metadata"]) == (5, 0.7, {"user_id": "u"})


def test_a_misspelt_argument_is_named_with_its_near_miss():
    with pytest.raises(UsageError, match="temprature") as caught:
        AnthropicCompletionFn("claude-x", temprature=1)
    assert "did you mean: temperature" in str(caught.value)


def test_usage_is_kept_and_given_in_openai_s_words_and_priced():
    usage = {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 50, "cache_creation_input_tokens": 10}
    with AnthropicServer(message_reply("a", usage=usage)) as server:
        result = ask(claude(server, registry=Prices()))
    assert result.usage == {
        **usage,
        "prompt_tokens": 160,
        "completion_tokens": 20,
        "total_tokens": 180,
        "prompt_tokens_details": {"cached_tokens": 50},
    }
    assert result.cost_usd == pytest.approx((110 * 2.0 + 50 * 0.2 + 20 * 10.0) / 1e6)
    assert result.latency_s is not None
    assert result.latency_s > 0


@pytest.mark.parametrize(
    ("stop_reason", "reason"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("refusal", "content_filter")],
)
def test_finish_reasons_are_in_openai_s_words(stop_reason: str, reason: str):
    with AnthropicServer(message_reply("a", stop_reason=stop_reason)) as server:
        assert ask(claude(server)).finish_reasons == [reason]


def test_thoughts_are_not_part_of_the_completion():
    content = [{"type": "thinking", "thinking": "hm", "signature": "s"}, *text("4"), *text("2")]
    with AnthropicServer(message_reply("", content=content)) as server:
        result = ask(claude(server))
    assert result.texts == ["42"]
    assert result.raw_data["content"] == content


def test_n_completions_are_n_calls_and_their_usage_is_the_sum():
    with AnthropicServer() as server:
        numbers = iter("abc")
        server.answering = lambda body: next(numbers)
        result = ask(claude(server), n=3)
        assert len(server.bodies) == 3
    assert result.texts == ["a", "b", "c"]
    assert result.finish_reasons == ["stop"] * 3
    assert result.usage is not None
    assert (result.usage["prompt_tokens"], result.usage["completion_tokens"]) == (30, 3)


@pytest.mark.parametrize(
    ("reply", "kind", "status"),
    [
        (error_reply(529, "overloaded_error", "Overloaded"), Kind.OVERLOADED, 529),
        (error_reply(429, "rate_limit_error", "slow down", {"retry-after": "3"}), Kind.RATE_LIMIT, 429),
        (error_reply(500, "api_error", "Internal server error"), Kind.SERVER, 500),
        (error_reply(404, "not_found_error", "model: claude-x"), Kind.UNKNOWN_MODEL, 404),
        (
            error_reply(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
            Kind.CONTEXT_LENGTH,
            400,
        ),
        (error_reply(400, "invalid_request_error", "Your credit balance is too low"), Kind.PAYMENT, 400),
        (error_reply(400, "invalid_request_error", "messages.0: bad"), Kind.BAD_REQUEST, 400),
        (HttpReply(b"{}", breakage=Breakage.RESET), Kind.CONNECTION, None),
        (HttpReply(b"{}", breakage=Breakage.DISCONNECT), Kind.CONNECTION, None),
        (HttpReply(b'{"content": [{"type": "te'), Kind.BAD_REPLY, None),
        (HttpReply(b'{"content": null}'), Kind.BAD_REPLY, None),
    ],
)
def test_failures_are_classified_and_not_tried_again_by_the_sdk(reply: HttpReply, kind: Kind, status: int | None):
    with AnthropicServer(reply) as server:
        fn = claude(server)
        with pytest.raises(CallFailed) as caught:
            ask(fn)
        assert len(server.requests) == 1
    assert (caught.value.kind, caught.value.status) == (kind, status)
    assert caught.value.host == fn.host


def test_the_server_s_wish_to_wait_is_kept():
    assert failure(error_reply(429, "rate_limit_error", "slow", {"retry-after": "3"})).retry_after_s == 3.0


def test_a_wrong_key_is_an_auth_failure():
    with AnthropicServer(api_key="right") as server, pytest.raises(CallFailed) as caught:
        ask(claude(server))
    assert caught.value.kind is Kind.AUTH


def test_an_answer_that_was_refused_as_a_whole_is_a_content_filter_failure():
    assert failure(message_reply("", stop_reason="refusal", content=[])).kind is Kind.CONTENT_FILTER


def test_a_turn_that_ends_without_a_block_is_no_answer_but_one_that_a_stop_text_ended_is():
    assert failure(message_reply("", stop_reason="end_turn", content=[])).kind is Kind.NO_ANSWER
    with AnthropicServer(message_reply("", stop_reason="stop_sequence", content=[])) as server:
        assert ask(claude(server)).texts == [""]


def test_a_refused_sampling_argument_is_left_out_for_the_rest_of_the_run():
    def answer(body: dict[str, Any]) -> str | HttpReply:
        if "temperature" in body:
            return error_reply(400, "invalid_request_error", "`temperature` is deprecated for this model.")
        return "ok"

    with AnthropicServer(answer) as server:
        fn = claude(server)
        assert [ask(fn, temperature=0.0).texts, ask(fn, temperature=0.0).texts] == [["ok"], ["ok"]]
        assert ["temperature" in body for body in server.bodies] == [True, False, False]


def test_without_a_key_the_pre_flight_says_which_variable_to_set():
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY is not set"):
        AnthropicCompletionFn("claude-x").preflight()


def test_the_name_leads_here_and_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    with AnthropicServer("ok") as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        recorder = RecorderBase(None)
        with recorder.as_default_recorder("x"):
            fn = Registry().make_completion_fn("claude-sonnet-x")
            assert complete_sync(fn, "hi", temperature=0).get_completions() == ["ok"]
        assert server.bodies[0]["model"] == "claude-sonnet-x"
    (event,) = recorder.get_events("sampling")
    assert event.data["sampled"] == ["ok"]
    assert event.data["usage"]["completion_tokens"] == 1
    assert "test-key" not in json.dumps(event.data)


def test_the_key_is_no_part_of_the_cache_s_identity():
    fn = AnthropicCompletionFn("claude-x", api_key="a-secret-key", max_tokens=7, temperature=0)
    identity = fn.cache_identity()
    assert identity is not None
    assert "a-secret-key" not in json.dumps(identity)
    assert (identity["model"], identity["max_tokens"], identity["options"]) == ("claude-x", 7, {"temperature": 0})


def test_the_solver_sends_the_task_as_system_text(monkeypatch: pytest.MonkeyPatch):
    from evals.solvers.providers.anthropic.anthropic_solver import AnthropicSolver

    with AnthropicServer(" ok ") as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        strip = ["evals.solvers:Strip"]
        solver = AnthropicSolver("claude-x", max_tokens=9, postprocessors=strip, extra_options={"temperature": 0.5})
        state = TaskState("task", [Message("user", "q"), Message("system", "think")])
        assert solver.copy()(state, max_tokens=3).output == "ok"
        body = server.bodies[0]
    assert body["system"] == "task"
    assert body["messages"] == [{"role": "user", "content": text("q") + text("think")}]
    assert (body["max_tokens"], body["temperature"]) == (3, 0.5)
    assert (solver.name, solver.model_version) == ("claude-x", "claude-x")


def test_an_effort_is_sent_in_anthropic_s_words():
    with AnthropicServer("ok") as server:
        ask(claude(server, effort="low"))
        ask(claude(server), reasoning_effort="none")
        assert server.bodies[0]["output_config"] == {"effort": "low"}
        assert server.bodies[1]["thinking"] == {"type": "disabled"}
        assert all("reasoning_effort" not in body for body in server.bodies)


def test_a_model_of_today_gets_headroom_and_no_temperature_from_the_first_call_on():
    with AnthropicServer("ok") as server:
        fn = AnthropicCompletionFn("claude-opus-5-5", base_url=server.base_url, api_key="test-key")
        result = ask(fn, temperature=0.0, max_tokens=64)
        assert [(body["max_tokens"], "temperature" in body) for body in server.bodies] == [(25_064, False)]
    assert result.request == {"max_tokens": 25_064, "adapted": {"temperature": None}}


def test_a_chat_that_ends_with_the_assistant_is_not_sent_to_a_model_without_prefill():
    chat = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "It is"}]
    with AnthropicServer("ok", profile="claude") as server:
        fn = AnthropicCompletionFn("claude-opus-5-5", base_url=server.base_url, api_key="test-key")
        with pytest.raises(CallFailed, match="ends with an assistant's message") as caught:
            ask(fn, chat)
        assert server.bodies == []
        assert ask(fn, [*chat, {"role": "user", "content": "Go on."}]).texts == ["ok"]
    assert caught.value.kind is Kind.BAD_REQUEST


def test_a_chat_that_ends_with_the_assistant_is_sent_where_nothing_is_known_of_prefill():
    chat = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "It is"}]
    with AnthropicServer("four") as server:
        assert ask(claude(server), chat).texts == ["four"]
        assert server.bodies[0]["messages"][-1]["role"] == "assistant"


def test_an_answer_that_thinking_left_no_room_for_is_asked_for_again_with_more():
    def answer(body: Mapping[str, Any]) -> HttpReply:
        if body["max_tokens"] < 5000:
            return message_reply("", stop_reason="max_tokens", content=[{"type": "thinking", "thinking": "Hm."}])
        return message_reply("Four.")

    with AnthropicServer(answer) as server:
        result = ask(claude(server), max_tokens=64)
        assert [body["max_tokens"] for body in server.bodies] == [64, 25_064]
    assert (result.texts, result.finish_reasons) == (["Four."], ["stop"])


def test_thoughts_that_are_shown_stand_apart_from_the_text():
    blocks = [{"type": "thinking", "thinking": "Two and two.", "signature": "x"}, {"type": "text", "text": "4"}]
    with AnthropicServer(message_reply("", content=blocks)) as server:
        result = ask(claude(server))
    assert (result.texts, result.reasoning) == (["4"], ["Two and two."])
