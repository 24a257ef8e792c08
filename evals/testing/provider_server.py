"""The base of loopback servers for other providers: a thread, what is answered, and the requests that came."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

Answering: TypeAlias = str | HttpReply | Callable[[dict[str, Any]], str | HttpReply]
Server = TypeVar("Server", bound="ProviderServer")


class ProviderServer(ABC):
    """A server on a thread of this process, as a context manager.

    answering: a text, a whole reply, or a function that gives either for the JSON of a request. api_key: calls with
    another key are refused. bodies: the JSON of all requests that were accepted.
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
        """Does nothing: replies are not counted."""

    @abstractmethod
    def answer(self, request: HttpRequest) -> HttpReply:
        """The reply to one request."""

    def answer_to(self, body: dict[str, Any]) -> str | HttpReply:
        """What to answer to a request that is accepted. body: its JSON."""
        self.bodies.append(body)
        return self.answering(body) if callable(self.answering) else self.answering
