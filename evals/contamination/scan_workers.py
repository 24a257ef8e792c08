"""Scans the units of a corpus in this process or in several, and keeps what each has found."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from evals.contamination.corpus import Reading, Unit, unit_digest
from evals.contamination.found_index import FoundIndex
from evals.contamination.items import Item, Rule
from evals.contamination.scan import Scanner
from evals.contamination.unit_findings import UnitFindings
from evals.errors import EvalsError


@dataclass(frozen=True)
class Scanned:
    """A unit that is done."""

    number: int
    "Of the unit, from 0; units end in any order."
    findings: UnitFindings
    was_known: bool
    "An earlier scan had found it."


@dataclass(frozen=True)
class ScanJob:
    """All that a process needs to scan units."""

    items: Sequence[Item]
    rule: Rule
    reading_as: Reading
    index: FoundIndex


class UnitScanner:
    """Takes a unit from the index, or scans it and puts it there. Tables are made when they are needed."""

    def __init__(self, job: ScanJob) -> None:
        self._job = job
        self._scanner: Scanner | None = None

    def scanned(self, number: int, unit: Unit, keep_on: Callable[[], object] = lambda: None) -> Scanned:
        """The findings of one unit.

        Raises:
            DataError: it cannot be read, or the index cannot be written.
        """
        digest = unit_digest(unit, self._job.reading_as)
        known = self._job.index.get(digest)
        if known is not None:
            return Scanned(number, known, was_known=True)
        if self._scanner is None:
            self._scanner = Scanner(self._job.items, self._job.rule, self._job.reading_as)
        findings = self._scanner.scan(unit, keep_on)
        self._job.index.put(digest, findings)
        return Scanned(number, findings, was_known=False)


def scan_units(units: Sequence[Unit], job: ScanJob, n_workers: int = 1) -> Iterator[Scanned]:
    """The findings of all units, as they end. n_workers: processes; with 1 all is done in this one.

    Raises:
        DataError: a unit cannot be read; those that ended before are in the index.
    """
    n_workers = min(n_workers, len(units))
    if n_workers <= 1:
        scanner = UnitScanner(job)
        for number, unit in enumerate(units):
            yield scanner.scanned(number, unit)
        return
    yield from _scan_in_processes(units, job, n_workers)


def _scan_in_processes(units: Sequence[Unit], job: ScanJob, n_workers: int) -> Iterator[Scanned]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(n_workers, mp_context=context, initializer=_start, initargs=(job, stop))
    try:
        waiting = iter(enumerate(units))
        running: set[Future[Scanned]] = set()
        while True:
            while len(running) < 2 * n_workers and (following := next(waiting, None)) is not None:
                running.add(pool.submit(_scan, *following))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool:
        fix = "give it fewer workers, or more memory; what was found is kept"
        raise EvalsError("a process of the scan was ended from outside", fix=fix) from None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


class _StopError(Exception):
    """The parent wants no more."""


class _Here:
    """What a process of the pool has."""

    scanner: UnitScanner
    stop: Any


def _start(job: ScanJob, stop: Any) -> None:
    """The beginning of a process of the pool. It leaves Ctrl-C to the parent, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Here.scanner, _Here.stop = UnitScanner(job), stop


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _scan(number: int, unit: Unit) -> Scanned:
    return _Here.scanner.scanned(number, unit, _keep_on)


def _keep_on() -> None:
    if _Here.stop.is_set():
        raise _StopError
