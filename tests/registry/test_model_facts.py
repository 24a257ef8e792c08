"""The facts about models that come with the package: complete, dated, and free of contradictions."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from evals.errors import RegistryError
from evals.local_models.pocket.card import find_card, model_names
from evals.registry.lookup import Registry
from evals.registry.models import as_model_info
from evals.registry.retirement import is_retired, retirement_warning
from evals.specs import ModelInfo

TODAY = datetime.date(2026, 11, 29)
REGISTRY = Registry()
LIVING = [
    name
    for name in REGISTRY.known_models()
    if (info := REGISTRY.model_info(name)).endpoints and not is_retired(info, TODAY)
]


def body_of(name: str) -> dict[str, Any]:
    entry = REGISTRY.entry("completion_fns", name)
    assert entry is not None
    return entry.body


@pytest.mark.parametrize("name", LIVING)
def test_a_living_model_has_context_output_and_prices_with_their_day_and_source(name: str):
    info = REGISTRY.model_info(name)
    assert info.context_length is not None
    assert info.max_output_tokens is not None
    assert info.max_output_tokens < info.context_length
    assert info.input_usd_per_million is not None
    assert info.output_usd_per_million is not None
    assert info.price_as_of is not None
    assert info.price_as_of.startswith("202")
    assert (info.price_source or "").startswith("https://")
    if info.batch_input_usd_per_million is not None:  # half price, at OpenAI and at Anthropic
        assert info.batch_input_usd_per_million == pytest.approx(info.input_usd_per_million / 2)


@pytest.mark.parametrize("name", LIVING)
def test_a_default_effort_is_one_of_the_efforts(name: str):
    info = REGISTRY.model_info(name)
    assert info.default_effort is None or info.default_effort in info.efforts
    assert set(info.responses_only_efforts) <= set(info.efforts)


@pytest.mark.parametrize("name", [name for name in REGISTRY.known_models() if "retires" in body_of(name)])
def test_an_end_is_a_day_with_a_source_and_its_successor_outlives_it(name: str):
    info = REGISTRY.model_info(name)
    assert info.retires is not None
    end = datetime.date.fromisoformat(info.retires)
    assert str(body_of(name)["source"]).startswith("https://")
    if info.successor is not None:
        after = REGISTRY.model_info(info.successor)
        assert after.endpoints, f"{info.successor} is not known"
        assert after.retires is None or datetime.date.fromisoformat(after.retires) > end


@pytest.mark.parametrize(
    ("name", "retires", "successor"),
    [
        ("gpt-3.5-turbo-0125", "2026-10-23", "gpt-5.6-terra"),
        ("gpt-4-0613", "2026-10-23", "gpt-5.6-sol"),
        ("o1-2024-12-17", "2026-10-23", "gpt-5.6-sol"),
        ("gpt-5-2025-08-07", "2026-12-11", "gpt-6.1-sol"),
        ("o3", "2026-12-11", "gpt-5.6-sol"),
        ("gpt-4o", "2027-01-14", "gpt-6-luna"),
        ("gpt-4.1-mini", "2027-01-14", "gpt-6-luna"),
        ("claude-sonnet-4-5-20250929", "2026-11-30", "claude-sonnet-5-5"),
        ("anthropic/claude-opus-4-1-20250805", "2026-08-05", "claude-opus-4-8"),
        ("gemini-2.5-pro", "2026-12-01", "gemini-3.8-flash"),
        ("gpt-6-luna", None, None),
        ("some-model-of-mine", None, None),
    ],
)
def test_ends_and_successors_are_those_of_the_providers_pages(name, retires, successor):
    info = REGISTRY.model_info(name)
    assert (info.retires, info.successor) == (retires, successor)


@pytest.mark.parametrize(
    ("name", "efforts", "default"),
    [
        ("gpt-6-luna", "none low medium high xhigh max", "medium"),
        ("gpt-6.1-terra", "none low medium high xhigh max", "medium"),
        ("gpt-6.1-sol", "low medium high xhigh max", "medium"),
        ("gpt-6-astra", "low medium high xhigh max", "medium"),
        ("gpt-5.1", "none low medium high", "none"),
        ("claude-opus-5-5", "low medium high xhigh max", "medium"),
        ("claude-opus-4-6", "low medium high max", "high"),
        ("gemini-3.8-flash", "low medium high", "medium"),
        ("gpt-4o", "", None),
    ],
)
def test_efforts_are_those_of_the_providers_pages(name, efforts, default):
    info = REGISTRY.model_info(name)
    assert (" ".join(info.efforts), info.default_effort) == (efforts, default)


def test_a_model_reasons_where_its_default_effort_is_not_none_or_where_the_entry_says_so():
    reasons = {
        name: REGISTRY.model_info(name).reasons
        for name in ("gpt-6-luna", "gpt-5.1", "gpt-4o", "claude-opus-5", "claude-opus-4-8", "gemini-2.5-pro")
    }
    assert reasons == {
        "gpt-6-luna": True,
        "gpt-5.1": False,
        "gpt-4o": None,
        "claude-opus-5": True,
        "claude-opus-4-8": False,
        "gemini-2.5-pro": True,
    }


@pytest.mark.parametrize(
    ("retires", "expected"),
    [
        (None, None),
        ("2027-03-01", None),
        ("soon", None),
        ("2027-01-14", "m will be shut down on 2027-01-14, in 46 days; its provider names n in its place"),
        ("2026-11-30", "m will be shut down on 2026-11-30, tomorrow; its provider names n in its place"),
        ("2026-11-29", "m was shut down on 2026-11-29; its provider names n in its place"),
    ],
)
def test_a_run_is_warned_of_an_end_that_is_past_or_near(retires, expected):
    assert retirement_warning(ModelInfo("m", retires=retires, successor="n"), TODAY) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"efforts": 7},
        {"prices": {"input": "cheap"}},
        {"prices": [1, 2]},
        {"prices": {"long": {"over": 5}}},
        {"max_output": "many"},
        {"headroom": "much"},
    ],
)
def test_a_fact_of_the_wrong_form_is_an_error_that_names_the_model(body: dict[str, Any]):
    with pytest.raises(RegistryError, match="facts about the model 'mine' cannot be read") as caught:
        as_model_info("mine", [body])
    assert "evals models --json" in str(caught.value)


@pytest.mark.parametrize("name", model_names())
def test_a_pocket_model_states_the_compute_and_size_of_its_card(name: str):
    info, card = REGISTRY.model_info(f"pocket/{name}"), find_card(name).facts
    assert info.scale() == {
        "training_flops": card["training_flops"],
        "parameters": card["parameters"],
        "family": "pocket",
    }


@pytest.mark.parametrize("flops", [0, -1e20, "much", float("nan"), float("inf")])
def test_a_training_compute_that_is_no_positive_number_is_an_error(flops: Any):
    with pytest.raises(RegistryError, match="cannot be read"):
        as_model_info("my-model", [{"training_flops": flops}])


def test_a_compute_in_powers_of_ten_is_read_also_where_yaml_takes_it_for_a_text():
    assert as_model_info("my-model", [{"training_flops": "2.1e23"}]).scale() == {"training_flops": 2.1e23}
