"""The cost of a call, from its token counts and the prices of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.specs import LongPrices, ModelInfo


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
        if isinstance(value, int):
            return value
    return None
