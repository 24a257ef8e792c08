"""Token counts of replies as OpenAI counts: reasoning among the completion tokens, cached tokens among the details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.engine.cut_off import reasoning_tokens

_KEYS = (
    ("prompt_tokens", "completion_tokens", "prompt_tokens_details"),
    ("input_tokens", "output_tokens", "input_tokens_details"),
)
"Of the chat endpoint and of the responses endpoint: the prompt, the completion, where cached tokens stand."
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens")
"Where Moonshot and DeepSeek count the prompt tokens that their cache gave, beside all other counts."


def usage_of(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """The usage of a reply, counted as OpenAI counts; None where it states none.

    xAI and Google leave reasoning tokens out of the completion tokens, and count them in the total alone.
    """
    usage = raw.get("usage")
    if not isinstance(usage, dict):
        return None
    for prompt_key, completion_key, details_key in _KEYS:
        if prompt_key in usage:
            n_more = _left_out(usage, usage.get(prompt_key), usage.get(completion_key), details_key)
            changes = {completion_key: usage[completion_key] + n_more} if n_more else {}
            cached = _cached_beside(usage, details_key)
            if cached is not None:
                changes[details_key] = {**(usage.get(details_key) or {}), "cached_tokens": cached}
            return {**usage, **changes} if changes else usage
    return usage


def _left_out(usage: Mapping[str, Any], n_prompt: Any, n_completion: Any, details_key: str) -> int:
    """Reasoning tokens that are in the total and not among the completion tokens."""
    n_total = usage.get("total_tokens")
    if not (isinstance(n_total, int) and isinstance(n_prompt, int) and isinstance(n_completion, int)):
        return 0
    n_missing = n_total - n_prompt - n_completion
    if n_missing <= 0:
        return 0
    n_reasoning = reasoning_tokens(usage)
    if n_reasoning:
        return n_reasoning if n_reasoning <= n_missing else 0
    details = usage.get(details_key)
    # Some gateways take the cached tokens off the prompt, and leave the total as it was.
    return 0 if isinstance(details, Mapping) and details.get("cached_tokens") == n_missing else n_missing


def _cached_beside(usage: Mapping[str, Any], details_key: str) -> int | None:
    """Cached prompt tokens that are counted outside of the details; None where the details have them, or nobody."""
    details = usage.get(details_key)
    if isinstance(details, Mapping) and details.get("cached_tokens") is not None:
        return None
    return next((usage[key] for key in _CACHED if isinstance(usage.get(key), int)), None)
