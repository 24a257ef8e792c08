"""How a request travels to an OpenAI-compatible server: straight on aiohttp, or through the openai SDK.

A call on plain aiohttp costs about a quarter of the CPU of the SDK's leanest way, loads no SDK, and tells a reset from
a time-out and a truncated body; the SDK's way is there for what the SDK knows more of (Azure).
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
KEEPALIVE_S = 4.5
"Below the 5 s after which uvicorn (vLLM and many others) closes an idle connection under a request's feet."

MAX_HEADER_BYTES = 64 * 1024
"Of one reply header: gateways send policies and cookies beyond aiohttp's 8 KiB."

USER_AGENT = "oaieval"


@dataclass(frozen=True)
class WireReply:
    """A whole HTTP reply."""

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
    """The lean way: an aiohttp session. Made and used on one event loop."""

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
    """The SDK's way: its own client on its aiohttp transport, without its typed replies. Used on one event loop."""

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
    """What the installed SDK calls a raw reply: it moved from httpx to httpx2 within its lifetime."""
    module = next(name for name in ("httpx2", "httpx") if importlib.util.find_spec(name))
    kind: type[Any] = importlib.import_module(module).Response
    return kind


def _cause(error: BaseException) -> BaseException:
    """The exception of aiohttp or of the system under the SDK's and its client's wrappings."""
    import aiohttp

    for link in exception_chain(error):
        if isinstance(link, aiohttp.ClientError | OSError | asyncio.TimeoutError):
            return link
    return error


def wire_failure(error: BaseException, host: str, timeout_s: float) -> CallFailed:
    """The failure that an exception of the network stands for.

    Raises:
        UsageError: the server's certificate is not trusted, or it speaks no TLS; no retry can mend that.
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
"What OpenSSL calls a plain HTTP reply to its greeting."


def _words(error: BaseException) -> str:
    """The system's own words where aiohttp wraps them: `Connection refused`."""
    inner = getattr(error, "os_error", None)
    if isinstance(inner, OSError) and inner.errno:
        plain = inner.strerror if isinstance(inner, socket.gaierror | ssl.SSLError) else os.strerror(inner.errno)
        if plain:
            return str(plain)
    return str(error) or type(error).__name__


def encode_json(body: Any) -> bytes:
    """UTF-8 JSON; a lone surrogate, which UTF-8 cannot carry, is sent as an escape."""
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def proxy_for(url: str) -> str | None:
    """The proxy that the environment asks for (HTTPS_PROXY, ALL_PROXY, NO_PROXY ...); never one for this machine.

    Looked up once: aiohttp's own look-up reads the whole environment for each request.
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
    """The system's trusted authorities (or SSL_CERT_FILE); those of certifi where the system has none."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        with contextlib.suppress(ImportError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context
