"""What the loopback servers of single providers share: a thread, an answering text or function, the bodies seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

Answering: TypeAlias = str | HttpReply | Callable[[dict[str, Any]], str | HttpReply]
Server = TypeVar("Server", bound="ProviderServer")


class ProviderServer(ABC):
    """The server on a thread of this process, as a context manager.

    answering: a text, a whole reply, or a function of the request's body that gives either. api_key: calls with another
    one are refused.
    """

    def __init__(self, answering: Answering = "Hello from loopback.", api_key: str = "test-key") -> None:
        self.answering = answering
        self.api_key = api_key
        self.bodies: list[dict[str, Any]] = []
        self._thread = ServerThread(self)
        self.base_url = ""

    def __enter__(self: Server) -> Server:
        self.base_url = f"http://127.0.0.1:{self._thread.start()}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.stop()

    def finished(self) -> None:
        """Nothing is counted at the end of a reply."""

    @abstractmethod
    def answer(self, request: HttpRequest) -> HttpReply:
        """The reply to one request."""

    def said(self, body: dict[str, Any]) -> str | HttpReply:
        """What the server was told to answer to a request in order."""
        self.bodies.append(body)
        return self.answering(body) if callable(self.answering) else self.answering
