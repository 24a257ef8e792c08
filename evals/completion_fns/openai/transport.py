"""Sends requests to an OpenAI-compatible server, either by aiohttp or through the openai SDK.

A call by aiohttp costs about a quarter of the CPU time of the leanest call of the SDK, loads no SDK, and tells a reset,
a time-out and a truncated body apart. The SDK is there for what it does beyond that, such as Azure.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import json
import os
import re
import socket
import ssl
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from evals.completion_fns.base_url import host_of
from evals.completion_fns.sdk_failures import exception_chain
from evals.engine.failures import CallFailed, Kind, short
from evals.errors import UsageError

if TYPE_CHECKING:
    import aiohttp

CONNECT_TIMEOUT_S = 30.0
"For the connection alone; the reply has the time-out of the call."
KEEPALIVE_S = 4.5
"Less than the 5 s after which uvicorn (vLLM and many others) closes an idle connection, perhaps during a request."

MAX_HEADER_BYTES = 64 * 1024
"Of one header of a reply: gateways send policies and cookies that are longer than the 8 KiB of aiohttp."

USER_AGENT = "oaieval"


@dataclass(frozen=True)
class WireReply:
    """A whole HTTP reply, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """A client of one event loop: one attempt at a POST."""

    async def post(
        self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None, timeout_s: float
    ) -> WireReply:
        """The reply, whatever its status. Raises CallFailed where no whole reply came back."""
        ...

    async def aclose(self) -> None:
        """End the connections."""


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
        headers={"Content-Type": "application/json", "User-Agent": USER_AGENT, **headers},
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


def wire_failure(error: BaseException, host: str, timeout_s: float) -> CallFailed:
    """The failure for an exception of aiohttp or of the system. timeout_s: of the call, for the message.

    Raises:
        UsageError: the certificate of the server is not trusted, or the server speaks no TLS. A retry does not help.
    """
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        raise UsageError(
            f"the certificate of {host} is not trusted",
            notes=[_words(error)],
            fix="point SSL_CERT_FILE at the authority's certificate, or correct the base URL",
        ) from error
    if isinstance(error, aiohttp.ClientConnectorSSLError) and _SPEAKS_NO_TLS.search(str(error)):
        raise UsageError(
            f"{host} does not speak https", notes=[_words(error)], fix="write http:// in the base URL"
        ) from error
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return CallFailed(Kind.CONNECTION, f"no connection within {CONNECT_TIMEOUT_S:.0f} s", host=host)
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return CallFailed(Kind.TIMEOUT, f"no reply within {timeout_s:g} s", host=host)
    if isinstance(error, aiohttp.ClientPayloadError):
        return CallFailed(Kind.BAD_REPLY, "the reply ended before its end", host=host)
    if isinstance(error, aiohttp.ClientResponseError):
        return CallFailed(Kind.BAD_REPLY, short(f"no valid HTTP reply: {error.message}"), host=host)
    return CallFailed(Kind.CONNECTION, short(_words(error)), host=host)


_SPEAKS_NO_TLS = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST", re.IGNORECASE)
"OpenSSL's messages when the server answers with plain HTTP."


def _words(error: BaseException) -> str:
    """The message of the system where aiohttp has wrapped it (`Connection refused`), else of the exception."""
    inner = getattr(error, "os_error", None)
    if isinstance(inner, OSError) and inner.errno:
        plain = inner.strerror if isinstance(inner, socket.gaierror | ssl.SSLError) else os.strerror(inner.errno)
        if plain:
            return str(plain)
    return str(error) or type(error).__name__


def encode_json(body: Any) -> bytes:
    """`body` as JSON in UTF-8; with ASCII escapes where a text has a lone surrogate, which UTF-8 does not have.

    Raises:
        ValueError: a number is NaN or infinite. TypeError: a value has no JSON form.
    """
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


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
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(host):
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
