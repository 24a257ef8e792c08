"""Names of models: patterns, prefixes, facts, and names that must not become a call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from registry_parts import message

from evals.errors import RegistryError
from evals.registry import Registry
from evals.registry.index import RawEntry
from evals.registry.models import as_model_info, fits_stars, patterns_of


def test_a_pattern_takes_the_name_less_its_prefix_and_the_longest_literal_wins(with_fns: Registry) -> None:
    assert with_fns.make_completion_fn("mine/llama-3").model == "llama-3"
    assert with_fns.make_completion_fn("mine/special-x").model == "mine/special-x"
    with pytest.raises(RegistryError, match="'mine/' names no model"):
        with_fns.make_completion_fn("mine/")


def test_a_reserved_name_that_leads_nowhere_is_an_error_and_not_a_model(with_fns: Registry) -> None:
    assert with_fns.resolve_completion_fn("closed/one").key == "closed/one"
    with pytest.raises(RegistryError) as error:
        with_fns.resolve_completion_fn("closed/onne")
    assert "did you mean: closed/one" in message(error)
    assert "chat/closed/onne" in message(error)


def test_an_entry_without_class_only_informs(with_fns: Registry) -> None:
    spec = with_fns.resolve_completion_fn("big-2026")
    assert (spec.key, spec.args) == ("default", {"model": "big-2026"})
    info = with_fns.model_info("big-2026")
    assert (info.context_length, info.input_usd_per_million, info.output_usd_per_million) == (99, 2.0, 8.0)
    assert (info.cached_input_usd_per_million, info.price_as_of, info.price_source) == (None, "2026-11-01", "here")
    assert with_fns.resolve_completion_fn("alias-to-model").args == {"model": "big"}


def test_facts_are_looked_up_under_the_model_too_unless_a_null_says_otherwise(with_fns: Registry) -> None:
    assert with_fns.model_info("mine/big").context_length == 99
    assert with_fns.make_completion_fn("mine/big").temperature == 99
    secret = with_fns.model_info("secret/big")
    assert (secret.input_usd_per_million, secret.context_length) == (None, 99)


@pytest.mark.parametrize(
    ("name", "cls", "model"),
    [
        ("gpt-4o", "OpenAIChatCompletionFn", "gpt-4o"),
        ("org/some-local-model", "OpenAIChatCompletionFn", "org/some-local-model"),
        ("chat/o3-pro", "OpenAIChatCompletionFn", "o3-pro"),
        ("gpt-3.5-turbo-instruct", "OpenAICompletionFn", "gpt-3.5-turbo-instruct"),
        ("davinci-002", "OpenAICompletionFn", "davinci-002"),
        ("ft:babbage-002:org::id", "OpenAICompletionFn", "ft:babbage-002:org::id"),
        ("completions/meta/llama", "OpenAICompletionFn", "meta/llama"),
        ("o3-pro", "OpenAIResponsesCompletionFn", "o3-pro"),
        ("gpt-5.1-codex-mini", "OpenAIResponsesCompletionFn", "gpt-5.1-codex-mini"),
        ("gpt-5-mini", "OpenAIChatCompletionFn", "gpt-5-mini"),
        ("responses/gpt-4o", "OpenAIResponsesCompletionFn", "gpt-4o"),
        ("azure/my-deployment", "AzureOpenAIChatCompletionFn", "my-deployment"),
        ("anthropic/claude-x", "AnthropicCompletionFn", "claude-x"),
        ("claude-opus-4-5", "AnthropicCompletionFn", "claude-opus-4-5"),
        ("gemini-2.5-flash", "GoogleCompletionFn", "gemini-2.5-flash"),
    ],
)
def test_a_model_goes_to_the_endpoint_that_serves_it(name: str, cls: str, model: str) -> None:
    spec = Registry().resolve_completion_fn(name)
    assert (spec.cls.split(":")[1], (spec.args or {})["model"]) == (cls, model)


@pytest.mark.parametrize("name", ["pocket/arithmetik", "generation/directt/gpt-4"])
def test_built_in_reserved_prefixes_never_become_a_call(name: str) -> None:
    with pytest.raises(RegistryError, match="reserved"):
        Registry().resolve_completion_fn(name)


def test_every_price_names_its_source_and_date() -> None:
    for entry in Registry().entries("completion_fns"):
        prices = entry.body.get("prices")
        if prices:
            assert str(prices["source"]).startswith("https://"), entry.where
            assert prices["as_of"], entry.where
            # Embeddings are paid by the token of input alone.
            least = 0 if "embedding" in entry.name else prices["input"]
            assert prices["input"] > 0, entry.where
            assert least <= prices["output"], entry.where
            assert prices.get("cached_input", 0) < prices["input"], entry.where


def entry(name: str, **body: Any) -> RawEntry:
    return RawEntry(name, body, Path("x.yaml"), 1, Path())


def test_the_most_specific_pattern_comes_first_and_of_equal_ones_the_later_entry() -> None:
    entries = [entry("one", patterns=["a*", "*"]), entry("two", patterns="ab*"), entry("three", patterns=["*b", "a*"])]
    found = [(pattern.text, pattern.entry.name) for pattern in patterns_of(entries)]
    assert found == [("ab*", "two"), ("a*", "three"), ("*b", "three"), ("a*", "one"), ("*", "one")]


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("gpt-*", "gpt-4o", True),
        ("gpt-*", "my-gpt-4o", False),
        ("*-mini*", "a-mini", True),
        ("a.c", "abc", False),
        ("a*c", "a\nc", True),
        ("exact", "exact\n", False),
        ("", "", True),
        ("ab*ba", "aba", False),
        ("a*b*b", "ab", False),
        ("a*b*b", "axbyb", True),
        ("a**", "a", True),
    ],
)
def test_a_star_is_any_text_and_the_whole_name_must_fit(pattern: str, name: str, fits: bool) -> None:
    assert fits_stars(pattern, name) is fits


@pytest.mark.parametrize("patterns", [7, ["a", 1], {"a": "b"}])
def test_patterns_that_are_no_texts_are_refused(patterns: Any) -> None:
    with pytest.raises(RegistryError, match=r"x\.yaml:1: 'mine': 'patterns' is not a list of texts"):
        patterns_of([entry("mine", patterns=patterns)])


def test_each_fact_comes_from_the_first_body_that_has_it() -> None:
    bodies: list[Mapping[str, Any]] = [
        {"prices": {"input": 1}},
        {"context_length": None},
        {"context_length": 5, "prices": {"output": 2}},
    ]
    info = as_model_info("m", bodies)
    assert (info.input_usd_per_million, info.output_usd_per_million, info.context_length) == (1.0, None, None)


@pytest.mark.parametrize("name", ["my_package.fns:MyFn", "evals.elsuite.bluff.bluff.players:StrongBot"])
def test_the_path_of_a_class_is_no_model_and_never_becomes_a_call(name: str) -> None:
    with pytest.raises(ValueError, match="that is the path of a class") as caught:
        Registry().make_completion_fn(name)
    assert f'my-fn: {{class: "{name}"}}' in str(caught.value)
    assert Registry().resolve_completion_fn(f"chat/{name}").args["model"] == name


@pytest.mark.parametrize(
    "name",
    [
        "llama3:8b",
        "qwen2.5:latest",
        "ft:gpt-4o:org:x:1",
        "anthropic.claude-v2:1",
        "hf.co/a/B-GGUF:Q4_K_M",
        "my.model:latest",
    ],
)
def test_names_of_models_with_a_colon_stay_names_of_models(name: str) -> None:
    assert Registry().resolve_completion_fn(name).args["model"] == name
