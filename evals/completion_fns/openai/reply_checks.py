"""What a reply is before it is read as completions: JSON, a stream, an error with a bad status or with a good one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evals.completion_fns.cost import COST_HEADER
from evals.completion_fns.openai.streams import assembled
from evals.completion_fns.openai.wire import WireReply, decode_json
from evals.engine.failures import CallFailed, Kind, classify_http, short
from evals.engine.retry_hints import own_and_upstream
from evals.secrets import redact

_STATUS_WORDS = (
    (429, r"rate_?limit|quota|too_many_requests"),
    (400, r"invalid|context_length|content_(?:filter|policy)|unsupported"),
    (404, r"unexpected endpoint or method"),
)
"""Statuses that errors without one mean, by words of code, type or message. Others are 502, and tried again. LM Studio
answers an unknown path with status 200 and the last of these."""


def read_reply(reply: WireReply, host: str) -> dict[str, Any]:
    """The JSON object of a reply with a status below 300; that of a stream is put together.

    Raises:
        CallFailed: the body is no JSON object, or it is an error: some gateways give status 200 to every failure.
    """
    try:
        raw = assembled(reply.body) if is_stream(reply) else decode_json(reply.body)
    except (ValueError, RecursionError):
        message = f"the reply is no valid JSON: {short(reply.body[:400].decode('utf-8', 'replace'), 80)!r}"
        raise CallFailed(Kind.BAD_REPLY, message, status=reply.status, host=host) from None
    if not isinstance(raw, dict):
        raise CallFailed(Kind.BAD_REPLY, "the reply is no JSON object", status=reply.status, host=host)
    error = raw.get("error")
    if error and not raw.get("choices") and not raw.get("output"):
        raise failure_within(error, reply, host)
    return raw


def failure_within(error: Any, reply: WireReply, host: str) -> CallFailed:
    """The failure for an error that came with a good status: a text, or an object as error replies have it."""
    status = _status_within(error)
    failure = classify_http(status, reply.headers, json.dumps({"error": error}), host=host)
    if status == 404 and "model" not in failure.message.lower():
        _say(failure, f"{failure.message} (is the base URL right? Most end in /v1)")
    return failure


def _status_within(error: Any) -> int:
    """The HTTP status that an error stands for, by its code or its words."""
    fields = error if isinstance(error, Mapping) else {"message": error}
    for key in ("code", "status_code", "status"):
        value = str(fields.get(key) or "")
        if value.isdecimal() and 400 <= int(value) < 600:
            return int(value)
    words = " ".join(str(fields.get(key) or "") for key in ("code", "type"))
    for status, pattern in _STATUS_WORDS:
        if re.search(pattern, words if status != 404 else str(fields.get("message")), re.IGNORECASE):
            return status
    return 502


def _say(failure: CallFailed, message: str) -> None:
    failure.message = message
    failure.args = (message,)


def is_stream(reply: WireReply) -> bool:
    """Whether a reply is a stream of events and not one JSON object."""
    content_type = reply.headers.get("Content-Type") or reply.headers.get("content-type") or ""
    return content_type.startswith("text/event-stream")


def failure_of_reply(reply: WireReply, host: str, url: str) -> CallFailed:
    """The failure for a reply with a status of 300 or more. url: of the request, for the message."""
    if 300 <= reply.status < 400:
        place = reply.headers.get("location", "another place")
        return CallFailed(Kind.BAD_REQUEST, redact(f"{url} sends on to {place}: correct the base URL"), host=host)
    failure = classify_http(reply.status, reply.headers, reply.body, host=host)
    if reply.status == 404 and "model" not in failure.message.lower():
        _say(failure, f"{failure.message} (asked: {url}; is the base URL right? Most end in /v1)")
    return failure


def kept_headers(headers: Mapping[str, str]) -> dict[str, str] | None:
    """The `x-ratelimit-*` headers in lower case, those that a gateway passes on too, and the cost; None without any."""
    names = " ".join(headers).lower()
    if "x-ratelimit-" not in names and COST_HEADER not in names:
        return None
    kept = ("x-ratelimit-", COST_HEADER)
    found = {name: value for name, value in own_and_upstream(headers).items() if name.startswith(kept)}
    return found or None
