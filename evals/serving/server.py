"""Runs the application on a socket of this machine, by uvicorn, until a signal stops it."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from evals.completion_fns.openai.objects import error_object
from evals.errors import UsageError
from evals.json_text import dumps
from evals.serving.same_site import Call

BACKLOG = 2048
"Connections that may wait to be taken."
KEEP_ALIVE_S = 75
"Seconds that an idle connection stays open. Clients close theirs earlier, so no request meets a closed connection."
STOP_WITHIN_S = 5
"Seconds that requests in flight have to end after a signal."


class Connection(H11Protocol):
    """A connection that hands its transport to the application, which faults need.

    What is no HTTP is refused with an error in the form of the API.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def send_400_response(self, msg: str) -> None:
        body = dumps(error_object(msg, "invalid_request_error")).encode()
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        self.transport.close()


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port`; port 0 takes a free one.

    Raises:
        UsageError: the port is taken or not allowed, or `host` is no address of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"--host {host} is no address of this machine: {error.strerror}") from None
    try:
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise UsageError(
            f"cannot listen at {host}, port {port}: {(error.strerror or str(error)).lower()}",
            fix="--port 0 takes a free port and prints it, --port N another one",
        ) from None
    return sock


class _Server(uvicorn.Server):
    """A uvicorn server that calls `stopping` when it begins to stop."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the server. Requests that are cancelled because they took too long are not printed as errors."""
        logging.getLogger("uvicorn.error").disabled = True
        self._stopping()
        await super().shutdown(sockets)


def run_server(app: Call, sock: socket.socket, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then give requests in flight up to STOP_WITHIN_S to end.

    ready: called once connections are taken. stopping: called on the event loop when the server begins to stop.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # asyncio warns when something is written to a client that left in the middle of a stream. That is no error.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        backlog=BACKLOG,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    server = _Server(config, stopping)

    def stop(number: int, frame: Any) -> None:
        """Stops the server also before uvicorn listens to signals, and again after: it raises them anew at its end."""
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    ready()
    server.run(sockets=[sock])
