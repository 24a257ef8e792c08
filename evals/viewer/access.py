"""Who may talk to the viewer: requests with its token, to its own address, from its own pages; and its headers."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Call = Callable[..., Awaitable[None]]

SAFE_METHODS = ("GET", "HEAD")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"What the viewer's own pages may do: run its own files, and nothing that stands in a text."

HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"Of every reply that does not set one of them itself."


@dataclass(frozen=True)
class Rules:
    """What a request is held against."""

    token: str
    port: int

    @property
    def hosts(self) -> tuple[str, str]:
        """The names under which the server answers. Another name may be one that a stranger made lead here."""
        return (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    @property
    def cookie(self) -> str:
        """The name of the cookie. Cookies are shared by all ports, so the port is part of it."""
        return f"evals_viewer_{self.port}"


def problem_of(rules: Rules, method: str, headers: Mapping[str, str], query: str) -> str | None:
    """Why a request is refused; None for one that is served. headers: names in lower case.

    A page of another site can send requests here, and make its own name lead here: so the Host must be ours, and an
    Origin, if there is one, that same Host. A request that changes something must have one.
    """
    host, origin = headers.get("host", "").lower(), headers.get("origin")
    if host not in rules.hosts:
        return "this server answers to 127.0.0.1 alone"
    if origin is not None and origin.lower() != f"http://{host}":
        return "requests from pages of other sites are refused"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _opens_page(method, headers):
        return "requests from pages of other sites are refused"
    if not _has_token(rules, headers, query):
        return "the token is missing or wrong: open the address that `evals view` printed"
    if method not in SAFE_METHODS and origin is None:
        return "a request that writes must come from the viewer's own page"
    return None


def _opens_page(method: str, headers: Mapping[str, str]) -> bool:
    """Whether the browser opens a page, as for a link in a mail program or a terminal that is a web page."""
    return (
        method == "GET" and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )


def token_in(query: str) -> str:
    """The token in the query of an address; empty without one."""
    return parse_qs(query).get("token", [""])[0]


def _has_token(rules: Rules, headers: Mapping[str, str], query: str) -> bool:
    given = (token_in(query), _cookie_in(headers.get("cookie", ""), rules.cookie))
    return any(hmac.compare_digest(one.encode(), rules.token.encode()) for one in given)


def _cookie_in(header: str, name: str) -> str:
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return ""


class Guard:
    """An ASGI application before another one: refuses requests by `problem_of`, and adds `HEADERS` to every reply.

    The first page with the token in its address sets the cookie that later requests have in its place.
    """

    def __init__(self, app: Call, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        query = scope["query_string"].decode("latin-1")
        headers = _single(scope["headers"])
        problem = "a header appears twice" if headers is None else None
        problem = problem or problem_of(self._rules, scope["method"], headers or {}, query)
        sends = self._with_headers(send, sets_cookie=problem is None and bool(token_in(query)))
        if problem is None:
            await self._app(scope, receive, sends)
        else:
            await _refuse(problem, sends)

    def _with_headers(self, send: Any, *, sets_cookie: bool) -> Any:
        async def sends(message: Any) -> None:
            if message["type"] == "http.response.start":
                set_already = {name.lower() for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                if sets_cookie:
                    cookie = f"{self._rules.cookie}={self._rules.token}; Path=/; HttpOnly; SameSite=Strict"
                    added.append((b"set-cookie", cookie.encode()))
                kept = [(name, value) for name, value in added if name not in set_already]
                message = {**message, "headers": [*message["headers"], *kept]}
            await send(message)

        return sends


def _single(headers: list[tuple[bytes, bytes]]) -> dict[str, str] | None:
    """The headers by name; None if one that decides appears twice, which programs read in different ways."""
    found: dict[str, str] = {}
    for raw_name, value in headers:
        name = raw_name.decode("latin-1").lower()
        if name in found and name in ("host", "origin"):
            return None
        found[name] = f"{found[name]}; {value.decode('latin-1')}" if name in found else value.decode("latin-1")
    return found


async def _refuse(problem: str, send: Any) -> None:
    body = f"refused: {problem}\n".encode()
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": head})
    await send({"type": "http.response.body", "body": body})
