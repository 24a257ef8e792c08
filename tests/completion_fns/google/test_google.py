"""The Google backend through its SDK, against a server that speaks the Gemini API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.google.backend import GoogleCompletionFn
from evals.completion_fns.google.contents import CHAT_FORMAT, config_of
from evals.engine.calls import complete_sync
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError
from evals.record import RecorderBase
from evals.registry import Registry
from evals.specs import ModelInfo
from evals.task_state import Message, TaskState
from evals.testing.google_server import GoogleServer, blocked_reply, candidate_reply, error_reply
from evals.testing.http_server import Breakage, HttpReply

pytest.importorskip("google.genai", reason="needs the extra: pip install 'oaieval[google]'")

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "Two?"},
]
RETRY_INFO = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)


class Prices(Registry):
    """A registry in which every model costs 2 and 10 dollars a million."""

    def model_info(self, name: str) -> ModelInfo:
        return ModelInfo(name, input_usd_per_million=2.0, cached_input_usd_per_million=0.2, output_usd_per_million=10.0)


def gemini(server: GoogleServer, **kwargs: Any) -> GoogleCompletionFn:
    return GoogleCompletionFn("gemini-x", base_url=server.base_url, api_key="test-key", **kwargs)


def ask(fn: GoogleCompletionFn, prompt: Any = "hi", **kwargs: Any) -> Completions:
    async def once() -> Completions:
        try:
            return await fn.complete(prompt, **kwargs)
        finally:
            await fn.aclose()

    return asyncio.run(once())


def test_a_chat_is_sent_with_its_system_text_apart():
    with GoogleServer("Two.") as server:
        result = ask(gemini(server), CHAT, temperature=0.0, max_tokens=7, stop="\n\n")
        (body,) = server.bodies
        assert server.models == ["gemini-x"]
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "One?"}]},
        {"role": "model", "parts": [{"text": "Yes."}]},
        {"role": "user", "parts": [{"text": "Two?"}]},
    ]
    assert body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert body["generationConfig"] == {"temperature": 0.0, "maxOutputTokens": 7, "stopSequences": ["\n\n"]}
    assert (result.texts, result.finish_reasons, result.model) == (["Two."], ["stop"], "gemini-loopback-001")
    assert result.request == {"temperature": 0.0, "max_output_tokens": 7, "stop_sequences": ["\n\n"]}


def test_later_system_messages_are_the_user_s_and_neighbours_are_merged():
    chat = [
        {"role": "system", "content": "A"},
        {"role": "user", "content": "one"},
        {"role": "system", "content": "two"},
        {"role": "assistant", "content": ""},
    ]
    assert CHAT_FORMAT.system_and_messages(chat) == (
        "A",
        [{"role": "user", "parts": [{"text": "one"}, {"text": "two"}]}],
    )


def test_a_text_and_a_chat_of_system_messages_alone_are_the_user_s():
    expected = ("", [{"role": "user", "parts": [{"text": "Do it"}]}])
    assert (
        CHAT_FORMAT.system_and_messages("Do it")
        == CHAT_FORMAT.system_and_messages([{"role": "system", "content": "Do it"}])
        == expected
    )


def test_images_are_sent_inline_or_by_their_address():
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": "https://example.org/a.png"},
    ]
    with GoogleServer("a cat") as server:
        ask(gemini(server), [{"role": "user", "content": parts}])
        sent = server.bodies[0]["contents"][0]["parts"]
    assert sent[0] == {"text": "What?"}
    # The API reads its fields in snake case and in camel case; which of them is sent is the SDK's affair.
    image, address = ({_camel(name): value for name, value in next(iter(part.values())).items()} for part in sent[1:])
    assert image == {"mimeType": "image/png", "data": "AAAA"}
    assert address == {"mimeType": "image/png", "fileUri": "https://example.org/a.png"}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_arguments_that_change_nothing_are_not_sent():
    options = {
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "n": 1,
        "stop": None,
        "seed": 3,
        "logprobs": True,
    }
    assert config_of("", options) == {"seed": 3, "response_logprobs": True}


def test_an_argument_that_the_sdk_does_not_know_is_a_refused_request():
    with GoogleServer() as server, pytest.raises(CallFailed) as caught:
        ask(gemini(server), wrong_argument=1)
    assert caught.value.kind is Kind.BAD_REQUEST
    assert "wrong_argument" in caught.value.message


def test_a_misspelt_argument_of_the_constructor_is_named_with_its_near_miss():
    with pytest.raises(UsageError) as caught:
        GoogleCompletionFn("gemini-x", temprature=1)
    assert "did you mean: temperature" in str(caught.value)


def test_usage_is_kept_and_given_in_openai_s_words_and_priced():
    usage = {
        "promptTokenCount": 100,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 5,
        "cachedContentTokenCount": 40,
        "totalTokenCount": 125,
    }
    with GoogleServer(candidate_reply("a", usage=usage)) as server:
        result = ask(gemini(server, registry=Prices()))
    assert result.usage is not None
    named = ("prompt_tokens", "completion_tokens", "total_tokens", "thoughts_token_count")
    assert [result.usage[name] for name in named] == [100, 25, 125, 5]
    assert result.cost_usd == pytest.approx((60 * 2.0 + 40 * 0.2 + 25 * 10.0) / 1e6)


@pytest.mark.parametrize(("said", "reason"), [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter")])
def test_finish_reasons_are_in_openai_s_words(said: str, reason: str):
    with GoogleServer(candidate_reply("a", finish_reason=said)) as server:
        assert ask(gemini(server)).finish_reasons == [reason]


def test_n_completions_are_n_calls():
    with GoogleServer() as server:
        numbers = iter("abc")
        server.answering = lambda body: next(numbers)
        result = ask(gemini(server), n=3)
    assert result.texts == ["a", "b", "c"]
    assert result.usage is not None
    assert result.usage["total_tokens"] == 30


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply(503, "UNAVAILABLE", "The model is overloaded."), Kind.OVERLOADED),
        (error_reply(429, "RESOURCE_EXHAUSTED", "Quota exceeded", RETRY_INFO), Kind.RATE_LIMIT),
        (error_reply(500, "INTERNAL", "An internal error"), Kind.SERVER),
        (error_reply(404, "NOT_FOUND", "models/gemini-x is not found"), Kind.UNKNOWN_MODEL),
        (
            error_reply(400, "INVALID_ARGUMENT", "The input token count (2) exceeds the maximum number of tokens (1)."),
            Kind.CONTEXT_LENGTH,
        ),
        (error_reply(400, "INVALID_ARGUMENT", "bad"), Kind.BAD_REQUEST),
        (blocked_reply("PROHIBITED_CONTENT"), Kind.CONTENT_FILTER),
        (candidate_reply(None, finish_reason="SAFETY"), Kind.CONTENT_FILTER),
        (candidate_reply(None, finish_reason="OTHER"), Kind.SERVER),
        (candidate_reply(None, finish_reason="MALFORMED_RESPONSE"), Kind.SERVER),
        (candidate_reply(None, finish_reason="STOP"), Kind.NO_ANSWER),
        (HttpReply(b"{}"), Kind.BAD_REPLY),
        (HttpReply(b"{}", breakage=Breakage.RESET), Kind.CONNECTION),
        (HttpReply(b"{}", breakage=Breakage.DISCONNECT), Kind.CONNECTION),
        (HttpReply(b'{"candidates": [{"con'), Kind.BAD_REPLY),
    ],
)
def test_failures_are_classified_and_not_tried_again_by_the_sdk(reply: HttpReply, kind: Kind):
    with GoogleServer(reply) as server:
        with pytest.raises(CallFailed) as caught:
            ask(gemini(server))
        assert len(server.bodies) == 1
    assert caught.value.kind is kind


def test_the_time_to_wait_is_read_from_the_details():
    reply = error_reply(429, "RESOURCE_EXHAUSTED", "slow", RETRY_INFO)
    with GoogleServer(reply) as server, pytest.raises(CallFailed) as caught:
        ask(gemini(server))
    assert caught.value.retry_after_s == 34.5


def test_a_wrong_key_is_an_auth_failure():
    with GoogleServer(api_key="right") as server, pytest.raises(CallFailed) as caught:
        ask(gemini(server))
    assert caught.value.kind is Kind.AUTH


def test_without_a_key_the_pre_flight_says_which_variable_to_set():
    with pytest.raises(UsageError, match="GEMINI_API_KEY is not set"):
        GoogleCompletionFn("gemini-x").preflight()


def test_the_name_leads_here_and_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    with GoogleServer("ok") as server:
        monkeypatch.setenv("GEMINI_API_KEY", "test-key")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.base_url)
        recorder = RecorderBase(None)
        with recorder.as_default_recorder("x"):
            fn = Registry().make_completion_fn("gemini-y-pro")
            assert complete_sync(fn, "hi").get_completions() == ["ok"]
        assert server.models == ["gemini-y-pro"]
    (event,) = recorder.get_events("sampling")
    assert event.data["usage"]["completion_tokens"] == 3
    assert "test-key" not in json.dumps(event.data)


def test_the_solver_turns_the_safety_filters_off(monkeypatch: pytest.MonkeyPatch):
    from evals.solvers.providers.google.gemini_solver import SAFETY_SETTINGS, GeminiSolver

    with GoogleServer("ok") as server:
        monkeypatch.setenv("GEMINI_API_KEY", "test-key")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.base_url)
        solver = GeminiSolver("gemini-x", generation_config={"max_output_tokens": 9})
        assert solver.copy()(TaskState("task", [Message("user", "q")])).output == "ok"
        (body,) = server.bodies
    assert body["safetySettings"] == SAFETY_SETTINGS
    assert body["generationConfig"] == {"maxOutputTokens": 9}
    assert body["systemInstruction"]["parts"] == [{"text": "task"}]
    assert (solver.name, solver.model) == ("gemini-x", "gemini-x")


def test_an_effort_is_sent_as_a_thinking_level_and_none_as_a_budget_of_0():
    with GoogleServer("ok") as server:
        ask(gemini(server, effort="low"))
        ask(gemini(server), reasoning_effort="none")
        configs = [body["generationConfig"]["thinkingConfig"] for body in server.bodies]
    # The SDK (3.6) writes the inner names as they are in Python; the API takes both forms.
    assert [list(config.values()) for config in configs] == [["LOW"], [0]]
    assert [name.replace("_", "").lower() for config in configs for name in config] == [
        "thinkinglevel",
        "thinkingbudget",
    ]


@pytest.mark.parametrize(("effort", "budget"), [("low", 1024), ("medium", 8192), ("high", 24_576), ("none", 0)])
def test_gemini_2_5_gets_an_effort_as_the_budget_that_google_s_openai_endpoint_takes_for_it(effort: str, budget: int):
    with GoogleServer("ok") as server:
        fn = GoogleCompletionFn("gemini-2.5-flash", base_url=server.base_url, api_key="test-key", effort=effort)
        fn.preflight()
        ask(fn)
        (config,) = [body["generationConfig"]["thinkingConfig"] for body in server.bodies]
    assert list(config.values()) == [budget]


def test_gemini_2_5_pro_takes_no_effort_none_and_flash_lite_has_headroom_only_with_an_effort():
    with pytest.raises(UsageError, match="takes no effort 'none'"):
        GoogleCompletionFn("gemini-2.5-pro", api_key="test-key", effort="none").preflight()
    with GoogleServer("ok") as server:
        fn = GoogleCompletionFn("gemini-2.5-flash-lite", base_url=server.base_url, api_key="test-key")
        ask(fn, max_tokens=64)
        ask(fn, max_tokens=64, reasoning_effort="low")
        assert [body["generationConfig"]["maxOutputTokens"] for body in server.bodies] == [64, 25_064]


def test_a_model_of_today_gets_headroom_for_its_thoughts():
    with GoogleServer("ok") as server:
        fn = GoogleCompletionFn("gemini-3.8-flash", base_url=server.base_url, api_key="test-key")
        ask(fn, max_tokens=64)
        assert server.bodies[0]["generationConfig"]["maxOutputTokens"] == 25_064


def test_a_candidate_without_parts_that_reached_the_limit_is_asked_for_again_with_more():
    def answer(body: Mapping[str, Any]) -> HttpReply:
        if body["generationConfig"]["maxOutputTokens"] < 5000:
            counts = {"promptTokenCount": 7, "thoughtsTokenCount": 64, "totalTokenCount": 71}
            return candidate_reply(None, "MAX_TOKENS", counts)
        return candidate_reply("Four.")

    with GoogleServer(answer) as server:
        result = ask(gemini(server), max_tokens=64)
    assert result.texts == ["Four."]
    assert result.usage is not None
    assert result.usage["completion_tokens_details"]["reasoning_tokens"] == 64
