"""Refuses requests that a web page of another site makes: by their Host, as DNS rebinding does, or their Origin."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from evals.serving.api_error import ApiError

Call = Callable[..., Awaitable[None]]


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class SameSite:
    """An ASGI application before another one: requests of other sites get 403.

    A page that the user visits can send requests to servers of this machine. It cannot read the replies, unless its
    name is made to lead here; then the Host is that name.

    hosts: names by which the server is reached, beside those of the loopback. None: any, for a server that other
    machines can reach, whose names are not known.
    """

    def __init__(self, app: Call, refuse: Callable[[ApiError], Call], hosts: Collection[str] | None) -> None:
        self._app, self._refuse = app, refuse
        self._hosts = None if hosts is None else {host.lower() for host in hosts}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        problem = self._problem(scope) if scope["type"] == "http" else None
        app = self._app if problem is None else self._refuse(ApiError(problem, status=403, code="forbidden"))
        await app(scope, receive, send)

    def _problem(self, scope: Any) -> str | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")}
        host = _name_of(f"//{headers.get(b'host', '')}")
        if self._hosts is not None and host and not self._is_ours(host):
            return f"This server is not called {host!r}. Start it with --allowed-host to serve that name."
        origin = headers.get(b"origin")
        if origin is not None and not self._is_ours(_name_of(origin), host):
            return f"Requests of pages at {origin!r} are not served. Start it with --allowed-host to serve them."
        return None

    def _is_ours(self, name: str, host: str = "") -> bool:
        if not name:
            return False
        known = name in (self._hosts or ()) or (self._hosts is None and name == host)
        return known or is_loopback(name) or name.endswith(".localhost")


def _name_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
