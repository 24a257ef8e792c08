"""How long a reply asks to wait before the next attempt: by its headers, the fields of its body, or its message."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from evals.engine.error_bodies import MOST_CHARS
from evals.engine.limits import reset_s, span_s

_OF_UPSTREAM = "llm_provider-"
"litellm's proxy sends the headers of its upstream under this prefix, and no `Retry-After` of its own."
_RETRY_HEADERS = (("retry-after-ms", 0.001), ("retry-after", 1.0))
"Names, each with the seconds of its unit."


def asked_wait_s(headers: Mapping[str, str], body: bytes | str, *, of_rate_limit: bool) -> float | None:
    """Seconds that a reply asks to wait; None where it names no time.

    Read from the first of these that names one: `retry-after-ms` or `Retry-After`; what `wait_in_body` reads; and for
    a rate limit (`of_rate_limit`) `x-ratelimit-*` headers.
    """
    asked = retry_after_s(headers)
    if asked is None:
        asked = wait_in_body(body)
    if asked is not None or not of_rate_limit:
        return asked
    return reset_s(own_and_upstream(headers)) or None


def retry_after_s(headers: Mapping[str, str], *, now_s: float | None = None) -> float | None:
    """Seconds that a reply asks to wait, by `retry-after-ms` or `Retry-After` (seconds or a date); None without.

    Those that a gateway passes on as its upstream's (`llm_provider-retry-after`) are read where it sends none itself.

    now_s: the POSIX time that a date is compared with. By default the `Date` of the reply, because the clock of the
    server may differ from ours; else our clock.
    """
    found = own_and_upstream(headers)
    if now_s is None:
        now_s = _moment_s(found.get("date"))
    for name, unit_s in _RETRY_HEADERS:
        seconds = _finite(found.get(name))
        if seconds is not None:
            return max(0.0, seconds * unit_s)
    until_s = _moment_s(found.get("retry-after"))
    return None if until_s is None else max(0.0, until_s - (time.time() if now_s is None else now_s))


def own_and_upstream(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers with names in lower case; those of a gateway's upstream under their plain names, where it has none."""
    lowered = {name.lower(): value for name, value in headers.items()}
    passed_on = {
        name.removeprefix(_OF_UPSTREAM): value for name, value in lowered.items() if name.startswith(_OF_UPSTREAM)
    }
    return {**passed_on, **lowered}


_RETRY_DELAY = r"""retryDelay\\*["']\s*:\s*\\*["'](\d+(?:\.\d+)?)s\\*["']"""
"""Google's `RetryInfo`. Gateways quote it within a message, with other quotes or backslashes, so it is looked for in
the text of the body: in an object, in the list of one object that its OpenAI endpoint sends, or in a message."""
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = (
    r"(\d+(?:\.\d+)?)\s*"
    r"(milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])"
)
_IN_WORDS = rf"(?:try again|retry(?:ing)?|wait)(?: in| after| for)?(?: about)? ((?:{_PART}(?:,? and |, | )?)+)"
"""OpenAI and Groq (`Please try again in 6m0s`, `20ms`, `1h2m3.5s`), Azure (`Please retry after 26 seconds`), Google
(`Please retry in 26.66s`)."""


def wait_in_body(body: bytes | str) -> float | None:
    """Seconds that the body of an error asks to wait; None where it names no time.

    Read from the first of these: Google's `retryDelay`, the headers that OpenRouter keeps in `metadata`, and the words
    of a message.
    """
    text = (body.decode("utf-8", "replace") if isinstance(body, bytes) else body)[:MOST_CHARS]
    if found := re.search(_RETRY_DELAY, text):
        return float(found[1])
    kept = _headers_in_metadata(text)
    asked = retry_after_s(kept)
    if asked is None and (reset := own_and_upstream(kept).get("x-ratelimit-reset")):
        asked = span_s(reset) or None
    return wait_in_words(text) if asked is None else asked


def wait_in_words(text: str) -> float | None:
    """Seconds that a message asks to wait, such as those of `Please try again in 6m0s`; None where it names no time."""
    found = re.search(_IN_WORDS, text, re.IGNORECASE)
    if found is None:
        return None
    return sum(float(number) * _unit_s(unit.lower()) for number, unit in re.findall(_PART, found[1], re.IGNORECASE))


def _unit_s(unit: str) -> float:
    return _UNITS_S["ms"] if unit.startswith(("ms", "milli")) else _UNITS_S[unit[0]]


def _headers_in_metadata(text: str) -> dict[str, str]:
    if '"metadata"' not in text:
        return {}
    try:
        found: Any = json.loads(text)["error"]["metadata"]["headers"]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _finite(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment_s(text: str | None) -> float | None:
    """The POSIX time of an HTTP date; None if it cannot be read."""
    import email.utils

    try:
        return email.utils.parsedate_to_datetime(text or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
