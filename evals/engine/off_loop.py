"""Runs blocking work of an eval on threads, while the event loop continues with calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Generic, TypeVar

from evals.engine.threads import DaemonThreads

J = TypeVar("J")
T = TypeVar("T")


class Started(Generic[T]):
    """Jobs that were started, in order."""

    def __init__(self, futures: list[Future[T]]) -> None:
        self._futures = futures

    async def results(self) -> list[T]:
        """The values of the jobs, in order.

        If a job fails, its exception is raised and the jobs that have not begun are cancelled.
        """
        try:
            return [await asyncio.wrap_future(future) for future in self._futures]
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Cancel the jobs that have not begun."""
        for future in self._futures:
            future.cancel()


class WorkThreads:
    """Runs at most `size` jobs at a time, in the order in which they were started. Threads start when needed."""

    def __init__(self, size: int, name: str = "evals-work") -> None:
        self._pool = DaemonThreads(size, name)

    def start(self, work: Callable[[J], T], jobs: Iterable[J]) -> Started[T]:
        """Start `work(job)` for each job, and return at once."""
        return Started([self._pool.submit(work, job) for job in jobs])

    def close(self) -> None:
        """End the threads after their current jobs. Jobs that have not begun are cancelled."""
        self._pool.shutdown()
