"""Failures of provider SDKs, whatever HTTP client is under them, in the engine's classes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

from evals.engine.failures import CallFailed, Kind, classify_http


def failure_of_reply(error: Any, host: str) -> CallFailed | None:
    """The failure that an exception about an HTTP status stands for; None when `error` is not about one.

    Knows the SDKs' `status_code` or `code`, and their `response` of httpx or aiohttp.
    """
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if not isinstance(status, int):
        return None
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", None) or {}
    return classify_http(status, {str(name): str(value) for name, value in headers.items()}, body_of(error), host=host)


def body_of(error: Any) -> str:
    """The reply's body as text, from where the SDK keeps it: `body` or `details`, parsed or not."""
    for name in ("body", "details"):
        body = getattr(error, name, None)
        if isinstance(body, str):
            return body
        if body:
            return json.dumps(body, default=str)
    return str(error)


def failure_of_transport(error: BaseException, host: str) -> CallFailed:
    """The failure that an exception without a reply stands for: a time-out, a lost connection, a broken body.

    Clients wrap each other's exceptions, and a reset can come wrapped as a time-out: the innermost one counts.
    """
    links = list(_chain(error))
    return CallFailed(_kind_of(links), str(links[-1]) or type(links[-1]).__name__, host=host)


def _kind_of(links: list[BaseException]) -> Kind:
    names = [type(link).__name__ for link in links]
    if any(isinstance(link, ConnectionError) for link in links):
        return Kind.CONNECTION
    if any(isinstance(link, asyncio.TimeoutError | TimeoutError) or "Timeout" in type(link).__name__ for link in links):
        return Kind.TIMEOUT
    if any(isinstance(link, ValueError) for link in links) or "ClientPayloadError" in names:
        return Kind.BAD_REPLY
    if isinstance(links[-1], OSError) or type(links[-1]).__module__.split(".")[0] in _HTTP_CLIENTS:
        return Kind.CONNECTION
    return Kind.OTHER


_HTTP_CLIENTS = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "anyio", "h11"})


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
