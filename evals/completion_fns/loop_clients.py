"""Network clients that belong to an event loop: made on the loop that uses them, closed with the run or the process."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_EXIT_TIMEOUT_S = 1.0
"How long a client may take to close when the process ends."


class LoopClients(Generic[T]):
    """A client for each event loop that asks for one.

    Clients of HTTP libraries cannot be shared between loops. Constructors of backends run on threads without a loop,
    and calls on the engine's loop or on a user's. new: makes a client. close: ends it. Both are called on the loop of
    the client.
    """

    def __init__(self, new: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._new = new
        self._close = close
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, T] = weakref.WeakKeyDictionary()

    def get(self) -> T:
        """The client of the running loop, made at the first call.

        Raises:
            RuntimeError: no loop runs on this thread.
        """
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = self._new()
            _remember(self)
        return client

    async def aclose(self) -> None:
        """Close the client of the running loop, if it has one; a later `get` makes a new one."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await self._close(client)

    def close_at_exit(self) -> None:
        """Close the clients of loops that still run: HTTP libraries warn about clients that were never closed."""
        for loop in list(self._clients):
            if loop.is_running():
                with contextlib.suppress(Exception):
                    asyncio.run_coroutine_threadsafe(self.aclose(), loop).result(_EXIT_TIMEOUT_S)


_all: weakref.WeakSet[LoopClients[Any]] = weakref.WeakSet()


def _remember(clients: LoopClients[Any]) -> None:
    if not _all:
        atexit.unregister(_close_all)
        atexit.register(_close_all)
    _all.add(clients)


def _close_all() -> None:
    for clients in list(_all):
        clients.close_at_exit()
