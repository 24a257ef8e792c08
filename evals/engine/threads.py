"""Worker threads that never keep the process from ending, and exceptions that must not end more than their sample."""

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
    """Replaces an exception that would have ended more than the code that raised it; that one is in `raised`."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(str(raised) or f"{type(raised).__name__} was raised")
        self.raised = raised
        self.__cause__ = raised


def contained(error: BaseException) -> Exception:
    """`error` itself, or an `Escaped` for it if a future, a task or a loop would not survive it.

    SystemExit and KeyboardInterrupt end an event loop. StopIteration cannot be set on a future, which then waits for
    ever. A cancellation that nobody asked for would drop its sample without an error.
    """
    if isinstance(error, Exception) and not isinstance(error, StopIteration | StopAsyncIteration | CancelledError):
        return error
    return Escaped(error)


class DaemonThreads(Executor):
    """Up to `size` threads, started as needed. The interpreter ends without waiting for them.

    The standard library's ThreadPoolExecutor joins its threads at exit, so one that hangs in a plug-in would keep the
    process from ending. name: the start of the threads' names.
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
        """Run `fn` on one of the threads. Its exception comes back `contained`.

        Raises:
            RuntimeError: `shutdown` was called.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("these threads were shut down")
            self._jobs.put((future, lambda: fn(*args, **kwargs)))
            # The semaphore counts idle threads: taking one from it reserves that thread for this job.
            if not self._idle.acquire(blocking=False) and self._n_threads < self._size:
                self._n_threads += 1
                name = f"{self._name}_{self._n_threads}"
                threading.Thread(target=_serve, args=(self._jobs, self._idle), name=name, daemon=True).start()
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        """End the threads after their current jobs, and cancel the jobs that wait. `wait` is ignored."""
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
        del job  # or this frame would hold the job's result and its sample until the next job comes
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
