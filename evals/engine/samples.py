"""Runs many samples through a fixed set of workers: bounded, resumable, each sample recorded when it is done."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evals.engine.failures import CallFailed
from evals.engine.session import Session
from evals.engine.threads import Escaped, contained
from evals.errors import BudgetReached, DataError, EvalsError, Interrupted, ProviderError, SettledEarly
from evals.record.recorders import Event, RecorderBase, SampleScope
from evals.secrets import redact

SAME_ERRORS_IN_A_ROW = 50
"Samples that fail alike, one after another, before the run is given up."

LET_OTHERS_EVERY = 16
"Samples of one worker after which the loop gets a turn: one that answers at once would never give it up."


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One evaluation of one sample. repeat: 0 for the first."""

    sample_id: str
    index: int
    repeat: int

    @property
    def key(self) -> tuple[str, int]:
        """(sample id, repeat): what finished samples of a record are told by."""
        return self.sample_id, self.repeat


class Observer(Protocol):
    """Sees a run go by; called on the engine's loop, so it must be quick."""

    def started(self, n_items: int, n_done_before: int) -> None: ...
    def finished(self, item: WorkItem, events: Sequence[Event]) -> None: ...
    def failed(self, item: WorkItem, error: dict[str, Any]) -> None: ...


class NullObserver:
    """An observer that looks away."""

    def started(self, n_items: int, n_done_before: int) -> None: ...
    def finished(self, item: WorkItem, events: Sequence[Event]) -> None: ...
    def failed(self, item: WorkItem, error: dict[str, Any]) -> None: ...


@dataclass
class SampleRun:
    """Everything that one pass over samples needs; `go` runs it on the engine's loop."""

    session: Session
    recorder: RecorderBase
    items: Iterator[WorkItem]
    load: Callable[[int], Any]
    evaluate: Callable[[Any, WorkItem], Awaitable[Any]]
    on_finished: Callable[[WorkItem, Sequence[Event], Any], None]
    observer: Observer
    sequential: bool = False
    labels_of: Callable[[Any], dict[str, Any] | None] = lambda sample: None
    "Keys of the sample that put it into a group (category, subject, ...)."

    def __post_init__(self) -> None:
        self._workers: set[asyncio.Task[None]] = set()
        self._exhausted = False
        self._bug: Exception | None = None
        self._last_error: str | None = None
        self._n_same_errors = 0
        self._n_begun = 0
        self._n_ended = 0

    async def go(self) -> None:
        """Evaluate every item, or as many as the session allows.

        Raises:
            EvalsError: why the session ended before its time; what was recorded stays.
        """
        session = self.session
        session.on_growth = self._spawn
        timer = self._start_clock()
        self._spawn()
        try:
            while self._workers:
                done, _ = await asyncio.wait(self._workers)
                self._workers -= done
        finally:
            for worker in self._workers:
                worker.cancel()
            session.on_growth = None
            if timer is not None:
                timer.cancel()
        if self._bug is not None:
            raise self._bug
        if session.ended_by is not None and not self._all_done():
            raise session.ended_by

    def _all_done(self) -> bool:
        """Whether a signal or a budget came too late to cut anything off."""
        if not isinstance(self.session.ended_by, Interrupted | BudgetReached):
            return False
        return self._n_begun == self._n_ended and next(self.items, None) is None

    def _start_clock(self) -> asyncio.TimerHandle | None:
        limit_s = self.session.settings.max_time_s
        if limit_s is None:
            return None
        why = BudgetReached(f"the time budget of {limit_s:g} s is used up")
        return asyncio.get_running_loop().call_later(limit_s, self.session.end, why)

    def _spawn(self) -> None:
        width = 1 if self.sequential else self.session.width
        while len(self._workers) < width and not self._exhausted and self.session.ended_by is None:
            worker = asyncio.ensure_future(self._work())
            self.session.owns(worker)
            self._workers.add(worker)

    async def _work(self) -> None:
        n_done = 0
        try:
            while self.session.ended_by is None:
                item = next(self.items, None)
                if item is None:
                    self._exhausted = True
                    return
                self._n_begun += 1
                await self._evaluate(item)
                n_done += 1
                if n_done % LET_OTHERS_EVERY == 0:
                    await asyncio.sleep(0)
        except EvalsError as error:
            self.session.end(error, now=not isinstance(error, SettledEarly))
        except Exception as error:
            self._bug = self._bug or error
            self.session.end(EvalsError(str(error)), now=True)

    async def _evaluate(self, item: WorkItem) -> None:
        session = self.session
        with self.recorder.sample(item.sample_id, item.repeat or None) as scope:
            try:
                sample = self.load(item.index)
                value = await self.evaluate(sample, item)
            except BaseException as raised:
                if session.ended_by is not None and not _tells_of_the_sample(raised):
                    if isinstance(raised, asyncio.CancelledError):
                        raise
                    return
                if isinstance(raised, EvalsError) and not isinstance(raised, DataError):
                    raise  # cache, configuration, a missing extra: no other sample would fare better
                self._failed(item, scope, contained(raised))
                return
            self._n_same_errors = 0
            labels = self.labels_of(sample)
            session.labels.update(labels or ())
            scope.commit(labels)
            self._n_ended += 1
            self.on_finished(item, scope.events, value)
            self.observer.finished(item, scope.events)

    def _failed(self, item: WorkItem, scope: SampleScope, error: Exception) -> None:
        data = error_data(error)
        scope.fail(data)
        self._n_ended += 1
        self.observer.failed(item, data)
        self._count(error, data)

    def _count(self, error: Exception, data: dict[str, Any]) -> None:
        """End the run when sample after sample fails in the same way for a reason of its own code."""
        if isinstance(error, CallFailed):
            return
        shape = re.sub(r"\d+", "#", f"{data['type']}: {data['message']}")
        self._n_same_errors = self._n_same_errors + 1 if shape == self._last_error else 1
        self._last_error = shape
        if self._n_same_errors >= SAME_ERRORS_IN_A_ROW:
            self.session.end(
                ProviderError(
                    f"{SAME_ERRORS_IN_A_ROW} samples in a row failed in the same way: {data['type']}",
                    notes=[str(data["message"]), str(data.get("where") or "")],
                    fix="mend the eval or the completion function, then resume",
                ),
                now=True,
            )


def _tells_of_the_sample(error: BaseException) -> bool:
    """Whether a failure that came while the run was ending would have come anyway."""
    return isinstance(error, CallFailed) and error.n_attempts > 1


def error_data(error: Exception) -> dict[str, Any]:
    """The `error` event of a failed sample: `type` and `message` as openai/evals, and what helps to mend it."""
    if isinstance(error, CallFailed):
        data: dict[str, Any] = {"type": error.kind.value, "message": redact(error.message)}
        data["n_attempts"] = error.n_attempts
        if error.status is not None:
            data["status"] = error.status
        return data
    raised = error.raised if isinstance(error, Escaped) else error
    data = {"type": type(raised).__name__, "message": redact(str(error))}
    frames = traceback.extract_tb(raised.__traceback__)
    if frames and not isinstance(error, EvalsError):
        data["where"] = f"{frames[-1].filename}:{frames[-1].lineno}"
    return data
