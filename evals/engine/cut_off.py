"""Tells answers that were cut off before they began from answers, so that they are never scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion import CompletionResult, Completions
from evals.engine.failures import CallFailed, Kind
from evals.texts.thoughts import split_thoughts

CUT_OFF_REASONS = frozenset({"length", "incomplete"})
"Finish reasons of a completion that its cap on tokens, or the end of the context, has ended."

VISIBLE_CAP = "max_tokens"
"Evals set it for the answer that they read. Reasoning tokens are no part of it."

TOTAL_CAPS = ("max_completion_tokens", "max_output_tokens")
"The provider's own words, which count reasoning tokens too."


def is_cut_off(result: CompletionResult) -> bool:
    """Whether one of the completions was cut off before its text began.

    Thoughts in the text (`evals.texts.thoughts`) are no answer. White space alone counts as no text where the model
    reasoned. A completion whose log probabilities were asked for has begun, whatever its text is.
    """
    if not isinstance(result, Completions) or not reached_limit(result):
        return False
    return any(_is_cut_off(result, place) for place in range(len(result.texts)))


def reached_limit(result: Completions, place: int | None = None) -> bool:
    """Whether one of the completions, or the one at `place`, ended at its limit on tokens, begun or not."""
    for reason in result.finish_reasons if place is None else result.finish_reasons[place : place + 1]:
        if reason is not None and reason != "stop" and str(reason) in CUT_OFF_REASONS:
            return True
    return False


def _is_cut_off(result: Completions, place: int) -> bool:
    reason = result.finish_reasons[place] if place < len(result.finish_reasons) else None
    if str(reason) not in CUT_OFF_REASONS or _has_tokens(result.logprobs, place):
        return False
    text = split_thoughts(result.texts[place]).answer
    return not text or (not text.strip() and has_reasoned(result))


def has_reasoned(result: Completions) -> bool:
    """Whether a reply counts reasoning tokens, or shows reasoning."""
    return bool(reasoning_tokens(result.usage) or any(result.reasoning or ()))


def reasoning_tokens(usage: Mapping[str, Any] | None) -> int:
    """The reasoning tokens of a reply, which are counted among its completion tokens; 0 where it names none."""
    if not usage:
        return 0
    counts = usage
    details = counts.get("completion_tokens_details") or counts.get("output_tokens_details") or counts
    count = details.get("reasoning_tokens") if isinstance(details, (dict, Mapping)) else None
    return count if isinstance(count, int) else 0


def _has_tokens(logprobs: Any, place: int) -> bool:
    entry = logprobs[place] if isinstance(logprobs, list) and place < len(logprobs) else None
    if not isinstance(entry, Mapping):
        return False
    return bool(entry.get("content") or entry.get("tokens"))


def refuse_cut_off(result: CompletionResult, host: str | None) -> None:
    """Raise CallFailed of the kind `cut off` for completions of which one was cut off before its text began."""
    if not isinstance(result, Completions) or not is_cut_off(result):
        return
    request = result.request or {}
    caps = [f"{name}={request[name]}" for name in (*TOTAL_CAPS, VISIBLE_CAP) if name in request]
    n_reasoning = reasoning_tokens(result.usage)
    spent = f", after {n_reasoning:,} reasoning tokens" if n_reasoning else ""
    failure = CallFailed(
        Kind.CUT_OFF,
        f"no answer before the limit on tokens{f' ({caps[0]})' if caps else ''} was reached{spent}: "
        "allow more tokens (headroom=N among the completion function's arguments), or less effort",
        host=host,
    )
    failure.is_final = True
    raise failure
