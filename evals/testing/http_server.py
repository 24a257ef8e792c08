"""A small HTTP/1.1 server on an asyncio protocol: keep-alive, little CPU a request, broken replies on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from evals.serving.faults import Breakage as Breakage

MAX_HEAD_BYTES = 64 * 1024
_REASONS = {status.value: status.phrase for status in http.HTTPStatus}


@dataclass(frozen=True)
class HttpRequest:
    """One request. path: without the query. headers: names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class ReplyHold:
    """Holds replies back until it is released, or for `limit_s` seconds. Used on the server's own thread only."""

    def __init__(self, limit_s: float = 30.0) -> None:
        self._limit_s = limit_s
        self._waiting: list[Callable[[], None]] = []
        self._is_released = False

    def then(self, send: Callable[[], None]) -> None:
        """Call `send` after the release; at once if that has been."""
        if self._is_released:
            send()
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(self._limit_s, self.release)
        self._waiting.append(send)

    def release(self) -> None:
        """Send all replies that wait, and hold none back from now on."""
        self._is_released = True
        waiting, self._waiting = self._waiting, []
        for send in waiting:
            send()


@dataclass(frozen=True)
class HttpReply:
    """One reply, when to send it, and what goes wrong with it."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0.0
    "Seconds before it is sent."
    breakage: Breakage | None = None
    "What goes wrong on the wire; None for nothing."
    content_type: str = "application/json"
    hold: ReplyHold | None = None
    "Keeps the reply back; `delay_s` counts from its release."

    def encode(self) -> bytes:
        """The bytes on the wire."""
        more = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        head = (
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n{more}\r\n"
        )
        return head.encode("latin-1") + self.body


class HttpApp(Protocol):
    """What `ServerThread` serves."""

    def answer(self, request: HttpRequest) -> HttpReply:
        """The reply to a request. Called on the server's thread, so it must be quick."""
        ...

    def finished(self) -> None:
        """Called when the reply of an earlier `answer` was sent, or can no longer be sent."""


class _Connection(asyncio.Protocol):
    """One connection of a client. Its requests are answered one after the other."""

    def __init__(self, app: HttpApp, connections: set[_Connection]) -> None:
        self._app = app
        self._connections = connections
        self._buffer = bytearray()
        self._busy = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._busy:
            self._busy = False
            self._app.finished()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def close(self) -> None:
        self._transport.abort()

    def _next(self) -> None:
        request = self._take_request()
        if request is None:
            return
        self._busy = True
        reply = self._app.answer(request)
        if reply.hold is not None:
            reply.hold.then(functools.partial(self._send_later, reply))
        else:
            self._send_later(reply)

    def _send_later(self, reply: HttpReply) -> None:
        if reply.delay_s > 0:
            asyncio.get_running_loop().call_later(reply.delay_s, self._send, reply)
        else:
            self._send(reply)

    def _take_request(self) -> HttpRequest | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                self._transport.abort()
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        start = end + 4
        stop = start + int(headers.get("content-length", 0))
        if len(self._buffer) < stop:
            return None
        method, target, _ = first.split(" ", 2)
        path, _, query = target.partition("?")
        body = bytes(self._buffer[start:stop])
        del self._buffer[:stop]
        return HttpRequest(method, path, query, headers, body)

    def _send(self, reply: HttpReply) -> None:
        if not self._busy or reply.breakage is Breakage.STALL:
            return
        if reply.breakage is None:
            self._transport.write(reply.encode())
        else:
            self._break(reply)
        self._busy = False
        self._app.finished()
        if self._buffer and not self._transport.is_closing():
            self._next()

    def _break(self, reply: HttpReply) -> None:
        if reply.breakage is Breakage.RESET:
            linger = struct.pack("ii", 1, 0)
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
            return
        if reply.breakage is Breakage.TRUNCATED:
            self._transport.write(reply.encode()[: -max(1, len(reply.body) // 2)])
        self._transport.close()


async def serve(app: HttpApp, host: str, port: int, started: Callable[[int, Callable[[], None]], None]) -> None:
    """Serve `app` until it is stopped. port: 0 takes a free one.

    started: called once connections are taken, with the port and a function that stops the server, to be called on
    this event loop.
    """
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    connections: set[_Connection] = set()
    server = await loop.create_server(lambda: _Connection(app, connections), host, port, backlog=4096)
    started(server.sockets[0].getsockname()[1], over.set)
    await over.wait()
    server.close()
    await asyncio.sleep(0)
    for connection in list(connections):
        connection.close()
    while connections:
        await asyncio.sleep(0)


class ServerThread:
    """Serves an app on a thread of its own, from `start()` to `stop()`. port: 0 takes a free one."""

    def __init__(self, app: HttpApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: Callable[[], None] | None = None
        self._failure: BaseException | None = None

    def start(self) -> int:
        """Start to serve; the port.

        Raises:
            OSError: the port is taken.
        """
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="loopback server", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            raise self._failure
        return self._port

    def stop(self) -> None:
        """Close all connections and end the thread."""
        if self._thread is None or self._loop is None or self._over is None:
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._over)
        self._thread.join()
        self._thread = None

    def _run(self, ready: threading.Event) -> None:
        def started(port: int, over: Callable[[], None]) -> None:
            self._port, self._over = port, over
            self._loop = asyncio.get_running_loop()
            ready.set()

        try:
            asyncio.run(serve(self._app, self._host, self._port, started))
        except OSError as error:
            self._failure = error
            ready.set()
