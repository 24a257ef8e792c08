"""Sends requests over kept connections, with no more than the call of a model needs: a third of the CPU of aiohttp.

That is POST, replies of any length with or without chunks, TLS, connections that are used again. Proxies and
credentials in the URL are left to aiohttp (`transport.http_transport`). httptools parses the replies where it is
installed (extra `[fast]`), else `reply_parser`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import aiohappyeyeballs

from evals.completion_fns.base_url import host_of
from evals.completion_fns.openai.reply_parser import ReplyError, ReplyParser
from evals.completion_fns.openai.wire import KEEPALIVE_S, MAX_HEADER_BYTES, WireReply, encode_json
from evals.completion_fns.openai.wire_failures import (
    CONNECT_TIMEOUT_S,
    broken_off,
    no_connection_in_time,
    no_http,
    socket_failure,
)
from evals.engine.deadlines import Deadlines
from evals.engine.failures import CallFailed, Kind

MAX_HEADERS_BYTES = 4 * MAX_HEADER_BYTES
"Of all headers of a reply together: a server that never ends them would fill the memory."

MOST_OPENING = 64
"""Connections that are opened at a time. Servers in Python queue 100 by default (asyncio, backlog=100); what comes
beyond waits a second for the system to try again."""

ADDRESSES_HOLD_S = 10.0
"How long the addresses of a server are used before they are looked up again."

_GZIP_MAGIC = b"\x1f\x8b"
_MAY_DECODE = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class Parsing(NamedTuple):
    """How replies are parsed. new: makes the parser of a connection, its handler. errors: for no valid HTTP."""

    new: Callable[[Any], Any]
    errors: tuple[type[Exception], ...]


OWN_PARSING = Parsing(ReplyParser, (ReplyError,))


def best_parsing() -> Parsing:
    """By httptools where it is installed, else by our own parser."""
    try:
        import httptools
    except ImportError:
        return OWN_PARSING
    return Parsing(httptools.HttpResponseParser, (httptools.HttpParserError, httptools.HttpParserUpgrade))


class DirectTransport:
    """Sends requests over connections of its own. Made and used on one event loop.

    base_url: its path and query go before and after the path of each request. headers: sent with each request.
    secure: for https. parsing: by default the best that is installed.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        secure: ssl.SSLContext | None,
        parsing: Parsing | None = None,
    ) -> None:
        self._parsing = parsing or best_parsing()
        parts = urllib.parse.urlsplit(base_url)
        self._host = host_of(base_url)
        self._place = (parts.hostname or "", parts.port or (443 if secure else 80))
        self._path, self._query = parts.path.rstrip("/"), f"?{parts.query}" if parts.query else ""
        self._secure = secure
        self._headers = {"Host": self._host, "Accept": "*/*", "Accept-Encoding": "gzip, deflate", **headers}
        self._heads: dict[str, bytes] = {}
        self._addresses: asyncio.Future[Any] | None = None
        self._addresses_until_s = 0.0
        self._idle: list[_Connection] = []
        self._n_closings = 0
        self._opening = asyncio.Semaphore(MOST_OPENING)
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop)

    async def post(
        self, path: str, body: dict[str, Any], headers: Mapping[str, str] | None, timeout_s: float
    ) -> WireReply:
        data = encode_json(body)
        head = self._head(path, headers)
        due_s = self._loop.time() + timeout_s
        n_closings = self._n_closings
        try:
            connection = self._idle_connection() or await self._connect()
        except (OSError, asyncio.TimeoutError) as error:
            raise socket_failure(error, self._host, timeout_s) from error
        try:
            reply = await connection.ask(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(data), data), due_s)
        except (OSError, asyncio.TimeoutError) as error:
            raise socket_failure(error, self._host, timeout_s) from error
        if connection.may_be_kept and n_closings == self._n_closings:
            connection.idle_since_s = self._loop.time()
            self._idle.append(connection)
        else:  # nobody would close it any more
            connection.close()
        return reply

    def _idle_connection(self) -> _Connection | None:
        oldest_s = self._loop.time() - KEEPALIVE_S
        while self._idle:
            connection = self._idle.pop()
            if connection.may_be_kept and connection.idle_since_s > oldest_s:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        try:
            async with self._opening:
                return await asyncio.wait_for(self._connected(), CONNECT_TIMEOUT_S)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise no_connection_in_time(self._host) from error

    async def _connected(self) -> _Connection:
        sock = await aiohappyeyeballs.start_connection(
            await self._looked_up(), interleave=1, happy_eyeballs_delay=0.25, loop=self._loop
        )
        _, connection = await self._loop.create_connection(
            lambda: _Connection(self._host, self._deadlines, self._parsing),
            sock=sock,
            ssl=self._secure,
            server_hostname=self._place[0] if self._secure else None,
        )
        return connection

    async def _looked_up(self) -> Any:
        """The addresses of the server: hundreds of connections that open together share one look-up."""
        host, port = self._place
        with contextlib.suppress(socket.gaierror):  # an address as it is, which asks nobody
            return socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        if self._addresses is None or self._loop.time() > self._addresses_until_s:
            self._addresses = self._loop.create_task(self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            self._addresses_until_s = self._loop.time() + ADDRESSES_HOLD_S
        try:
            return await asyncio.shield(self._addresses)
        except OSError:
            self._addresses = None
            raise

    def _head(self, path: str, headers: Mapping[str, str] | None) -> bytes:
        """The first lines of a request, up to its length. headers: of this request, in place of those of all."""
        head = None if headers else self._heads.get(path)
        if head is None:
            target = urllib.parse.quote(self._path + path + self._query, safe="/?&=%:@!$'()*+,;~[]")
            named = {name.lower() for name in headers or ()}
            kept = {name: value for name, value in self._headers.items() if name.lower() not in named}
            head = f"POST {target} HTTP/1.1\r\n".encode("ascii") + _header_lines({**kept, **(headers or {})})
            if not headers:
                self._heads[path] = head
        return head

    async def aclose(self) -> None:
        """Close what waits for a request. Calls that are still under way close their connections when they end."""
        self._n_closings += 1
        while self._idle:
            self._idle.pop().close()


def _header_lines(headers: Mapping[str, str]) -> bytes:
    """Headers as bytes. Raises ValueError for a line end in one, which would begin another header."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise ValueError("a header holds a line end")
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


class _Connection(asyncio.Protocol):
    """One connection: a request at a time, and the parts of its reply as the parser finds them."""

    __slots__ = ("_deadlines", "_errors", "_has_head", "_headers", "_host", "_n_head_bytes", "_parser", "_parts",
                 "_transport", "_waiter", "due_s", "idle_since_s", "may_be_kept")  # fmt: skip

    max_head_bytes = MAX_HEADERS_BYTES

    def __init__(self, host: str, deadlines: Deadlines, parsing: Parsing) -> None:
        self._host = host
        self._deadlines = deadlines
        self._parser, self._errors = parsing.new(self), parsing.errors
        self._waiter: asyncio.Future[WireReply] | None = None
        self.due_s = 0.0
        self.idle_since_s = 0.0
        self.may_be_kept = True
        self.on_message_begin()

    async def ask(self, request: bytes, due_s: float) -> WireReply:
        """The reply to a request. due_s: on the clock of the loop.

        Raises:
            CallFailed: no whole, valid reply. TimeoutError: none in time.
        """
        self._waiter = asyncio.get_running_loop().create_future()
        self.due_s = due_s
        self._transport.write(request)
        self._deadlines.add(self)
        try:
            return await self._waiter
        except BaseException:  # also where the call was given up: the reply may still come, and be no reply to the next
            self.close()
            raise
        finally:
            self._waiter = None
            self._deadlines.discard(self)

    def close(self) -> None:
        self.may_be_kept = False
        self._transport.abort()

    def expired(self) -> None:
        self._fail(asyncio.TimeoutError())

    def _fail(self, error: BaseException) -> None:
        self.may_be_kept = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # nothing was asked
            return
        try:
            self._parser.feed_data(data)
        except self._errors as error:
            self._fail(no_http(str(error) or type(error).__name__, self._host))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.may_be_kept = False
        if self._waiter is None or self._waiter.done():
            return
        if exc is not None and not self._has_head:
            self._fail(exc)
        elif not self._has_head:
            self._fail(CallFailed(Kind.CONNECTION, "Server disconnected", host=self._host))
        elif exc is None and self._ends_at_close():
            self.on_message_complete()
        else:
            self._fail(broken_off(self._host))

    def _ends_at_close(self) -> bool:
        names = {name.lower() for name, _ in self._headers}
        return b"content-length" not in names and b"transfer-encoding" not in names

    # Called by the parser.

    def on_message_begin(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._n_head_bytes = 0
        self._has_head = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._n_head_bytes += len(name) + len(value)
        if self._n_head_bytes <= MAX_HEADERS_BYTES:
            self._headers.append((name, value))
        else:
            self._fail(no_http("its headers are too long", self._host))

    def on_headers_complete(self) -> None:
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200 or self._waiter is None or self._waiter.done():
            return  # the reply itself follows
        headers: dict[str, str] = {}
        for name, value in self._headers:
            headers.setdefault(name.decode("ascii", "replace").lower(), value.decode("utf-8", "surrogateescape"))
        try:
            body = _decoded(b"".join(self._parts), headers.get("content-encoding"))
        except zlib.error:
            self._fail(no_http("its compressed body cannot be read", self._host))
            return
        self.may_be_kept = self.may_be_kept and bool(self._parser.should_keep_alive())
        if not self.may_be_kept:
            self._transport.close()
        self._waiter.set_result(WireReply(status, headers, body))


def _decoded(body: bytes, encoding: str | None) -> bytes:
    """The body of a reply without its compression. Raises zlib.error where it is damaged or cut."""
    if encoding is None or not body:
        return body
    for name in reversed(encoding.lower().split(",")):
        wbits = _MAY_DECODE.get(name.strip().removeprefix("x-"))
        if wbits is not None:
            body = _inflated(body, wbits)
    return body


def _inflated(body: bytes, wbits: int) -> bytes:
    """The bytes of a compressed body, which may be several members of gzip, or `deflate` without its frame."""
    if wbits == zlib.MAX_WBITS and (body[:1] == b"" or body[0] & 0x0F != 8 or int.from_bytes(body[:2], "big") % 31):
        wbits = -zlib.MAX_WBITS  # RFC 9110 wants the frame of zlib; some servers send none
    parts = []
    while True:
        member = zlib.decompressobj(wbits)
        parts.append(member.decompress(body))
        if not member.eof:
            raise zlib.error("incomplete")
        body = member.unused_data
        if not body.startswith(_GZIP_MAGIC):
            return b"".join(parts)
