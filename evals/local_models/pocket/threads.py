"""How pocket models use cores: parts of a batch on threads of their own, and none inside numpy's matrix products.

OpenBLAS, which numpy brings, divides even small products among threads that wait for each other by spinning. Where
other programs want the cores too, as in continuous integration, a batch then takes ten times as long (measured on
2 cores). Parts of a batch need not wait for each other.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from evals.engine.threads import DaemonThreads

T = TypeVar("T")
R = TypeVar("R")

MAX_THREADS = 8
WORTH_THREADS = 200_000
"Parameters of a model from which on threads gain: below, numpy's calls take longer than what they compute."

_PREFIXES, _SUFFIXES = ("scipy_openblas", "openblas"), ("64_", "")


@dataclass(frozen=True)
class _Library:
    """The two functions of an OpenBLAS that are needed."""

    get: Callable[[], int]
    set: Callable[[int], object]


@functools.cache
def _library() -> _Library | None:
    """The OpenBLAS in numpy's own package; None where numpy was built with another library."""
    package = Path(np.__file__).parent
    folders = (package.parent / "numpy.libs", package / ".dylibs")
    for path in (path for folder in folders for path in folder.glob("*openblas*")):
        try:
            loaded = ctypes.CDLL(str(path))
        except OSError:
            continue
        for name in (f"{prefix}_{{}}_num_threads{suffix}" for prefix in _PREFIXES for suffix in _SUFFIXES):
            if hasattr(loaded, name.format("get")) and hasattr(loaded, name.format("set")):
                return _Library(getattr(loaded, name.format("get")), getattr(loaded, name.format("set")))
    return None


class _OneThread:
    """Numpy's products on one thread while anybody computes; what was set before comes back after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_computing = 0
        self._before = 1

    def begin(self) -> int:
        """Returns how many threads numpy would have used."""
        library = _library()
        with self._lock:
            if library is not None and self._n_computing == 0:
                self._before = library.get()
                library.set(1)
            self._n_computing += 1
            return self._before

    def end(self) -> None:
        library = _library()
        with self._lock:
            self._n_computing -= 1
            if library is not None and self._n_computing == 0:
                library.set(self._before)


_one_thread = _OneThread()


@contextmanager
def computing() -> Iterator[int]:
    """Gives how many threads to compute with: as many as numpy's products had (`OPENBLAS_NUM_THREADS`), at most 8.

    One, and nothing is changed, where numpy uses another library than its own OpenBLAS.
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
