"""Exceptions of providers' SDKs as failures of the engine, whatever HTTP client an SDK uses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

from evals.engine.failures import CallFailed, Kind, classify_http


def failure_of_status(error: Any, host: str) -> CallFailed | None:
    """The failure for an exception that reports an HTTP status; None where `error` reports none.

    Reads the status from `status_code` or `code`, the headers from `response` (of httpx or aiohttp), and the body from
    where `body_of` finds it.
    """
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if not isinstance(status, int):
        return None
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", None) or {}
    return classify_http(status, {str(name): str(value) for name, value in headers.items()}, body_of(error), host=host)


def body_of(error: Any) -> str:
    """The body of the reply that an exception reports, as text: from `body` or `details`, parsed or not."""
    for name in ("body", "details"):
        body = getattr(error, name, None)
        if isinstance(body, str):
            return body
        if body:
            return json.dumps(body, default=str)
    return str(error)


def failure_of_transport(error: BaseException, host: str) -> CallFailed:
    """The failure for an exception without a reply: a time-out, a lost connection, a reply that broke off.

    Clients wrap each other's exceptions, and a reset may be wrapped as a time-out. So the innermost one decides.
    """
    chain = list(exception_chain(error))
    return CallFailed(_kind_of(chain), str(chain[-1]) or type(chain[-1]).__name__, host=host)


def exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and what it was raised from, outermost first; each exception once, even in a circle."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _kind_of(chain: list[BaseException]) -> Kind:
    names = [type(error).__name__ for error in chain]
    if any(isinstance(error, ConnectionError) for error in chain):
        return Kind.CONNECTION
    if any(isinstance(error, TimeoutError | asyncio.TimeoutError) for error in chain):
        return Kind.TIMEOUT
    if any("Timeout" in name for name in names):
        return Kind.TIMEOUT
    if any(isinstance(error, ValueError) for error in chain) or "ClientPayloadError" in names:
        return Kind.BAD_REPLY
    if isinstance(chain[-1], OSError) or type(chain[-1]).__module__.split(".")[0] in _HTTP_CLIENTS:
        return Kind.CONNECTION
    return Kind.OTHER


_HTTP_CLIENTS = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "anyio", "h11"})
"Packages whose exceptions, of any class, mean that the connection failed."
