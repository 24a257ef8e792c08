"""Reads the errors of providers: their code and message from the forms in which they come, and what the words mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_CHARS = 10_000
"Of a message that are looked at: some servers repeat the request in it."


class ErrorBody(NamedTuple):
    """What an error reply says. code: its codes and types in one text; "" without. message: whole, in lines."""

    code: str
    message: str

    @property
    def text(self) -> str:
        """Code and message, for a search."""
        return f"{self.code} {self.message}"[:MOST_CHARS]


def read_error(body: bytes | str) -> ErrorBody:
    """The error in the body of a reply; the body itself as the message where it has no form that providers use.

    A gateway's message (OpenRouter's "Provider returned error") is followed by that of the provider behind it.
    """
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        parsed: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ErrorBody("", text)
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    if not isinstance(parsed, dict):
        return ErrorBody("", text)
    error = parsed.get("error", parsed)
    if isinstance(error, str):
        return ErrorBody(_codes(parsed), error)
    return _of_object(error, text) if isinstance(error, dict) else ErrorBody("", text)


def _of_object(error: Mapping[str, Any], text: str) -> ErrorBody:
    found = error.get("message") or error.get("detail") or text
    message = found if isinstance(found, str) else json.dumps(found)
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    if not raw:
        return ErrorBody(_codes(error), message)
    inner = read_error(raw if isinstance(raw, str) else json.dumps(raw))
    return ErrorBody(f"{_codes(error)} {inner.code}".strip(), f"{message}: {inner.message}")


def _codes(error: Mapping[str, Any]) -> str:
    return " ".join(str(error[key]) for key in ("code", "type", "status") if error.get(key))


_CONTEXT = (
    r"context[ _](length|size|window|limit)|maximum context|too many (input )?tokens|prompt is too long|max_model_len|"
    r"exceeds? the (maximum|model)|longer than the maximum|input is too long|prompt exceeds max length|"
    r"maximum prompt length|exceeded model token limit|range of input length|string_above_max_length|"
    r"`inputs` (tokens \+|must have less)"
)
"""Also in the words of xAI (`maximum prompt length`), Moonshot (`model token limit`), DashScope (`range of input
length`), Zhipu (`max length`), Anthropic (`context limit`) and TGI (`inputs`)."""
_FILTER = (
    r"content[ _](filter|policy|management)|responsibleai|safety system|usage (polic|guideline)|content exists risk|"
    r"data_inspection_failed|inappropriate content|(input|prompt|content) was flagged|requires moderation|"
    r"considered high risk|SensitiveContent|safety_check|\u654f\u611f\u5185\u5bb9"
)
"""Also in the words of DeepSeek (`Content Exists Risk`), DashScope (`data_inspection_failed`), OpenRouter (`requires
moderation`), Moonshot (`high risk`), xAI (`usage guidelines`), Volcengine (`SensitiveContent`) and Zhipu (Chinese)."""
_MODEL = (
    r"model.{0,80}(not (found|exist|supported|available)|does not exist|unknown)|"
    r"(unknown|invalid|no such|not a valid).{0,20}model|model_not_found"
)
_QUOTA_CODES = r"insufficient_quota|billing_hard_limit|billing_not_active|exceeded_current_quota|insufficient_balance"
_QUOTA_WORDS = r"exceeded (?:your|its) current quota"
"""Of a 429 that no wait mends. Gateways pass on the provider's message and lose its code: litellm's proxy gives the
code `429` and the type `throttling_error`."""
_QUOTA_RETURNS = r"RESOURCE_EXHAUSTED|retryDelay|retry in \d|per[ _]?minute"
"Google says the same of its quotas a minute, which a wait does mend."
_TOKENS_A_MINUTE = r"aliyun|alibabacloud|qwencloud"
"""DashScope says `insufficient_quota` of tokens a minute, and links to its own pages
(help.aliyun.com/en/model-studio/rate-limit, read on 2026-11-30)."""
_UNPAID = "|".join(
    [
        r"credit balance is too low|insufficient (account )?(balance|credits?)|balance is (insufficient|not enough)",
        r"used all (available|of its available) credits|monthly spending limit|arrearage|please recharge",
        r"account is not active, please check your billing|is suspended, please check your plan",
        r"\u4f59\u989d\u4e0d\u8db3|\u6b20\u8d39",
    ]
)
"Of accounts that must be paid for, whatever the status: OpenAI and Zhipu say it by 429, Anthropic by 400, xAI by 403."


_OF_THE_ANSWER = r"json_validate_failed|tool_use_failed|output_parse_failed"
"Groq's codes for an answer that does not have the form that was asked for: they say nothing about the request."


def is_too_long(text: str) -> bool:
    """Whether a refusal means a prompt, or prompt and completion together, beyond the context of the model."""
    return _says(_CONTEXT, text)


def is_filtered(text: str) -> bool:
    """Whether a refusal means the content of the prompt or of the answer."""
    return _says(_FILTER, text)


def is_of_the_answer(text: str) -> bool:
    """Whether a refusal means that the model wrote something of another form than was asked for."""
    return _says(_OF_THE_ANSWER, text)


def is_unknown_model(text: str) -> bool:
    """Whether a refusal means the name of the model."""
    return _says(_MODEL, text)


def is_unpaid(text: str) -> bool:
    """Whether a refusal means an account without money or credits."""
    return _says(_UNPAID, text)


def is_quota(text: str, host: str = "") -> bool:
    """Whether a 429 means a quota that is used up until somebody pays. host: the server."""
    if _says(_TOKENS_A_MINUTE, f"{host} {text}"):
        return False
    if _says(_QUOTA_CODES, text):
        return True
    return _says(_QUOTA_WORDS, text) and not _says(_QUOTA_RETURNS, text)


def _says(pattern: str, text: str) -> bool:
    # Compiled when it is first searched for: most runs meet no error.
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None
