"""What a model replied where a refusal is an answer too: a text, or a refusal by the API itself."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from evals.completion import CompletionResult, Completions, Prompt
from evals.engine.cut_off import CUT_OFF_REASONS
from evals.engine.failures import CallFailed, Kind
from evals.record.current import record_sampling

REFUSAL, FILTER = "refusal", "content filter"
_BY_API = {"refusal": REFUSAL, "content_filter": FILTER}


@dataclass(frozen=True)
class Reply:
    """One reply of a model."""

    text: str
    refused_by: str | None = None
    "`refusal`: the API says that the model refused. `content filter`: the API kept the reply, or the prompt, back."
    is_cut_off: bool = False
    "Whether it ended at the limit on tokens."


async def replies_to(call: Awaitable[CompletionResult], prompt: Prompt) -> list[Reply]:
    """The replies of a call. A call that the provider's content filter refused is one reply without text.

    For that one a `sampling` event is recorded, as the engine records none of a failed call, so that the record can be
    scored again.

    Raises:
        CallFailed: the call failed for any other reason.
    """
    try:
        result = await call
    except CallFailed as failure:
        if failure.kind is not Kind.CONTENT_FILTER:
            raise
        record_sampling(prompt=prompt, sampled=[""], finish_reasons=["content_filter"])
        return [Reply("", FILTER)]
    texts = result.get_completions()
    reasons = list(result.finish_reasons) if isinstance(result, Completions) else []
    reasons += [None] * (len(texts) - len(reasons))
    return [
        Reply(text, _BY_API.get(str(reason)), str(reason) in CUT_OFF_REASONS)
        for text, reason in zip(texts, reasons, strict=False)
    ]
