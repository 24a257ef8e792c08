"""Exceptions of HTTP connections, of aiohttp or of the system, as failures of a call."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl

from evals.engine.failures import CallFailed, Kind, short
from evals.errors import UsageError

CONNECT_TIMEOUT_S = 30.0
"For the connection alone; the reply has the time-out of the call."


def wire_failure(error: BaseException, host: str, timeout_s: float) -> CallFailed:
    """The failure for an exception of aiohttp or of the system. timeout_s: of the call, for the message.

    Raises:
        UsageError: the certificate of the server is not trusted, or the server speaks no TLS. A retry does not help.
    """
    import aiohttp

    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return no_connection_in_time(host)
    if isinstance(error, aiohttp.ClientPayloadError):
        return broken_off(host)
    if isinstance(error, aiohttp.ClientResponseError):
        return no_http(error.message, host)
    return socket_failure(error, host, timeout_s)


def socket_failure(error: BaseException, host: str, timeout_s: float) -> CallFailed:
    """The failure for an exception of the system, also one that aiohttp has wrapped; as `wire_failure`."""
    tls = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(tls, ssl.CertificateError):
        raise UsageError(
            f"the certificate of {host} is not trusted",
            notes=[_words(error)],
            fix="point SSL_CERT_FILE at the authority's certificate, or correct the base URL",
        ) from error
    if isinstance(tls, ssl.SSLError) and _SPEAKS_NO_TLS.search(str(tls)):
        raise UsageError(
            f"{host} does not speak https", notes=[_words(error)], fix="write http:// in the base URL"
        ) from error
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return CallFailed(Kind.TIMEOUT, f"no reply within {timeout_s:g} s", host=host)
    return CallFailed(Kind.CONNECTION, short(_words(error)), host=host)


def no_connection_in_time(host: str) -> CallFailed:
    """The failure of a connection that did not come about within CONNECT_TIMEOUT_S."""
    return CallFailed(Kind.CONNECTION, f"no connection within {CONNECT_TIMEOUT_S:.0f} s", host=host)


def broken_off(host: str) -> CallFailed:
    """The failure of a reply whose connection was closed within its body."""
    return CallFailed(Kind.BAD_REPLY, "the reply ended before its end", host=host)


def no_http(what: str, host: str) -> CallFailed:
    """The failure of a reply that breaks the rules of HTTP. what: how."""
    return CallFailed(Kind.BAD_REPLY, short(f"no valid HTTP reply: {what}"), host=host)


_SPEAKS_NO_TLS = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST", re.IGNORECASE)
"OpenSSL's messages when the server answers with plain HTTP."


def _words(error: BaseException) -> str:
    """The message of the system (`Connection refused`), also where aiohttp has wrapped it, else of the exception."""
    inner = getattr(error, "os_error", None) or error
    if isinstance(inner, OSError) and inner.errno:
        plain = inner.strerror if isinstance(inner, socket.gaierror | ssl.SSLError) else os.strerror(inner.errno)
        if plain:
            return str(plain)
    return str(error) or type(error).__name__
