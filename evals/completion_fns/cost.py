"""The cost of a call, from its token counts and the prices of the model, or as its reply states it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evals.completion import Completions
from evals.specs import LongPrices, ModelInfo

UNPRICED_TIERS = ("priority",)
"Service tiers that cost more, and whose prices the registry does not have."


def tier_of(reply: Any) -> str | None:
    """The service tier by which a reply was made, as the reply says; None where it says nothing.

    reply: its JSON, an object of the SDK, or a list of the replies to one call.
    """
    if isinstance(reply, list):
        return tier_of(reply[0]) if reply else None
    tier = reply.get("service_tier") if isinstance(reply, Mapping) else getattr(reply, "service_tier", None)
    return tier if isinstance(tier, str) else None


def unpriced_tier(fn: Any) -> str | None:
    """The service tier that a completion function asks for, where nobody knows its prices; else None."""
    options = getattr(fn, "options", None)
    tier = options.get("service_tier") if isinstance(options, Mapping) else None
    return tier if tier in UNPRICED_TIERS else None


def at_tier(info: ModelInfo | None, tier: str | None) -> ModelInfo | None:
    """The prices at a service tier of OpenAI; None where they are not known.

    `flex` costs what a batch costs, cached tokens in proportion (OpenAI, guide "Flex processing").
    """
    if info is None or tier in UNPRICED_TIERS:
        return None
    batch, own = info.batch_input_usd_per_million, info.input_usd_per_million
    if tier != "flex" or batch is None or not own:
        return info
    share = batch / own

    def cheaper(price: float | None) -> float | None:
        return None if price is None else price * share

    return replace(
        info,
        input_usd_per_million=batch,
        cached_input_usd_per_million=cheaper(info.cached_input_usd_per_million),
        cache_write_usd_per_million=cheaper(info.cache_write_usd_per_million),
        output_usd_per_million=_or(info.batch_output_usd_per_million, (info.output_usd_per_million or 0.0) * share),
        long=None if info.long is None else _cheaper_long(info.long, share),
    )


def _cheaper_long(prices: LongPrices, share: float) -> LongPrices:
    cached = prices.cached_input_usd_per_million
    return replace(
        prices,
        input_usd_per_million=prices.input_usd_per_million * share,
        cached_input_usd_per_million=None if cached is None else cached * share,
        output_usd_per_million=prices.output_usd_per_million * share,
    )


def cost_usd(usage: Mapping[str, Any] | None, info: ModelInfo | None) -> float | None:
    """The cost of a call in US dollars; None where its tokens or the prices are not known.

    usage: token counts under the keys of OpenAI's chat or responses endpoint. Cached tokens are counted among the
    prompt tokens, and cost the full price where the registry has no other. Reasoning tokens are counted among the
    completion tokens. Tokens that Anthropic stored in its cache cost the price of a write. info: prices in US dollars
    per million tokens; those for long prompts hold for the whole of such a request.
    """
    if not usage or info is None or info.input_usd_per_million is None or info.output_usd_per_million is None:
        return None
    n_prompt = _count(usage, "prompt_tokens", "input_tokens")
    if n_prompt is None:
        return None
    n_completion = _count(usage, "completion_tokens", "output_tokens") or 0
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    n_cached = min(_count(details, "cached_tokens") or 0, n_prompt)
    n_written = min(_count(usage, "cache_creation_input_tokens") or 0, n_prompt - n_cached)
    prices: ModelInfo | LongPrices = info.long if info.long is not None and n_prompt > info.long.over else info
    input_price = prices.input_usd_per_million or 0.0
    cached_price = _or(prices.cached_input_usd_per_million, input_price)
    write_price = _or(info.cache_write_usd_per_million, input_price) if prices is info else input_price
    dollars = (n_prompt - n_cached - n_written) * input_price + n_cached * cached_price + n_written * write_price
    return (dollars + n_completion * (prices.output_usd_per_million or 0.0)) / 1e6


COST_HEADER = "x-litellm-response-cost"
"In which litellm's proxy states the dollars of a call: 0 also for models whose price it does not know."


def known_or_stated(known: float | None, result: Completions) -> float | None:
    """`known`, the cost by the registry's prices; without it, the one that the reply states. `cost_source` says so."""
    if known is not None:
        return known
    stated = stated_cost(result.raw_data, result.headers)
    if stated is not None:
        result.cost_source = "server"
    return stated


def stated_cost(raw: Any, headers: Mapping[str, str] | None) -> float | None:
    """The US dollars that a reply states for itself; None where it states none.

    `usage.cost` (OpenRouter, whose credits are dollars), and what the provider behind it bills where the user's own
    key is used (`is_byok`); else litellm's header.
    """
    usage = raw.get("usage") if isinstance(raw, Mapping) else None
    if isinstance(usage, Mapping) and (cost := _dollars(usage.get("cost"))) is not None:
        if not usage.get("is_byok"):
            return cost
        details = usage.get("cost_details")
        upstream = _dollars(details.get("upstream_inference_cost")) if isinstance(details, Mapping) else None
        return None if upstream is None else cost + upstream
    try:
        return _dollars(float((headers or {}).get(COST_HEADER, ""))) or None
    except ValueError:
        return None


def _dollars(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return float(value)


def _or(price: float | None, other: float) -> float:
    return other if price is None else price


def summed_usage(usages: list[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """The sums of the token counts of several calls, in nested objects too; None where no call has any.

    What is no number is taken from the first call that has it.
    """
    total: dict[str, Any] = {}
    for usage in usages:
        for key, value in (usage or {}).items():
            if isinstance(value, Mapping):
                total[key] = summed_usage([total.get(key), value]) or {}
            elif isinstance(value, int | float) and not isinstance(value, bool):
                total[key] = total.get(key, 0) + value
            else:
                total.setdefault(key, value)
    return total or None


def _count(usage: Mapping[str, Any], *keys: str) -> int | None:
    for key in keys:
        value = usage.get(key)
        if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
            return int(value)
    return None
