"""Prices times tokens."""

from __future__ import annotations

import pytest

from evals.completion import Completions
from evals.completion_fns.cost import at_tier, cost_usd, known_or_stated, stated_cost, summed_usage, tier_of
from evals.specs import LongPrices, ModelInfo

PRICED = ModelInfo("m", None, input_usd_per_million=2.0, cached_input_usd_per_million=0.5, output_usd_per_million=8.0)


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        ({"prompt_tokens": 1_000_000, "completion_tokens": 500_000}, 6.0),
        (
            {"prompt_tokens": 10**6, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 400_000}},
            0.6 * 2.0 + 0.4 * 0.5,
        ),
        ({"input_tokens": 10**6, "output_tokens": 10**6, "input_tokens_details": {"cached_tokens": 10**6}}, 8.5),
        ({"prompt_tokens": 10**6, "prompt_tokens_details": None}, 2.0),
    ],
)
def test_cost_in_both_shapes_of_usage(usage: dict, dollars: float):
    assert cost_usd(usage, PRICED) == pytest.approx(dollars)


WITH_BATCH = ModelInfo(
    "m",
    input_usd_per_million=2.0,
    cached_input_usd_per_million=0.5,
    output_usd_per_million=8.0,
    batch_input_usd_per_million=1.0,
    batch_output_usd_per_million=4.0,
    long=LongPrices(10**6, 4.0, 1.0, 12.0),
)


def test_flex_costs_what_a_batch_costs_cached_tokens_and_long_prompts_in_proportion():
    usage = {"prompt_tokens": 10**6, "completion_tokens": 10**6, "prompt_tokens_details": {"cached_tokens": 10**5}}
    assert cost_usd(usage, at_tier(WITH_BATCH, "flex")) == pytest.approx(0.9 * 1.0 + 0.1 * 0.25 + 4.0)
    longer = {"prompt_tokens": 2 * 10**6, "completion_tokens": 10**6}
    assert cost_usd(longer, at_tier(WITH_BATCH, "flex")) == pytest.approx((2 * 4.0 + 12.0) / 2)


def test_other_tiers_cost_the_usual_price_and_priority_an_unknown_one():
    assert at_tier(WITH_BATCH, None) is at_tier(WITH_BATCH, "default") is WITH_BATCH
    assert at_tier(PRICED, "flex") is PRICED
    assert at_tier(WITH_BATCH, "priority") is None
    assert at_tier(None, "flex") is None


def test_the_tier_is_the_one_that_the_reply_names():
    assert tier_of({"service_tier": "flex"}) == "flex"
    assert tier_of([{"service_tier": "flex"}, {}]) == "flex"
    assert tier_of({"service_tier": None}) is tier_of([]) is tier_of(None) is None


def test_counts_that_came_as_decimals_count():
    assert cost_usd({"prompt_tokens": 1e6, "completion_tokens": 0.0}, PRICED) == pytest.approx(2.0)


def test_no_price_or_no_tokens_is_no_cost_rather_than_zero():
    assert cost_usd({"prompt_tokens": 1}, ModelInfo("m")) is None
    assert cost_usd(None, PRICED) is None
    assert cost_usd({"total_tokens": 5}, PRICED) is None


def test_cached_tokens_cost_the_full_price_where_no_other_is_known():
    info = ModelInfo("m", None, 2.0, None, 8.0)
    assert cost_usd({"prompt_tokens": 10**6, "prompt_tokens_details": {"cached_tokens": 10**6}}, info) == 2.0


def test_usage_is_summed_key_by_key_in_depth():
    one = {"a": 1, "details": {"b": 2, "c": None}, "tier": "x"}
    assert summed_usage([one, None, {"a": 2, "details": {"b": 3}}]) == {
        "a": 3,
        "details": {"b": 5, "c": None},
        "tier": "x",
    }
    assert summed_usage([None]) is None


def test_a_long_prompt_costs_the_long_price_as_a_whole():
    info = ModelInfo("m", None, 2.0, 0.2, 10.0, long=LongPrices(272_000, 4.0, 0.4, 15.0))
    usage = {"prompt_tokens": 272_000, "completion_tokens": 10**6, "prompt_tokens_details": {"cached_tokens": 72_000}}
    assert cost_usd(usage, info) == pytest.approx((200_000 * 2 + 72_000 * 0.2 + 10**6 * 10) / 1e6)
    assert cost_usd({**usage, "prompt_tokens": 272_001}, info) == pytest.approx(
        (200_001 * 4 + 72_000 * 0.4 + 10**6 * 15) / 1e6
    )


def test_tokens_that_were_stored_in_the_cache_cost_the_price_of_a_write():
    info = ModelInfo("m", None, 4.0, 0.2, 20.0, cache_write_usd_per_million=5.0)
    usage = {
        "prompt_tokens": 1000,
        "prompt_tokens_details": {"cached_tokens": 300},
        "cache_creation_input_tokens": 600,
    }
    assert cost_usd(usage, info) == pytest.approx((100 * 4 + 300 * 0.2 + 600 * 5) / 1e6)


@pytest.mark.parametrize(
    ("usage", "headers", "dollars"),
    [
        ({"prompt_tokens": 10, "cost": 0.00014}, None, 0.00014),
        ({"cost": 0}, None, 0.0),
        ({"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.95}}, None, 1.0),
        ({"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, None, None),
        ({"prompt_tokens": 10}, {"x-litellm-response-cost": "3.45e-05"}, 3.45e-05),
        ({}, {"x-litellm-response-cost": "0.0"}, None),
        ({}, {"x-litellm-response-cost": "None"}, None),
        ({"cost": "0.1"}, None, None),
        ({"cost": -1}, None, None),
        ({"cost": True}, {}, None),
        (None, None, None),
    ],
)
def test_a_cost_that_the_reply_states_is_read(usage, headers, dollars):
    assert stated_cost({"usage": usage}, headers) == (None if dollars is None else pytest.approx(dollars))


def test_the_registry_s_price_goes_before_a_stated_cost():
    result = Completions(["x"], raw_data={"usage": {"cost": 0.5}})
    assert known_or_stated(0.25, result) == 0.25
    assert result.cost_source is None
    assert known_or_stated(None, result) == 0.5
    assert result.cost_source == "server"
