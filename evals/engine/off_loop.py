"""Blocking work that an eval hands over: it runs on threads while the loop goes on with calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Generic, TypeVar

from evals.engine.threads import DaemonThreads

J = TypeVar("J")
T = TypeVar("T")


class Started(Generic[T]):
    """Jobs that are under way."""

    def __init__(self, futures: list[Future[T]]) -> None:
        self._futures = futures

    async def results(self) -> list[T]:
        """What the jobs returned, in their order; the first failure is raised, and what has not begun is left."""
        try:
            return [await asyncio.wrap_future(future) for future in self._futures]
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Leave undone what has not begun."""
        for future in self._futures:
            future.cancel()


class WorkThreads:
    """At most `size` jobs at a time, in the order in which they were started. Threads are made when needed."""

    def __init__(self, size: int, name: str = "evals-work") -> None:
        self._pool = DaemonThreads(size, name)

    def start(self, work: Callable[[J], T], jobs: Iterable[J]) -> Started[T]:
        """Begin `work(job)` for each job."""
        return Started([self._pool.submit(work, job) for job in jobs])

    def close(self) -> None:
        """Let the threads end when their jobs do; what has not begun is cancelled."""
        self._pool.shutdown()
