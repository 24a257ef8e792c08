"""The OpenAI backends against a real server: what is sent, what comes back, over both transports."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.openai.models import (
    AzureOpenAIChatCompletionFn,
    OpenAIChatCompletionFn,
    OpenAICompletionFn,
    OpenAIResponsesCompletionFn,
)
from evals.errors import UsageError
from evals.specs import ModelInfo
from evals.testing.openai_server import Answer, Call, LoopbackServer
from tests.support.pictures import PNG

ENDPOINTS = [OpenAIChatCompletionFn, OpenAICompletionFn, OpenAIResponsesCompletionFn]
CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "One?"}]


@pytest.fixture(autouse=True)
def _no_openai_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["http", "sdk"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def ask(fn: Any, prompt: Any = "hi", **kwargs: Any) -> Completions:
    async def once() -> Completions:
        try:
            return await fn.complete(prompt, **kwargs)
        finally:
            await fn.aclose()

    return asyncio.run(once())


@pytest.mark.parametrize("cls", ENDPOINTS)
def test_both_transports_give_the_same_completions(cls: Any):
    with LoopbackServer("forty two") as server:
        lean, sdk = (ask(cls("m", server.base_url, transport=name), CHAT, temperature=0.5) for name in ("http", "sdk"))
        assert server.bodies[0] == server.bodies[1]
    assert lean.texts == sdk.texts == ["forty two"]
    assert lean.finish_reasons == sdk.finish_reasons == ["stop"]
    assert lean.usage == sdk.usage
    kept = {"store": False} if cls is OpenAIResponsesCompletionFn else {}
    assert lean.request == sdk.request == {"temperature": 0.5, **kept}
    assert lean.model == sdk.model == "m"
    assert lean.latency_s is not None
    assert lean.latency_s > 0


def test_a_text_prompt_is_one_system_message_for_a_chat_model():
    with LoopbackServer() as server:
        ask(OpenAIChatCompletionFn("m", server.base_url), "Say hi")
        assert server.bodies == [{"model": "m", "messages": [{"role": "system", "content": "Say hi"}]}]


def test_a_chat_becomes_text_for_a_text_model():
    with LoopbackServer() as server:
        result = ask(OpenAICompletionFn("m", server.base_url), CHAT)
        assert server.bodies == [{"model": "m", "prompt": "Be brief.\nUser: One?\nAssistant:"}]
    assert result.prompt == "Be brief.\nUser: One?\nAssistant:"


def test_token_lists_reach_the_completions_endpoint_as_they_are():
    with LoopbackServer() as server:
        ask(OpenAICompletionFn("m", server.base_url), [1, 2, 3])
        assert server.bodies[0]["prompt"] == [1, 2, 3]


def test_lists_of_texts_give_one_completion_each():
    with LoopbackServer(lambda call: call.prompt.upper()) as server:
        assert ask(OpenAICompletionFn("m", server.base_url), ["a", "b"]).texts == ["A", "B"]


def test_n_choices_keep_their_order(transport: str):
    with LoopbackServer(lambda call: f"choice {call.index}") as server:
        result = ask(OpenAIChatCompletionFn("m", server.base_url, transport=transport), n=3)
    assert result.get_completions() == ["choice 0", "choice 1", "choice 2"]


def test_n_completions_of_the_responses_endpoint_are_n_calls():
    with LoopbackServer(lambda call: f"call {call.attempt}") as server:
        result = ask(OpenAIResponsesCompletionFn("m", server.base_url), CHAT, n=3)
        assert server.n_requests == 3
    assert sorted(result.texts) == ["call 0", "call 1", "call 2"]
    assert result.usage is not None
    assert result.usage["output_tokens"] == 6
    assert result.finish_reasons == ["stop"] * 3
    assert [raw.status for raw in result.raw_data] == ["completed"] * 3


def test_stop_is_cut_here_where_the_endpoint_has_none():
    with LoopbackServer("one, two. three") as server:
        result = ask(OpenAIResponsesCompletionFn("m", server.base_url), stop=[".", ","], max_tokens=90, seed=1)
        assert server.bodies[0] == {
            "model": "m",
            "input": [{"role": "system", "content": "hi"}],
            "max_output_tokens": 90,
            "store": False,
            "stream": False,
        }
    assert result.texts == ["one"]


@pytest.mark.parametrize("cls", ENDPOINTS)
def test_a_cut_completion_says_so(cls: Any):
    words = ["one"] * 17
    with LoopbackServer(" ".join(words)) as server:
        result = ask(cls("m", server.base_url), max_tokens=16)
    assert (result.texts, result.finish_reasons) == ([" ".join(words[:16])], ["length"])


def test_logprobs_come_in_the_shape_of_their_endpoint():
    with LoopbackServer("yes no") as server:
        chat = ask(OpenAIChatCompletionFn("m", server.base_url), logprobs=True, top_logprobs=2)
        text = ask(OpenAICompletionFn("m", server.base_url), logprobs=1)
        none = ask(OpenAICompletionFn("m", server.base_url))
    assert chat.logprobs is not None
    assert [token["token"] for token in chat.logprobs[0]["content"]] == ["yes", " no"]
    assert len(chat.logprobs[0]["content"][0]["top_logprobs"]) == 2
    assert text.logprobs is not None
    assert text.logprobs[0]["tokens"] == ["yes", " no"]
    assert none.logprobs is None


@pytest.mark.parametrize("cls", [OpenAIChatCompletionFn, OpenAIResponsesCompletionFn])
def test_a_refusal_is_an_empty_completion_in_its_place(cls: Any):
    with LoopbackServer(Answer(None, refusal="I will not")) as server:
        result = ask(cls("m", server.base_url))
    assert (result.texts, result.finish_reasons) == ([""], ["refusal"])


def test_a_choice_without_content_keeps_its_place():
    def answering(call: Call) -> Answer:
        return Answer(None, finish_reason="content_filter") if call.index == 0 else Answer("fine")

    with LoopbackServer(answering) as server:
        result = ask(OpenAIChatCompletionFn("m", server.base_url), n=2)
    assert result.texts == ["", "fine"]
    assert result.finish_reasons == ["content_filter", "stop"]


def test_usage_keeps_its_details_and_prices_the_cached_tokens():
    class Prices:
        def model_info(self, name: str) -> ModelInfo:
            return ModelInfo(name, None, 2.0, 0.5, 8.0)

    with LoopbackServer(Answer("a b", reasoning_tokens=5, cached_tokens=3)) as server:
        result = ask(OpenAIChatCompletionFn("m", server.base_url, registry=Prices()), "one two three four")
        unpriced = ask(OpenAIChatCompletionFn("m", server.base_url))
    assert result.usage is not None
    assert result.usage["completion_tokens_details"]["reasoning_tokens"] == 5
    assert result.cost_usd == pytest.approx((1 * 2.0 + 3 * 0.5 + 7 * 8.0) / 1e6)
    assert unpriced.cost_usd is None


def test_options_of_the_constructor_lie_over_those_of_the_call_and_extra_options_over_both():
    with LoopbackServer() as server:
        fn = OpenAIChatCompletionFn(
            "m", server.base_url, extra_options={"top_p": 0.1, "mirostat": 2}, temperature=0.7, top_p=0.9
        )
        ask(fn, temperature=0, max_tokens=5, seed=None, extra_body={"min_p": 0.2}, extra_headers={"X-Trace": "7"})
        seen = server.seen[0]
    assert {name: value for name, value in seen.body.items() if name not in ("model", "messages")} == {
        "temperature": 0.7,
        "top_p": 0.1,
        "mirostat": 2,
        "max_tokens": 5,
        "min_p": 0.2,
    }
    assert seen.headers["x-trace"] == "7"


def test_what_was_sent_is_recorded_without_prompt_secrets_and_long_values():
    options = {
        "extra_body": {"api_key": "hush-hush", "nested": {"password": "x"}},
        "logit_bias": {str(k): 1 for k in range(99)},
    }
    with LoopbackServer() as server:
        result = ask(
            OpenAIChatCompletionFn("m", server.base_url, "sk-planted-key-000"), "prompt", temperature=0, **options
        )
    assert result.request is not None
    assert result.request["temperature"] == 0
    assert result.request["api_key"] == "***"
    assert result.request["nested"] == {"password": "***"}
    assert result.request["logit_bias"].startswith("<")
    assert "prompt" not in json.dumps(result.request)


def test_a_misspelt_argument_gets_a_near_miss_and_a_way_out():
    with pytest.raises(UsageError) as caught:
        OpenAIChatCompletionFn("m", temprature=0.5)
    assert "did you mean: temperature" in str(caught.value)
    assert "extra_options" in str(caught.value)
    with pytest.raises(UsageError, match="temprature"):
        OpenAICompletionFn("m", temprature=0.5)


def test_the_text_class_ignores_what_nothing_knows(caplog: pytest.LogCaptureFixture):
    fn = OpenAICompletionFn("m", some_plugin_flag=True)
    assert fn.options == {}
    assert "some_plugin_flag" in caplog.text


def test_images_travel_as_parts_and_local_files_as_data_urls(tmp_path):
    picture = tmp_path / "dot.png"
    picture.write_bytes(PNG)
    part = {"type": "image_url", "image_url": {"url": str(picture), "detail": "low"}}
    chat = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, part]}]
    with LoopbackServer() as server:
        ask(OpenAIChatCompletionFn("m", server.base_url), chat)
        ask(OpenAIResponsesCompletionFn("m", server.base_url), chat)
        sent = [server.bodies[0]["messages"][0]["content"], server.bodies[1]["input"][0]["content"]]
    url = "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()
    assert sent[0] == [chat[0]["content"][0], {"type": "image_url", "image_url": {"url": url, "detail": "low"}}]
    assert sent[1] == [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": url, "detail": "low"},
    ]
    assert part["image_url"]["url"] == str(picture)


def test_refused_parameters_are_adapted_once_and_said(transport: str, caplog: pytest.LogCaptureFixture):
    async def three() -> list[Completions]:
        results = [await fn.complete("hi", max_tokens=5, temperature=0, stop=["!"]) for _ in range(3)]
        await fn.aclose()
        return results

    with LoopbackServer("Wait! What", reasoning_models=["o9"]) as server:
        fn = OpenAIChatCompletionFn("o9", server.base_url, transport=transport)
        results = asyncio.run(three())
        assert server.n_requests == 3 + 3
        assert server.bodies[-1] == {
            "model": "o9",
            "messages": [{"role": "system", "content": "hi"}],
            "max_completion_tokens": 5,
        }
    assert [result.texts for result in results] == [["Wait"]] * 3
    assert results[0].request == {
        "max_completion_tokens": 5,
        "adapted": {"temperature": None, "stop": None, "max_tokens": "max_completion_tokens"},
    }
    assert caplog.text.count("requests are adapted to the model") == 3


def test_many_first_calls_at_once_all_adapt():
    async def all_at_once() -> list[Completions]:
        results = await asyncio.gather(*(fn.complete(f"q {k}", max_tokens=5, temperature=0) for k in range(50)))
        await fn.aclose()
        return list(results)

    with LoopbackServer(lambda call: call.prompt, reasoning_models=["o9"], latency_s=0.01) as server:
        fn = OpenAIChatCompletionFn("o9", server.base_url)
        assert [result.texts[0] for result in asyncio.run(all_at_once())] == [f"q {k}" for k in range(50)]


def test_rules_given_with_the_model_need_no_refusal():
    with LoopbackServer(reasoning_models=["o9"]) as server:
        fn = OpenAIChatCompletionFn(
            "o9",
            server.base_url,
            max_tokens_param="max_completion_tokens",
            drop=["temperature"],
            system_role="developer",
        )
        ask(fn, CHAT, max_tokens=5, temperature=0)
        assert server.n_requests == 1
        assert server.bodies[0]["messages"][0] == {"role": "developer", "content": "Be brief."}


def test_200_calls_in_flight_on_one_client():
    async def all_at_once() -> list[Completions]:
        results = await asyncio.gather(*(fn.complete([{"role": "user", "content": f"q {k}"}]) for k in range(200)))
        await fn.aclose()
        return list(results)

    with LoopbackServer(lambda call: call.prompt, hold_until=200) as server:
        fn = OpenAIChatCompletionFn("m", server.base_url)
        texts = [result.texts[0] for result in asyncio.run(all_at_once())]
        assert server.max_in_flight == 200
    assert texts == [f"q {k}" for k in range(200)]


def test_connections_are_kept_and_a_new_loop_gets_its_own_client():
    with LoopbackServer() as server:
        fn = OpenAIChatCompletionFn("m", server.base_url)

        async def twice() -> list[str]:
            texts = [(await fn.complete("hi")).texts[0] for _ in range(2)]
            await fn.aclose()
            return texts

        assert asyncio.run(twice()) == asyncio.run(twice())


def test_a_copied_backend_is_the_same_one():
    fn = OpenAIChatCompletionFn("m", "http://127.0.0.1:1/v1")
    assert copy.deepcopy({"fn": fn})["fn"] is fn


def test_raw_data_reads_as_the_sdks_objects_do():
    with LoopbackServer("forty two") as server:
        result = ask(OpenAIChatCompletionFn("m", server.base_url))
    assert result.raw_data.choices[0].message.content == "forty two"
    assert result.raw_data["usage"]["total_tokens"] == result.raw_data.usage.total_tokens
    assert not hasattr(result.raw_data, "nothing")


def test_rate_limit_headers_are_handed_on_and_no_others():
    with LoopbackServer(headers={"X-RateLimit-Remaining-Requests": "3", "X-Other": "1"}) as server:
        result = ask(OpenAIChatCompletionFn("m", server.base_url))
    assert result.headers == {"x-ratelimit-remaining-requests": "3"}


def test_cache_identity_and_limit_key_hold_no_secrets():
    fn = OpenAIChatCompletionFn(
        "m", "https://user:pass@gateway.test/v1/?key=sk-in-query", "sk-planted-key-000", temperature=0.5, drop=["stop"]
    )
    identity = json.dumps(fn.cache_identity())
    assert json.loads(identity)["endpoint"] == "https://gateway.test/v1/chat/completions"
    assert json.loads(identity)["options"] == {"temperature": 0.5}
    for text in (identity, fn.limit_key, repr(fn)):
        assert not any(secret in text for secret in ("sk-planted", "user:pass", "sk-in-query"))


def test_environment_names_server_key_organization_and_project(monkeypatch: pytest.MonkeyPatch):
    with LoopbackServer(api_key="sk-from-environment") as server:
        monkeypatch.setenv("OPENAI_API_BASE", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-from-environment\n")
        monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
        ask(OpenAIChatCompletionFn("m"))
        headers = server.seen[0].headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj-1")
    assert headers["content-type"] == "application/json"


def test_other_servers_get_a_placeholder_key_and_openai_is_not_asked_without_one(transport: str):
    with LoopbackServer() as server:
        ask(OpenAIChatCompletionFn("m", server.base_url, transport=transport))
        assert server.seen[0].headers["authorization"] == "Bearer no-key"
    fn = OpenAIChatCompletionFn("gpt-4o", transport=transport)
    with pytest.raises(UsageError, match=r"api\.openai\.com: OPENAI_API_KEY is not set"):
        fn.preflight()
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        ask(fn)


def test_a_model_a_transport_and_a_url_must_make_sense():
    with pytest.raises(UsageError, match="no model"):
        OpenAIChatCompletionFn(api_base="http://127.0.0.1:1/v1").preflight()
    with pytest.raises(UsageError, match="transport"):
        OpenAIChatCompletionFn("m", transport="pigeon")
    for url in ("localhost:8000/v1", "http://", "http://host:port/v1"):
        with pytest.raises(UsageError, match="base URL"):
            OpenAIChatCompletionFn("m", url)


def test_azure_asks_the_deployment_with_its_own_key_and_version(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-key-000")
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    with LoopbackServer("from azure", api_key="azure-key-000") as server:
        fn = AzureOpenAIChatCompletionFn("my-gpt", azure_endpoint=server.url, api_version="2024-10-21")
        named = AzureOpenAIChatCompletionFn(
            "gpt-4o", azure_endpoint=server.url, api_version="2024-10-21", azure_deployment="other"
        )
        assert ask(fn).texts == ask(named).texts == ["from azure"]
        paths = [(seen.path, seen.query) for seen in server.seen]
    assert paths == [
        ("/openai/deployments/my-gpt/chat/completions", "api-version=2024-10-21"),
        ("/openai/deployments/other/chat/completions", "api-version=2024-10-21"),
    ]


def test_azure_says_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="AZURE_OPENAI_ENDPOINT"):
        AzureOpenAIChatCompletionFn("m")
    with pytest.raises(UsageError, match="API version"):
        AzureOpenAIChatCompletionFn("m", azure_endpoint="https://x.openai.azure.com").preflight()
    with pytest.raises(UsageError, match="AZURE_OPENAI_API_KEY"):
        AzureOpenAIChatCompletionFn("m", azure_endpoint="https://x.openai.azure.com", api_version="v").preflight()


@pytest.mark.parametrize("option", ["temperature", "max_tokens", "n"])
def test_a_word_where_a_number_belongs_is_refused_before_any_call(option: str) -> None:
    with pytest.raises(UsageError, match=f"{option} must be a number, not 'hot'"):
        OpenAIChatCompletionFn(model="m", **{option: "hot"})


def test_the_address_under_another_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(UsageError, match=r"(?s)has no argument 'base_url'.*did you mean: api_base"):
        OpenAIChatCompletionFn("gpt-4o", base_url="http://localhost/v1")
