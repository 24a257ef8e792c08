"""Worker threads that never keep the process from ending, whatever the code that they run does."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Job = tuple["Future[Any]", Callable[[], Any]]


class Escaped(Exception):
    """Stands for an exception that would have ended more than the code that raised it: `raised`."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(str(raised) or f"{type(raised).__name__} was raised")
        self.raised = raised
        self.__cause__ = raised


def contained(error: BaseException) -> Exception:
    """`error`, or an `Escaped` in its place when a future, a task or a loop would not survive it.

    SystemExit and KeyboardInterrupt end event loops, StopIteration leaves futures waiting for ever, and a
    cancellation that nobody asked for would let a sample vanish without a word.
    """
    if isinstance(error, Exception) and not isinstance(error, StopIteration | StopAsyncIteration | CancelledError):
        return error
    return Escaped(error)


class DaemonThreads(Executor):
    """Threads made as they are needed, up to `size`. The interpreter ends without waiting for them.

    The standard library's pool joins its threads at exit: one that hangs in a plug-in would hold the process.
    """

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._n_threads = 0
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` on one of the threads; what it raises comes back `contained`."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("these threads have been given back")
            self._jobs.put((future, lambda: fn(*args, **kwargs)))
            if not self._idle.acquire(blocking=False) and self._n_threads < self._size:
                self._n_threads += 1
                name = f"{self._name}_{self._n_threads}"
                threading.Thread(target=_serve, args=(self._jobs, self._idle), name=name, daemon=True).start()
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        """End the threads when they are done with what they do; jobs that wait are cancelled. Never waits."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            n_threads = self._n_threads
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job[0].cancel()
        for _ in range(n_threads):
            self._jobs.put(None)


def _serve(jobs: queue.SimpleQueue[_Job | None], idle: threading.Semaphore) -> None:
    while (job := jobs.get()) is not None:
        _do(*job)
        del job
        idle.release()


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        future.set_exception(contained(error))
    else:
        future.set_result(result)
