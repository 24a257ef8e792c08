"""How pocket models use the cores: parts of a batch on threads of their own, and one thread in numpy's matrix products.

OpenBLAS, which numpy brings, divides even small products among threads that wait for each other by spinning. Where
other programs want the cores too, as in continuous integration, a batch then takes ten times as long (measured on
2 cores). Parts of a batch need not wait for each other.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from evals.engine.threads import DaemonThreads

T = TypeVar("T")
R = TypeVar("R")

MAX_THREADS = 8
WORTH_THREADS = 200_000
"Parameters of a model from which on threads gain: below, numpy's calls take longer than what they compute."


@functools.cache
def blas_libraries() -> tuple[Any, ...]:
    """The libraries that compute numpy's products, as threadpoolctl's controllers; none where it knows none of them.

    Those in numpy's own package; where it was built with libraries of the system, all BLAS libraries of the process.
    """
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    package = Path(np.__file__).resolve().parent
    folders = {package, package.parent / "numpy.libs"}
    own = [library for library in found if folders.intersection(Path(library.filepath).resolve().parents)]
    return tuple(own or found)


class _OneThread:
    """Numpy's products on one thread while anybody computes; what was set before comes back after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_computing = 0
        self._before: list[int] = []

    def begin(self) -> int:
        """Returns how many threads numpy would have used."""
        with self._lock:
            if self._n_computing == 0:
                self._before = [library.num_threads for library in blas_libraries()]
                for library in blas_libraries():
                    library.set_num_threads(1)
            self._n_computing += 1
            return max(self._before, default=1)

    def end(self) -> None:
        with self._lock:
            self._n_computing -= 1
            if self._n_computing == 0:
                for library, n_threads in zip(blas_libraries(), self._before, strict=True):
                    library.set_num_threads(n_threads)


_one_thread = _OneThread()


@contextmanager
def computing() -> Iterator[int]:
    """Gives how many threads to compute with: as many as numpy's products had (`OPENBLAS_NUM_THREADS`), at most 8.

    One, and nothing is changed, where numpy uses a library that threadpoolctl does not know (Apple's Accelerate).
    """
    n_threads = _one_thread.begin()
    try:
        yield max(1, min(n_threads, MAX_THREADS))
    finally:
        _one_thread.end()


@functools.cache
def _pool() -> DaemonThreads:
    return DaemonThreads(MAX_THREADS, "evals-pocket")


def in_parallel(work: Callable[[T], R], parts: Iterable[T], n_threads: int) -> Iterator[R]:
    """`work` of each part, in their order, `n_threads` at a time: the first of each turn on the caller's thread."""
    waiting = iter(parts)
    while turn := list(itertools.islice(waiting, n_threads)):
        started = [_pool().submit(work, part) for part in turn[1:]]
        try:
            first = work(turn[0])
        finally:
            futures.wait(started)
        yield first
        yield from (future.result() for future in started)
