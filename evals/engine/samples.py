"""Runs samples through a fixed set of workers, and records each sample when it is done."""

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
from evals.record.failed_prompt import prompt_kept
from evals.record.recorders import Event, RecorderBase, SampleScope
from evals.registry.whose_code import blamed_line, class_line
from evals.secrets import redact

SAME_ERRORS_IN_A_ROW = 50
"The run ends after this many samples in a row that failed in the same way."

LET_OTHERS_EVERY = 16
"A worker gives the loop a turn after this many samples: a model that answers at once would never give it one."


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One evaluation of one sample. index: its row number, from 0. repeat: 0 for the first evaluation."""

    sample_id: str
    index: int
    repeat: int

    @property
    def key(self) -> tuple[str, int]:
        """(sample id, repeat), which identifies an evaluation in a record."""
        return self.sample_id, self.repeat


class Observer(Protocol):
    """Watches a run. `finished` and `failed` are called on the engine's loop, so they must be quick."""

    def started(self, n_items: int, n_done_before: int) -> None:
        """A pass begins. n_items: its evaluations, with the `n_done_before` of an earlier, interrupted run."""

    def finished(self, item: WorkItem, events: Sequence[Event]) -> None:
        """A sample was evaluated and its events were recorded."""

    def failed(self, item: WorkItem, error: dict[str, Any]) -> None:
        """A sample failed. error: the data of its `error` event."""

    def moved(self, n_finished: int, n_failed: int) -> None:
        """So many more samples were evaluated, and so many failed, in other processes of this run."""


class NullObserver:
    """An observer that does nothing."""

    def started(self, n_items: int, n_done_before: int) -> None:
        """Do nothing."""

    def finished(self, item: WorkItem, events: Sequence[Event]) -> None:
        """Do nothing."""

    def failed(self, item: WorkItem, error: dict[str, Any]) -> None:
        """Do nothing."""

    def moved(self, n_finished: int, n_failed: int) -> None:
        """Do nothing."""


