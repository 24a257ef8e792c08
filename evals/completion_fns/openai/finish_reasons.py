"""Finish reasons in the words of OpenAI, and those that mean a completion which the server broke off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_IN_OTHER_WORDS = {
    **dict.fromkeys(("max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit"), "length"),
    "model_context_window_exceeded": "length",
    **dict.fromkeys(("sensitive", "safety", "recitation", "blocklist", "prohibited_content", "spii"), "content_filter"),
    **dict.fromkeys(("tool_use", "tool_call"), "tool_calls"),
}
"""By words of Mistral (`model_length`), Zhipu (`sensitive`, `model_context_window_exceeded`), and of gateways that pass
on those of Anthropic (`max_tokens`, `tool_use`) and Google (`MAX_TOKENS`, `SAFETY`)."""

_BROKEN_OFF = frozenset(
    ["error", "abort", "aborted", "cancelled", "failed", "network_error", "insufficient_system_resource"]
)
"""OpenRouter and Mistral (`error`), vLLM and SGLang (`abort`), Zhipu (`network_error`), DeepSeek
(`insufficient_system_resource`): what came before is no answer."""


def in_openai_words(reason: Any) -> str | None:
    """The finish reason under OpenAI's name; one that has none stays as it is, and what is no text is None."""
    if not isinstance(reason, str):
        return None
    return _IN_OTHER_WORDS.get(reason.lower(), reason)


def is_broken_off(reason: Any) -> bool:
    """Whether a finish reason says that the server, or the one behind it, failed within the completion."""
    return isinstance(reason, str) and reason.lower() in _BROKEN_OFF


def finish_reason_in(choice: Mapping[str, Any]) -> str | None:
    """Why a choice ended, in OpenAI's words; None where it does not say.

    litellm's proxy says `stop` for reasons that it does not know, and keeps them beside it.
    """
    native = in_openai_words(_native_fields(choice).get("native_finish_reason"))
    if native in ("length", "content_filter") or is_broken_off(native):
        return native
    return in_openai_words(choice.get("finish_reason"))


def with_limit_said(raw: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """A reply of `/responses`, as `incomplete` where it used up `max_output_tokens` and has no word for that.

    body: the request. transformers serve 5.23 says `completed` of every response, and sends no `incomplete_details`,
    which OpenAI's replies always have. Replies of other endpoints stay as they are.
    """
    limit, usage = body.get("max_output_tokens"), raw.get("usage")
    n_tokens = usage.get("output_tokens") if isinstance(usage, dict) else None
    says_nothing = raw.get("status") == "completed" and "incomplete_details" not in raw
    if not says_nothing or not isinstance(limit, int) or not isinstance(n_tokens, int) or n_tokens < limit:
        return raw
    return {**raw, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}


def breakage_in(choice: Mapping[str, Any]) -> Any:
    """What says that a choice was broken off: an error, as a text or an object; else None."""
    error = choice.get("error") or _native_fields(choice).get("error")
    reason = finish_reason_in(choice)
    if error or not is_broken_off(reason):
        return error or None
    return f"the completion was broken off: finish reason {reason!r}"


def _native_fields(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = choice.get("provider_specific_fields")
    return fields if isinstance(fields, dict) else {}
