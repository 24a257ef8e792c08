"""What all hosted backends share, seen on one without a network."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.hosted import HostedBackend, overlaid, refuse_filtered, together
from evals.engine.failures import CallFailed, Kind
from evals.errors import EvalsError, UsageError
from evals.registry import Registry
from evals.secrets import redact
from evals.specs import ModelInfo


class Prices(Registry):
    """A registry in which every model costs 2 and 10 dollars a million, and which counts how often it is asked."""

    n_asked = 0

    def model_info(self, name: str) -> ModelInfo:
        self.n_asked += 1
        return ModelInfo(name, input_usd_per_million=2.0, output_usd_per_million=10.0)


class Client:
    def __init__(self, api_key: str) -> None:
        self.api_key = api_key
        self.sent: list[tuple[Any, dict[str, Any]]] = []
        self.is_closed = False


class Provider(HostedBackend):
    """Answers with texts given beforehand, one a request."""

    key_variables = ("FIRST_KEY", "SECOND_KEY")
    url_variables = ("PROVIDER_URL",)
    default_base_url = "https://api.provider.test/v1"
    known_options = frozenset({"temperature", "max_tokens", "n"})
    kind = "a test model"

    def __init__(self, model: str | None = "m", replies: Any = ("Hi",), **kwargs: Any) -> None:
        super().__init__(model, **kwargs)
        self.replies = list(replies)
        self.made: list[Client] = []

    def new_client(self, api_key: str) -> Client:
        self.made.append(Client(api_key))
        return self.made[-1]

    async def close_client(self, client: Client) -> None:
        client.is_closed = True

    async def draw(self, client: Client, prompt: Any, options: Mapping[str, Any]) -> Completions:
        client.sent.append((prompt, dict(options)))
        reply = self.replies[(len(client.sent) - 1) % len(self.replies)]
        if isinstance(reply, Completions):
            return copy.copy(reply)
        return Completions([reply], usage={"prompt_tokens": 10, "completion_tokens": 5}, finish_reasons=["stop"])


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_KEY", "SECOND_KEY", "PROVIDER_URL"):
        monkeypatch.delenv(name, raising=False)


def ask(fn: Provider, prompt: Any = "hi", **kwargs: Any) -> Completions:
    async def once() -> Completions:
        try:
            return await fn.complete(prompt, **kwargs)
        finally:
            await fn.aclose()

    return asyncio.run(once())


def test_the_key_that_was_given_goes_before_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("SECOND_KEY", "second-key\n")
    assert Provider(api_key="given-key ").find_key() == "given-key"
    assert Provider().find_key() == "second-key"
    monkeypatch.setenv("FIRST_KEY", "first-key")
    assert Provider().find_key() == "first-key"


def test_a_missing_key_is_named_before_the_first_call_with_the_variable_to_set():
    with pytest.raises(UsageError) as caught:
        Provider().preflight()
    assert str(caught.value) == "no key for api.provider.test: FIRST_KEY is not set\n  fix: set FIRST_KEY"


def test_a_server_that_needs_no_key_gets_a_placeholder():
    class Open(Provider):
        def needs_key(self) -> bool:
            return False

    fn = Open()
    ask(fn)
    assert fn.made[0].api_key == "no-key"


def test_the_base_url_is_the_given_one_else_the_environment_s_else_the_provider_s(monkeypatch):
    assert Provider().base_url == "https://api.provider.test/v1"
    monkeypatch.setenv("PROVIDER_URL", "http://here.test:9/")
    assert (Provider().base_url, Provider().host) == ("http://here.test:9", "here.test:9")
    assert Provider(base_url="http://given.test/").base_url == "http://given.test"
    with pytest.raises(UsageError, match="is no http or https URL"):
        Provider(base_url="given.test")


def test_no_secret_of_key_or_url_is_shown():
    fn = Provider(base_url="https://user:hush-hush@there.test/v1?token=quiet-token", api_key="a-long-key-of-mine")
    shown = f"{fn!r} {fn.limit_key} {fn.host} {fn.cache_identity()}"
    assert all(secret not in shown for secret in ("hush-hush", "quiet-token", "a-long-key-of-mine", "user"))
    told = redact("refused: hush-hush quiet-token a-long-key-of-mine")
    assert all(secret not in told for secret in ("hush", "quiet", "mine"))


def test_a_model_is_needed_unless_the_class_says_otherwise():
    with pytest.raises(UsageError, match="Provider needs a model"):
        Provider(None)

    class Optional(Provider):
        model_is_optional = True

    assert Optional(None).model is None


def test_a_misspelt_option_is_named_with_its_near_miss_and_extra_options_take_any_name():
    with pytest.raises(UsageError) as caught:
        Provider(options={"temprature": 1})
    assert "a test model takes no argument 'temprature'" in str(caught.value)
    assert "did you mean: temperature" in str(caught.value)
    fn = Provider(extra_options={"odd": 1}, api_key="some-key")
    ask(fn)
    assert fn.made[0].sent == [("hi", {"odd": 1})]


def test_options_lie_over_those_of_the_call_and_none_takes_one_out():
    fn = Provider(options={"temperature": 0.5}, extra_options={"max_tokens": None}, api_key="some-key")
    ask(fn, temperature=0.0, max_tokens=9, seed=1)
    assert fn.made[0].sent == [("hi", {"temperature": 0.5, "seed": 1})]


def test_later_layers_win_and_none_takes_a_parameter_away():
    assert overlaid({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": None}) == {"b": 3, "c": 4}


def test_an_option_that_takes_an_argument_out_is_part_of_the_cache_s_key():
    plain, without = Provider(), Provider(extra_options={"temperature": None})
    assert plain.cache_identity() != without.cache_identity()


def test_n_completions_are_n_requests_in_one_result_with_their_sum():
    fn = Provider(replies=["a", "b", "c"], registry=Prices(), api_key="some-key")
    result = ask(fn, n=3)
    assert (result.texts, result.finish_reasons) == (["a", "b", "c"], ["stop"] * 3)
    assert result.usage == {"prompt_tokens": 30, "completion_tokens": 15}
    assert result.cost_usd == pytest.approx(3 * (10 * 2 + 5 * 10) / 1e6)
    assert result.latency_s is not None


def test_the_cost_is_unknown_where_one_request_has_no_usage_or_there_are_no_prices():
    replies = ["a", Completions(["b"], finish_reasons=["stop"])]
    assert ask(Provider(replies=replies, registry=Prices(), api_key="some-key"), n=2).cost_usd is None
    assert ask(Provider(api_key="some-key")).cost_usd is None


def test_prices_are_looked_up_once():
    registry = Prices()
    fn = Provider(registry=registry, api_key="some-key")
    fn.preflight()
    ask(fn)
    ask(fn)
    assert registry.n_asked == 1


def test_an_answer_that_was_filtered_as_a_whole_is_a_failure_and_a_part_of_one_is_not():
    filtered = Completions([""], finish_reasons=["content_filter"])
    with pytest.raises(CallFailed) as caught:
        ask(Provider(replies=[filtered], api_key="some-key"))
    assert (caught.value.kind, caught.value.host) == (Kind.CONTENT_FILTER, "api.provider.test")
    assert ask(Provider(replies=[filtered, "b"], api_key="some-key"), n=2).texts == ["", "b"]
    with pytest.raises(CallFailed, match=r"content filter \(200 from h\)"):
        refuse_filtered(filtered, "h", 200)


def test_every_loop_has_a_client_of_its_own_which_is_closed_with_it():
    fn = Provider(api_key="some-key")
    ask(fn)
    ask(fn)
    assert [client.is_closed for client in fn.made] == [True, True]
    assert [len(client.sent) for client in fn.made] == [1, 1]


def test_what_keeps_a_client_from_working_is_found_by_the_preflight_and_by_a_call_without_one():
    class Broken(Provider):
        def prepare_client(self) -> None:
            raise EvalsError("not installed")

    with pytest.raises(EvalsError, match="not installed"):
        Broken(api_key="some-key").preflight()
    with pytest.raises(EvalsError, match="not installed"):
        ask(Broken(api_key="some-key"))


def test_a_copied_backend_is_the_same_one():
    fn = Provider()
    assert copy.deepcopy(fn) is fn


def test_results_of_several_requests_keep_log_probabilities_in_their_places():
    first = Completions(["a"], prompt="p", raw_data=1, headers={"x": "1"}, request={"t": 0}, model="m")
    second = Completions(["b"], logprobs=[{"content": []}], raw_data=2, headers={"x": "2"})
    result = together([first, second])
    assert result.logprobs == [None, {"content": []}]
    assert (result.raw_data, result.headers) == ([1, 2], {"x": "2"})
    assert (result.prompt, result.request, result.model) == ("p", {"t": 0}, "m")
    assert (first.texts, first.logprobs) == (["a"], None)
