"""Translates prompts and replies between the OpenAI API and Google's Gemini API. Pure functions."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping
from typing import Any

from evals.completion_fns.google.tools import tool_parts
from evals.completion_fns.two_role_chat import TwoRoleFormat

FINISH_REASONS = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "MODEL_ARMOR": "content_filter",
}
"OpenAI's finish reason for each of Google's; others stay as they are, in lower case."

NO_ANSWER = ("OTHER", "MALFORMED_RESPONSE", "FINISH_REASON_UNSPECIFIED")
"Reasons for which nobody can tell what the model would have answered; a completion without text is tried again."

NOT_SENT = frozenset(["n", "logit_bias", "user", "best_of", "echo", "suffix"])
"OpenAI's parameters that the Gemini API does not have."

_RENAMED = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "stop": "stop_sequences",
    "logprobs": "response_logprobs",
    "top_logprobs": "logprobs",
}
_NEUTRAL = (("top_p", 1), ("presence_penalty", 0), ("frequency_penalty", 0))
"Values that change nothing. They are left out, since some models refuse penalties of any value."


def config_of(system: str, options: Mapping[str, Any], budgets: Mapping[str, int] | None = None) -> dict[str, Any]:
    """The `config` of a request.

    system: the system text. options: sampling arguments in OpenAI's words or Google's. budgets: as in `with_effort`.
    """
    config: dict[str, Any] = {"system_instruction": system} if system else {}
    for name, value in with_effort(options, budgets).items():
        name = _RENAMED.get(name, name)
        if value is None or name in NOT_SENT or (name, value) in _NEUTRAL:
            continue
        config[name] = [value] if name == "stop_sequences" and isinstance(value, str) else value
    return config


def with_effort(options: Mapping[str, Any], budgets: Mapping[str, int] | None = None) -> dict[str, Any]:
    """The options with `reasoning_effort` in Google's words: a thinking level, and a budget of 0 for `none`.

    budgets: tokens for thoughts by effort, for models that take no level.
    """
    rest, budgets = dict(options), {"none": 0, **(budgets or {})}
    effort = rest.pop("reasoning_effort", None)
    if effort is not None:
        chosen = {"thinking_budget": budgets[effort]} if effort in budgets else {"thinking_level": effort}
        rest["thinking_config"] = {**(rest.get("thinking_config") or {}), **chosen}
    return rest


def candidate_reasoning(candidate: Mapping[str, Any]) -> str | None:
    """The thoughts that a candidate shows, joined; None without any."""
    parts = (candidate.get("content") or {}).get("parts") or []
    return "".join(part.get("text") or "" for part in parts if part.get("thought")) or None


def content_parts(content: Any) -> list[dict[str, Any]]:
    """The content of a message as Google's parts. content: a text, a list of OpenAI's content parts, or None."""
    if content is None or isinstance(content, str):
        return [{"text": content}] if content else []
    return [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("type") == "text":
        return {"text": part["text"]}
    if part.get("type") != "image_url":
        return {name: value for name, value in part.items() if name != "type"}
    image = part["image_url"]
    url = image if isinstance(image, str) else image["url"]
    if not url.startswith("data:"):
        return {"file_data": {"file_uri": url, "mime_type": mimetypes.guess_type(url)[0] or "image/jpeg"}}
    head, _, data = url.partition(",")
    mime_type = head.removeprefix("data:").partition(";")[0]
    return {"inline_data": {"mime_type": mime_type, "data": base64.b64decode(data)}}


CHAT_FORMAT = TwoRoleFormat("model", "parts", content_parts, tool_parts)


def candidate_text(candidate: Mapping[str, Any]) -> str:
    """The texts of a candidate, joined; thoughts are left out."""
    parts = (candidate.get("content") or {}).get("parts") or []
    return "".join(part.get("text") or "" for part in parts if not part.get("thought"))


def finish_reason(candidate: Mapping[str, Any]) -> str | None:
    """Why the candidate ended, in OpenAI's words; None where the reply does not say."""
    reason = candidate.get("finish_reason")
    return None if reason is None else FINISH_REASONS.get(reason, str(reason).lower())


def silence_of(candidate: Mapping[str, Any]) -> str | None:
    """What a candidate says that ended normally and holds no part at all; None for any other."""
    if (candidate.get("content") or {}).get("parts") or candidate.get("finish_reason") != "STOP":
        return None
    return "the candidate has no parts, finish reason 'STOP'"


def reply_usage(reply: Mapping[str, Any]) -> dict[str, Any]:
    """The token counts of a reply under Google's keys, and under OpenAI's, where thoughts are completion tokens."""
    counts = {name: value for name, value in (reply.get("usage_metadata") or {}).items() if isinstance(value, int)}
    n_prompt = counts.get("prompt_token_count", 0) + counts.get("tool_use_prompt_token_count", 0)
    n_completion = counts.get("candidates_token_count", 0) + counts.get("thoughts_token_count", 0)
    usage: dict[str, Any] = dict(counts)
    usage.update(prompt_tokens=n_prompt, completion_tokens=n_completion, total_tokens=n_prompt + n_completion)
    if n_thoughts := counts.get("thoughts_token_count"):
        usage["completion_tokens_details"] = {"reasoning_tokens": n_thoughts}
    if n_cached := counts.get("cached_content_token_count"):
        usage["prompt_tokens_details"] = {"cached_tokens": n_cached}
    return usage