@dataclass
class SampleRun:
    """Everything that one pass over samples needs. `go` runs it on the engine's loop."""

    session: Session
    recorder: RecorderBase
    items: Iterator[WorkItem]
    load: Callable[[int], Any]
    evaluate: Callable[[Any, WorkItem], Awaitable[Any]]
    on_finished: Callable[[WorkItem, Sequence[Event], Any], None]
    observer: Observer
    sequential: bool = False
    labels_of: Callable[[Any], dict[str, Any] | None] = lambda sample: None
    "What reports group by (category, subject, ...); called when the sample is done, in its context."
    owner: Any = None
    "The eval, whose class is named where a failure has no line of a plug-in."
    own_id_of: Callable[[Any], str | None] = lambda sample: None
    "The id that a row gives itself."

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
            EvalsError: the reason why the session ended early; what was recorded stays.
            Exception: a bug of this package, raised by the code around the samples.
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
        """Whether a signal or a budget came with the last sample, so that nothing is missing and the run reports."""
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
        """Start workers up to the width of the session. Called at the start, and whenever a limit has grown."""
        width = 1 if self.sequential else self.session.width
        while len(self._workers) < width and not self._exhausted and self.session.ended_by is None:
            worker = asyncio.ensure_future(self._work())
            self.session.owns(worker)
            self._workers.add(worker)

    async def _work(self) -> None:
        """One worker: evaluate item after item until none is left or the session ends."""
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
                # Without this, time budgets and Ctrl-C waited for the end of a run with a local model, and the
                # cancelled time-outs of all its calls stayed in memory: 396 MiB for 214,866 samples, 32 MiB with it.
                if n_done % LET_OTHERS_EVERY == 0:
                    await asyncio.sleep(0)
        except EvalsError as error:
            self.session.end(error, now=not isinstance(error, SettledEarly))
        except Exception as error:  # not from a sample, whose exceptions `_evaluate` records: a bug of ours
            self._bug = self._bug or error
            self.session.end(EvalsError(str(error)), now=True)

    async def _evaluate(self, item: WorkItem) -> None:
        """Evaluate one item, and record its events or its failure; nothing of a sample that was given up."""
        session = self.session
        sample: Any = None
        with self.recorder.sample(item.sample_id, item.repeat or None) as scope:
            try:
                sample = self.load(item.index)
                scope.own_id = self.own_id_of(sample)
                value = await self.evaluate(sample, item)
            except BaseException as raised:  # SystemExit too: what a plug-in raises fails its own sample and no other
                # The run is ending, so this failure may come from that alone: leave the sample to --resume.
                if session.ended_by is not None and not _tells_of_the_sample(raised):
                    if isinstance(raised, asyncio.CancelledError):
                        raise
                    return
                if isinstance(raised, EvalsError) and not isinstance(raised, DataError):
                    raise  # a broken cache, a wrong setting, a missing extra: no other sample would fare better
                self._failed(item, scope, contained(raised), None if sample is None else self.labels_of(sample))
                return
            self._n_same_errors = 0
            labels = self.labels_of(sample)
            session.labels.update(labels or ())
            scope.commit(labels)
            self._n_ended += 1
            self.on_finished(item, scope.events, value)
            self.observer.finished(item, scope.events)

    def _failed(self, item: WorkItem, scope: SampleScope, error: Exception, labels: dict[str, Any] | None) -> None:
        data = error_data(error, self.owner)
        scope.fail(data, labels)
        self._n_ended += 1
        self.observer.failed(item, data)
        self._count(error, data)

    def _count(self, error: Exception, data: dict[str, Any]) -> None:
        """End the run if sample after sample fails in the same way in the code of the eval or completion function.

        Failed calls do not count here: the breaker of their backend counts them.
        """
        if isinstance(error, CallFailed):
            return
        # Without its digits, a message is the same for each row: "row 17 has no key" and "row 18 has no key".
        shape = re.sub(r"\d+", "#", f"{data['type']}: {data['message']}")
        self._n_same_errors = self._n_same_errors + 1 if shape == self._last_error else 1
        self._last_error = shape
        if self._n_same_errors >= SAME_ERRORS_IN_A_ROW:
            self.session.end(
                ProviderError(
                    f"{SAME_ERRORS_IN_A_ROW} samples in a row failed in the same way: {data['type']}",
                    notes=[str(data["message"]), str(data.get("where") or "")],
                    fix="correct the eval or the completion function, then resume",
                ),
                now=True,
            )


def _tells_of_the_sample(error: BaseException) -> bool:
    """Whether a failure that came while the run was ending is the sample's own: its call had failed several times."""
    return isinstance(error, CallFailed) and error.n_attempts > 1


def error_data(error: Exception, owner: Any = None) -> dict[str, Any]:
    """The data of the `error` event of a failed sample: `type` and `message`, as in openai/evals, and more.

    A failed call: `type` is the value of its Kind; `n_attempts`; `status`, if there was a reply; `where`, if a plug-in
    failed; `prompt` and `prompt_chars`, see `evals.record.failed_prompt`. An EvalsError: `type` is its `record_type`,
    else the name of its class. Any other exception: `where`, the `file:line` of the plug-in that raised it, or else of
    `owner`'s class if that is a plug-in, or else the innermost one.
    """
    if isinstance(error, CallFailed):
        data: dict[str, Any] = {"type": error.kind.value, "message": redact(error.message)}
        data["n_attempts"] = error.n_attempts
        if error.status is not None:
            data["status"] = error.status
        if error.where is not None:
            data["where"] = error.where
        return {**data, **prompt_kept(error.prompt)}
    raised = error.raised if isinstance(error, Escaped) else error
    named = raised.record_type if isinstance(raised, EvalsError) else ""
    data = {"type": named or type(raised).__name__, "message": redact(str(error))}
    frames = traceback.extract_tb(raised.__traceback__)
    if frames and not isinstance(error, EvalsError):
        data["where"] = blamed_line(raised, owner) or class_line(owner) or f"{frames[-1].filename}:{frames[-1].lineno}"
    return data
