"""Replies that are whole and hold nothing, not even an empty text: asked for again, and then an error of the sample."""

from __future__ import annotations

from evals.completion import Completions
from evals.engine.failures import CallFailed, Kind


def refuse_silent(silence: str | None, result: Completions, host: str, status: int | None = None) -> None:
    """Raise CallFailed of the kind `no answer` where a reply holds nothing.

    silence: what came, in words; None for a reply that holds something. result: the reply, for its tokens. Nobody can
    tell such a reply of a broken server from a model that ends at once, so it is not scored as an empty answer.
    """
    if silence is None:
        return
    n_tokens = (result.usage or {}).get("completion_tokens")
    tokens = f", {n_tokens} completion tokens" if isinstance(n_tokens, int) else ""
    raise CallFailed(
        Kind.NO_ANSWER,
        f"the reply holds no answer: {silence}{tokens}, no tool call, no refusal, no reasoning",
        status=status,
        host=host,
    )
