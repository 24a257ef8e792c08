"""Micro-batches: computes calls that are waiting at the same time together, on a thread, without delaying any."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Sequence
from typing import Any

from evals.engine.threads import DaemonThreads, contained


class Batcher:
    """Collects the calls of one backend into batches.

    The backend `fn` has a method for each kind of work, plain or async:

    `complete_batch(requests: list[tuple[prompt, kwargs]]) -> list[CompletionResult]`,
    `score_batch(requests: list[tuple[prompt, continuations]]) -> list[list[ContinuationScore]]`.

    batch_size: the most requests of a batch. Plain methods run on a thread, one batch at a time. The result of a
    request must not depend on the others in its batch. An exception in the list fails only its own request.
    """

    def __init__(self, fn: Any, batch_size: int) -> None:
        self._fn = fn
        self._size = max(1, batch_size)
        self._queue: deque[tuple[str, Any, asyncio.Future[Any]]] = deque()
        self._busy = False
        self._thread = DaemonThreads(1, "evals-batch")

    async def call(self, method: str, request: Any) -> Any:
        """The result of `request`, computed in a batch by the backend's `method`.

        Raises:
            Exception: what the method raised, or put into its list for this request.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append((method, request, future))
        if not self._busy:
            self._busy = True
            # The loop holds tasks weakly: without this reference the drainer could be collected while it runs.
            self._drainer = asyncio.ensure_future(self._drain())
        return await future

    async def _drain(self) -> None:
        try:
            while self._queue:
                # One turn of the loop: workers that are ready now add their calls, and nobody waits for a full batch.
                await asyncio.sleep(0)
                method, batch = self._take()
                if batch:
                    await self._compute(method, batch)
        finally:
            self._busy = False

    def _take(self) -> tuple[str, list[tuple[Any, asyncio.Future[Any]]]]:
        method = self._queue[0][0]
        batch: list[tuple[Any, asyncio.Future[Any]]] = []
        while self._queue and self._queue[0][0] == method and len(batch) < self._size:
            _, request, future = self._queue.popleft()
            if not future.done():  # a call that was cancelled while it waited is not computed
                batch.append((request, future))
        return method, batch

    async def _compute(self, method: str, batch: Sequence[tuple[Any, asyncio.Future[Any]]]) -> None:
        work = getattr(self._fn, method)
        requests = [request for request, _ in batch]
        try:
            if inspect.iscoroutinefunction(work):
                results = await work(requests)
            else:
                results = await asyncio.get_running_loop().run_in_executor(self._thread, work, requests)
            if len(results) != len(requests):
                raise RuntimeError(f"{method} gave {len(results)} results for {len(requests)} requests")
        except BaseException as error:
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(contained(result))
            else:
                future.set_result(result)

    def close(self) -> None:
        """End the thread after its current batch."""
        self._thread.shutdown()
