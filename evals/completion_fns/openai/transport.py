"""Sends requests to an OpenAI-compatible server: over connections of our own, by aiohttp, or through the openai SDK.

A call by aiohttp costs about a quarter of the CPU time of the leanest call of the SDK, and one over our own connections
(`direct_http`) a third of that; both load no SDK, and tell a reset, a time-out and a truncated body apart. aiohttp is
there for proxies, the SDK for what it does beyond that, such as Azure.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import os
import ssl
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from evals.completion_fns.base_url import host_of
from evals.completion_fns.openai.wire import KEEPALIVE_S, MAX_HEADER_BYTES, Transport, WireReply, encode_json
from evals.completion_fns.openai.wire_failures import CONNECT_TIMEOUT_S, wire_failure
from evals.completion_fns.sdk_failures import exception_chain
from evals.errors import UsageError

if TYPE_CHECKING:
    import aiohttp

STANDARD_HEADERS = {"Content-Type": "application/json", "User-Agent": "oaieval"}


def http_transport(base_url: str, headers: Mapping[str, str]) -> Transport:
    """The leanest transport that can do what the URL asks for.

    Proxies, user names and letters beyond ASCII in the URL are left to aiohttp. headers: sent with each request.

    Raises:
        UsageError: the environment asks for a proxy that is no http proxy.
    """
    if not is_direct(base_url):
        return HttpTransport(base_url, headers)
    from evals.completion_fns.openai.direct_http import DirectTransport

    secure = tls_context() if base_url.startswith("https:") else None
    return DirectTransport(base_url, {**STANDARD_HEADERS, **headers}, secure)


def is_direct(base_url: str) -> bool:
    """Whether requests to this server go over connections of our own (`direct_http`).

    Raises:
        UsageError: the environment asks for a proxy that is no http proxy.
    """
    return proxy_for(base_url) is None and "@" not in base_url and base_url.isascii()


class HttpTransport:
    """Sends requests by an aiohttp session. Made and used on one event loop.

    base_url: its path and query go before and after the path of each request. headers: sent with each request.

    Raises:
        UsageError: the environment asks for a proxy that is no http proxy.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        self._base_url = base_url
        self._host = host_of(base_url)
        self._urls: dict[str, Any] = {}
        self._proxy = proxy_for(base_url)
        self._session = _new_session(base_url, headers)

    async def post(
        self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None, timeout_s: float
    ) -> WireReply:
        import aiohttp

        data = encode_json(body)
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S)
        try:
            reply = await self._session.post(
                self._url(path), data=data, headers=headers, timeout=timeout, allow_redirects=False, proxy=self._proxy
            )
            return WireReply(reply.status, reply.headers, await reply.read())
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise wire_failure(error, self._host, timeout_s) from error

    async def aclose(self) -> None:
        await self._session.close()

    def _url(self, path: str) -> Any:
        url = self._urls.get(path)
        if url is None:
            import yarl

            base, mark, query = self._base_url.partition("?")
            url = self._urls[path] = yarl.URL(base.rstrip("/") + path + mark + query)
        return url


def _new_session(base_url: str, headers: Mapping[str, str]) -> aiohttp.ClientSession:
    import aiohttp

    secure: ssl.SSLContext | bool = tls_context() if base_url.startswith("https:") else True
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ssl=secure)
    return aiohttp.ClientSession(
        connector=connector,
        headers={**STANDARD_HEADERS, **headers},
        cookie_jar=aiohttp.DummyCookieJar(),
        raise_for_status=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )


class SdkTransport:
    """Sends requests by the SDK's client on its aiohttp transport, without its typed replies. For one event loop."""

    def __init__(self, new_client: Callable[[Any], Any], host: str) -> None:
        """new_client: given the SDK's HTTP client, makes an `AsyncOpenAI` or one of its kind."""
        import openai

        self._client = new_client(openai.DefaultAioHttpClient())
        self._host = host
        self._response_type = _response_type()

    async def post(
        self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None, timeout_s: float
    ) -> WireReply:
        import openai

        options: dict[str, Any] = (
            {"timeout": timeout_s, "headers": dict(headers)} if headers else {"timeout": timeout_s}
        )
        try:
            reply = await self._client.post(path, cast_to=self._response_type, body=body, options=options)
        except openai.APIStatusError as error:
            return WireReply(error.status_code, error.response.headers, error.response.content)
        except openai.APIConnectionError as error:
            raise wire_failure(_cause(error), self._host, timeout_s) from error
        return WireReply(reply.status_code, reply.headers, reply.content)

    async def aclose(self) -> None:
        await self._client.close()


def _response_type() -> type[Any]:
    """The class of a raw reply in the installed SDK, which has moved from httpx to httpx2."""
    module = next(name for name in ("httpx2", "httpx") if importlib.util.find_spec(name))
    kind: type[Any] = importlib.import_module(module).Response
    return kind


def _cause(error: BaseException) -> BaseException:
    """The exception of aiohttp or of the system that the SDK and its client have wrapped; else `error` itself."""
    import aiohttp

    for link in exception_chain(error):
        if isinstance(link, aiohttp.ClientError | OSError | asyncio.TimeoutError):
            return link
    return error


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a URL (HTTPS_PROXY, ALL_PROXY, NO_PROXY); None without one.

    Servers on this machine never get one. Look it up once: aiohttp reads the whole environment for each request.

    Raises:
        UsageError: the proxy is no http proxy.
    """
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    if sys.platform == "linux" and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None  # elsewhere the system may know of one; the module takes as long to load as all the rest here
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        raise UsageError(
            f"the proxy for {host} is no http proxy: {proxy.partition('://')[0]}",
            fix=f"use an http proxy, or except the host: NO_PROXY={host}",
        )
    return proxy


def tls_context() -> ssl.SSLContext:
    """A TLS context that trusts the authorities of the system, or SSL_CERT_FILE, or certifi's without either."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        with contextlib.suppress(ImportError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context
