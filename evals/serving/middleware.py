"""What happens to a request before and after its endpoint: key, counters, latency, limits and faults on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from evals.serving.api_error import wrong_key
from evals.serving.bodies import read_body
from evals.serving.faults import FAULTS, Breakage, Fault, Rules

Handler = Callable[[Request], Awaitable[Response]]
"An endpoint: a request to its response."


class Middleware:
    """Wraps endpoints so that the rules of the server hold for them, and counts requests.

    All of it happens on the server's event loop, so it has no locks.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._attempts: Counter[bytes] = Counter()
        self._faults_sent: Counter[str] = Counter()
        self._stalled: set[asyncio.Transport] = set()
        self._n_requests = self._n_answered = self._n_in_flight = self._max_in_flight = 0

    def stats(self) -> dict[str, Any]:
        """The counters since the start.

        n_requests: all that came. n_answered: replies with status 200 that were sent whole. in_flight, max_in_flight:
        requests at the same time, now and at most. faults: how often each fault was sent.
        """
        return {
            "n_requests": self._n_requests,
            "n_answered": self._n_answered,
            "in_flight": self._n_in_flight,
            "max_in_flight": self._max_in_flight,
            "faults": dict(self._faults_sent),
        }

    def stop(self) -> None:
        """End the connections of clients that wait for a reply which a fault keeps back."""
        for transport in list(self._stalled):
            transport.abort()

    def with_key(self, handler: Handler) -> Handler:
        """The endpoint, for requests with the right key only, where the rules name one."""

        async def handle(request: Request) -> Response:
            self._check_key(request)
            return await handler(request)

        return handle

    def with_rules(self, handler: Handler) -> Handler:
        """The endpoint with all rules: key, limit of concurrency, latency and faults. Its requests are counted."""

        async def handle(request: Request) -> Response:
            self._n_requests += 1
            self._n_in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._n_in_flight)
            try:
                self._check_key(request)
                response = await self._answer(request, handler)
            except BaseException:
                self._n_in_flight -= 1
                raise
            return _Counted(response, self._finished)

        return handle

    def _finished(self, answered: bool) -> None:
        self._n_in_flight -= 1
        self._n_answered += answered

    async def _answer(self, request: Request, handler: Handler) -> Response:
        limit = self._rules.max_concurrency
        if limit is not None and self._n_in_flight > limit:
            self._faults_sent["too many at once"] += 1
            return self._fault_response(FAULTS["429"])
        name = await self._draw_fault(request)
        fault = None if name is None else FAULTS[name]
        if name is not None:
            self._faults_sent[name] += 1
        if self._rules.latency_s and not (fault and fault.is_rate_limit):
            await asyncio.sleep(self._rules.latency_s)
        if fault is None:
            return await handler(request)
        if fault.breakage is None:
            return self._fault_response(fault)
        response = await handler(request) if fault.breakage is Breakage.TRUNCATED else None
        return _Broken(fault.breakage, response, self._stalled)

    async def _draw_fault(self, request: Request) -> str | None:
        """The name of the fault for this request, by its body and how often the same body has come; None for none."""
        plan = self._rules.plan
        if not plan.error_rate and not plan.fail_first_n:
            return None
        body = await read_body(request)
        key = hashlib.blake2b(body, digest_size=16).digest()
        attempt = self._attempts[key]
        self._attempts[key] += 1
        return plan.draw(body.decode("utf-8", "replace"), attempt)

    def _fault_response(self, fault: Fault) -> Response:
        headers = dict(self._rules.plan.headers(fault))
        return Response(fault.body, fault.status, headers, fault.content_type)

    def _check_key(self, request: Request) -> None:
        key = self._rules.api_key
        if key is None:
            return
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), key.encode()):
            raise wrong_key()


class _Counted(Response):
    """A response that calls `finished` once it was sent, or can no longer be sent: with whether it was whole."""

    def __init__(self, response: Response, finished: Callable[[bool], None]) -> None:
        self._response, self._finished = response, finished
        self.background = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answered = False
        try:
            with contextlib.suppress(ClientDisconnect):
                await self._response(scope, receive, send)
            answered = getattr(self._response, "status_code", 500) == 200 and not isinstance(self._response, _Broken)
        finally:
            self._finished(answered)


class _Broken(Response):
    """A response that goes wrong on the wire.

    response: the one of which half is sent, for `truncated`. stalled: the connections that get no reply, for `stall`.
    """

    def __init__(self, breakage: Breakage, response: Response | None, stalled: set[asyncio.Transport]) -> None:
        self._breakage, self._response, self._stalled = breakage, response, stalled
        self.background = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        transport = scope["state"]["transport"]
        if self._response is not None:
            await self._send_half(self._response, send)
        if self._breakage is Breakage.RESET:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        elif self._breakage is Breakage.STALL:
            self._stalled.add(transport)
        else:
            transport.close()
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._stalled.discard(transport)

    async def _send_half(self, response: Response, send: Any) -> None:
        chunks = [chunk async for chunk in _chunks(response)]
        whole = b"".join(chunks)
        head = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        with contextlib.suppress(OSError):
            await send(head)
            await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})


async def _chunks(response: Response) -> AsyncIterator[bytes]:
    iterator = getattr(response, "body_iterator", None)
    if iterator is None:
        yield bytes(response.body)
        return
    async for chunk in iterator:
        yield chunk if isinstance(chunk, bytes) else str(chunk).encode()
