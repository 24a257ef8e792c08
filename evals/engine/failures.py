"""Classes of failed calls, which decide between a retry, an error of the sample and the end of the run."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from evals.engine.error_bodies import (
    ErrorBody,
    is_filtered,
    is_of_the_answer,
    is_quota,
    is_too_long,
    is_unknown_model,
    is_unpaid,
    read_error,
)
from evals.engine.retry_hints import asked_wait_s
from evals.secrets import redact


class Kind(enum.Enum):
    """The class of a failed call. Its value is the text in records and reports."""

    AUTH = "bad key"
    PAYMENT = "payment required"
    QUOTA = "quota used up"
    UNKNOWN_MODEL = "unknown model"
    BAD_REQUEST = "refused request"
    CONTEXT_LENGTH = "context length"
    CONTENT_FILTER = "content filter"
    CUT_OFF = "cut off"
    RATE_LIMIT = "rate limit"
    OVERLOADED = "overloaded"
    SERVER = "server error"
    CONNECTION = "connection lost"
    TIMEOUT = "timed out"
    BAD_REPLY = "broken reply"
    NO_ANSWER = "no answer"
    OTHER = "error"


FATAL = frozenset({Kind.AUTH, Kind.PAYMENT, Kind.QUOTA, Kind.UNKNOWN_MODEL})
"These end the run at once: no later call can succeed."

FATAL_UNTIL_FIRST_SUCCESS = frozenset({Kind.BAD_REQUEST})
"These end the run if no call has succeeded yet; afterwards they are the error of one sample."

TRANSIENT = frozenset(
    {
        Kind.RATE_LIMIT,
        Kind.OVERLOADED,
        Kind.SERVER,
        Kind.CONNECTION,
        Kind.TIMEOUT,
        Kind.BAD_REPLY,
        Kind.NO_ANSWER,
    }
)
"These are tried again, a bounded number of times."

PUSH_BACK = frozenset({Kind.RATE_LIMIT, Kind.OVERLOADED, Kind.TIMEOUT})
"After these, fewer calls are made at a time."


class CallFailed(Exception):
    """One attempt at a call failed. Backends raise it, and the engine decides what follows.

    message: the provider's own words, shortened, without keys. status: of the HTTP reply; None without one.
    retry_after_s: seconds that the provider asked to wait. host: the server, for messages. n_attempts: how often the
    call was tried.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        host: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s
        self.host = host
        self.n_attempts = 1
        self.where: str | None = None
        "`file:line` of a plug-in whose code failed; None for failures of servers."
        self.prompt: Any = None
        "What was asked, in the form in which the backend got it; None where the call is recorded anyway."
        self.is_final = False
        "The engine has tried as often as it may. A call that contains this one must not be tried again."

    def __str__(self) -> str:
        status = f"{self.status} " if self.status else ""
        host = f" from {self.host}" if self.host else ""
        return f"{self.kind.value} ({status.strip() or 'no status'}{host}): {self.message}"


def classify_http(status: int, headers: Mapping[str, str], body: bytes | str, *, host: str | None = None) -> CallFailed:
    """The failure for an HTTP reply with an error status. host: the server, for messages."""
    error = read_error(body)
    kind = _kind_of(status, error, host or "")
    return CallFailed(
        kind,
        short(error.message) or "no message",
        status=status,
        retry_after_s=asked_wait_s(headers, body, of_rate_limit=kind is Kind.RATE_LIMIT) if kind in TRANSIENT else None,
        host=host,
    )


def _kind_of(status: int, error: ErrorBody, host: str) -> Kind:
    # litellm's proxy says "No connected db." to a wrong key where it has no database.
    if status == 401 or "invalid_api_key" in error.code or "no_db_connection" in error.code:
        return Kind.AUTH
    if status == 402:
        return Kind.PAYMENT
    if status == 429:
        if is_unpaid(error.text):
            return Kind.PAYMENT
        return Kind.QUOTA if is_quota(error.text, host) else Kind.RATE_LIMIT
    if status == 404:
        return Kind.UNKNOWN_MODEL
    if status in (400, 403, 413, 422):
        return _kind_of_refusal(status, error.text)
    return _KINDS.get(status, Kind.SERVER if status >= 500 else Kind.BAD_REQUEST)


_KINDS = {
    **dict.fromkeys((408, 504, 524), Kind.TIMEOUT),
    **dict.fromkeys((498, 503, 529), Kind.OVERLOADED),
    **dict.fromkeys((409, 424, 425, 499), Kind.SERVER),
}
"Of statuses beyond the common ones: 498 is Groq's for no capacity, 424 TGI's for a failed generation, 499 Google's."


def _kind_of_refusal(status: int, text: str) -> Kind:
    if is_unpaid(text):
        return Kind.PAYMENT
    if is_filtered(text):
        return Kind.CONTENT_FILTER
    if status == 413 or is_too_long(text):
        return Kind.CONTEXT_LENGTH
    if is_of_the_answer(text):
        return Kind.OTHER
    if status == 400 and is_unknown_model(text):
        return Kind.UNKNOWN_MODEL
    return Kind.BAD_REQUEST


def short(text: str, limit: int = 300) -> str:
    """`text` on one line, cut to `limit` characters and without secrets, for messages and records."""
    line = redact(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 3] + "..."
