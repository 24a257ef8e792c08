"""Runs the application on a socket of this machine until it is told to stop."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from evals.completion_fns.openai.objects import error_object
from evals.errors import UsageError
from evals.json_text import dumps

BACKLOG = 2048
KEEP_ALIVE_S = 75
"Seconds that an idle connection stays open: longer than clients keep theirs, so that none is closed under a request."
STOP_WITHIN_S = 5
"Seconds that requests under way have to end after Ctrl-C."


class Connection(H11Protocol):
    """Tells the application its transport, which faults need, and refuses what is no HTTP in the API's shape."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def send_400_response(self, msg: str) -> None:
        body = dumps(error_object(msg, "invalid_request_error")).encode()
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        self.transport.close()


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at `host`. port: 0 takes a free one.

    Raises:
        UsageError: the port is taken or not allowed, or the host is none of this machine.
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
    """Says when it is about to stop. stopping: called then."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """What is cancelled because it did not end in time is no error to be printed."""
        logging.getLogger("uvicorn.error").disabled = True
        self._stopping()
        await super().shutdown(sockets)


def run_server(app: Starlette, sock: socket.socket, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then let requests under way end.

    ready: called when connections are taken. stopping: called on the loop when the end begins.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # asyncio warns of what is written to a client that has gone in the middle of a stream: nobody's error.
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
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop_in_order)
    ready()
    _Server(config, stopping).run(sockets=[sock])


def _stop_in_order(number: int, frame: Any) -> None:
    """uvicorn raises the signal again after it has stopped, and then that is all."""
