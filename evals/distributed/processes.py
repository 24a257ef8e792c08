"""Evaluates one run in several processes: each takes a share of the samples and writes a part of the record."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.distributed.messages import Ahead, Checked, Job, State, Stop
from evals.distributed.pipes import receive
from evals.distributed.spending import SharedSpending
from evals.distributed.stretches import Written, chunks_of, stretches_of
from evals.distributed.workers import Worker, end_all
from evals.engine.plan import RunPlan
from evals.engine.samples import NullObserver
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.engine.shard import Shard
from evals.errors import BudgetReached, EvalsError, Interrupted, ProviderError, RecordError, UsageError
from evals.record.file import explained
from evals.record.local import LocalRecorder
from evals.record.reader import read_record
from evals.record.recorders import RecorderBase
from evals.record.sample_record import Key
from evals.runner.counters import RunCounters
from evals.runner.interrupts import handle_interrupts
from evals.runner.parts import (
    SampleOrder,
    append_parts,
    loose_lines,
    merged_rows,
    parts_folder,
    parts_of,
    remove_parts,
)
from evals.runner.prepare import PreparedRun
from evals.runner.request import RunRequest
from evals.runner.row_checks import RowsFound
from evals.runner.run import evaluate_here

LOOK_EVERY_S = 0.1


def check_processes(request: RunRequest, n: int) -> None:
    """Raise UsageError for what `n` processes cannot share."""
    if request.dry_run or request.http_url is not None:
        flag = "--dry-run" if request.dry_run else "--http-run"
        raise UsageError(f"--processes writes parts of a record, and {flag} writes none", fix="leave --processes out")
    place = Path(request.record_path or "")
    if place.exists() and not (place.is_file() or place.is_dir()):
        raise UsageError(
            "--processes puts the record together from parts, and reads it; a pipe or device cannot be read back",
            where=str(place),
            fix="name a file with --record_path, or leave --processes out",
        )
    if request.settings.ceiling < n:
        raise UsageError(
            f"{n} processes need at least {n} calls in flight, and {request.settings.ceiling} are allowed",
            fix="raise --concurrency or EVALS_THREADS, or lower --processes",
        )


def share_of(settings: EngineSettings, place: Shard) -> EngineSettings:
    """The limits of one process: together they have those of the run. Budgets are the run's."""

    def part(whole: int) -> int:
        return whole // place.of + (place.index < whole % place.of)

    def rate(whole: float | None) -> float | None:
        return None if whole is None else whole / place.of

    return replace(
        settings,
        concurrency=None if settings.concurrency is None else part(settings.concurrency),
        first_concurrency=max(1, part(settings.first_concurrency)),
        max_concurrency=part(settings.ceiling),
        requests_per_minute=rate(settings.requests_per_minute),
        tokens_per_minute=rate(settings.tokens_per_minute),
    )


def _share(request: RunRequest, place: Shard) -> Shard:
    """The samples of one process: a part of the share of the run, if it has one."""
    whole = request.shard or Shard(0, 1)
    return Shard(whole.index * place.of + place.index, whole.of * place.of)


class InProcesses:
    """What `run_eval` takes to check and evaluate the samples of a request in these workers, which get ready for it."""

    def __init__(self, workers: Sequence[Worker], request: RunRequest) -> None:
        self._workers = workers
        self._checking = list(workers)
        self.n_others = n = len(workers)
        for index, worker in enumerate(workers):
            worker.prepare(Ahead(request, _share(request, Shard(index, n)), part=index + 1, n_parts=n + 1))

    def found(self) -> Iterator[RowsFound | None]:
        """What each of them found, once; None from one that has died, which is found out when it gets its job."""
        while self._checking:
            message = receive(self._checking.pop(0).news)
            yield message.found if isinstance(message, Checked) else None

    def evaluate(
        self,
        prepared: PreparedRun,
        recorder: RecorderBase,
        session: Session,
        plan: RunPlan,
        counters: RunCounters,
        on_interrupt: Callable[[int], None] | None,
    ) -> tuple[dict[str, Any], EvalsError | None]:
        """The report, and why the run ended early."""
        assert isinstance(recorder, LocalRecorder)
        return _Run(self._workers, prepared, recorder, session, plan, counters).go(on_interrupt)


class _Run:
    """One run in several processes. `go` blocks until it has ended."""

    def __init__(
        self,
        workers: Sequence[Worker],
        prepared: PreparedRun,
        recorder: LocalRecorder,
        session: Session,
        plan: RunPlan,
        counters: RunCounters,
    ) -> None:
        self._workers = workers
        self._prepared, self._recorder, self._session = prepared, recorder, session
        self._plan, self._counters = plan, counters
        self._record = str(recorder.event_file_path)
        self._base = counters.copy()
        "Of the earlier run that is gone on with."
        self._news: queue.Queue[tuple[Worker, State | Checked | Written | None]] = queue.Queue()
        self._gone: set[Worker] = set()

    def go(self, on_interrupt: Callable[[int], None] | None) -> tuple[dict[str, Any], EvalsError | None]:
        """The report, and why the run ended early."""
        request = self._prepared.request
        n_items = self._prepared.preflight.n_selected * request.repeats
        self._counters.started(n_items, len(self._plan.finished))
        self._base.n_before = self._counters.n_before
        self._base.n_total = self._counters.n_total
        self._session.on_growth = lambda: None  # so that a signal ends the session, and does not raise here
        try:
            with handle_interrupts(self._session, on_interrupt):
                self._start()
                self._watch()
        finally:
            self._session.on_growth = None
        stopped_by = self._why_stopped()
        states = [worker.state for worker in self._workers if worker.state is not None]
        passes = next((state.pass_sizes for state in states if state.pass_sizes), [])
        if stopped_by is None and not passes:
            remove_parts(self._record)
            raise UsageError(
                "this eval runs its samples in a way of its own, which processes cannot share",
                where=str(self._prepared.eval_spec.key),
                fix="leave --processes out",
            )
        try:
            done = self._put_together(SampleOrder(passes, request.repeats))
        except RecordError as error:  # the parts stay, and a resumed run takes them in
            return {}, error
        if stopped_by is not None:
            return {}, stopped_by
        return self._report(states, done)

    def _start(self) -> None:
        """Give each process its job."""
        folder, n = parts_folder(self._record), len(self._workers)
        with explained(folder, at_start=True):
            remove_parts(self._record)  # of a record that was here before: what this one had left is in it
            folder.mkdir(mode=0o700)
            SharedSpending.create(folder / "spent", n)
        for index, worker in enumerate(self._workers):
            threading.Thread(target=self._read, args=(worker,), daemon=True).start()
            place = Shard(index, n)
            job = Job(
                request=self._prepared.request,
                run_spec=self._recorder.run_spec or self._prepared.run_spec(),
                settings=share_of(self._prepared.request.settings, place),
                shard=_share(self._prepared.request, place),
                place=place,
                record=self._record,
                part=str(folder / f"{index:04d}.jsonl"),
                spending=str(folder / "spent"),
                uses_own_ids=self._plan.uses_own_ids,
                finished=frozenset(self._plan.finished),
            )
            worker.give(job)

    def _read(self, worker: Worker) -> None:
        while True:
            message = receive(worker.news)
            self._news.put((worker, message))
            if message is None:
                return

    def _watch(self) -> None:
        """Follow the processes until all are done with their samples, or have died."""
        at_work = list(self._workers)
        while at_work:
            try:
                worker, state = self._news.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                pass
            else:
                if state is None:
                    self._gone.add(worker)
                if state is None and worker in at_work:
                    at_work.remove(worker)
                    self._tell_all(Stop(Interrupted("another process of this run died"), now=False))
                elif isinstance(state, State):
                    worker.state = state
                    self._show()
                    if state.is_done:
                        at_work.remove(worker)
                    if state.stopped_by is not None:
                        gentle = isinstance(state.stopped_by, Interrupted | BudgetReached)
                        self._tell_all(Stop(state.stopped_by, now=not gentle))
            if self._session.ended_by is not None:
                self._tell_all(Stop(self._session.ended_by, now=self._session.is_closed))

    def _tell_all(self, stop: Stop) -> None:
        for worker in self._workers:
            worker.stop(stop)

    def _show(self) -> None:
        """Take the sums of all processes over, for the progress and for the result."""
        states = [worker.state for worker in self._workers if worker.state is not None]
        before = self._counters.n_finished, self._counters.n_errors
        self._counters.become(self._base, [state.counters for state in states])
        if len(states) == len(self._workers):
            self._counters.n_total = sum(state.counters.n_total for state in states)
        self._session.counts.become([state.counts for state in states])
        for state in states:
            self._session.labels |= state.labels
        self._counters.moved(self._counters.n_finished - before[0], self._counters.n_errors - before[1])

    def _why_stopped(self) -> EvalsError | None:
        ended = [worker.state.stopped_by for worker in self._workers if worker.state and worker.state.stopped_by]
        serious = [error for error in ended if not isinstance(error, Interrupted)]
        if serious:
            return serious[0]
        if ended and self._session.ended_by is not None:
            return self._session.ended_by
        for number, worker in enumerate(self._workers):
            if not worker.is_done:
                return ProviderError(
                    f"process {number + 1} of {len(self._workers)} died ({worker.how_it_ended()})",
                    notes=["what it had recorded is kept"],
                    fix="go on with --resume; if it was short of memory, with fewer --processes",
                )
        return ended[0] if ended else None

    def _put_together(self, order: SampleOrder) -> set[tuple[str, int]]:
        """The parts, moved into the record; the keys of all that is done, failed samples too."""
        parts, finished = parts_of(self._record), self._plan.finished
        added = self._written_by_all(parts)
        if added is None:
            end_all(self._workers)  # one may still write into the folder that is removed below
            added = append_parts(self._recorder, parts, order, finished)
        remove_parts(self._record)
        return finished | set(added)

    def _written_by_all(self, parts: Sequence[Path]) -> list[Key] | None:
        """Have every process write a stretch of the samples, and append them; the keys of these samples.

        None, with nothing appended: not all processes are there, or one could not write (the disk is full, say).
        """
        indexes = [worker.state.index for worker in self._workers if worker.state and worker.state.index]
        if self._gone or len(indexes) < len(self._workers) or len(parts) < len(self._workers):
            return None
        rows, loose = merged_rows(indexes, self._plan.finished), loose_lines(indexes)
        outs = [parts_folder(self._record) / f"{i:04d}.written" for i in range(len(self._workers))]
        first_id = self._recorder.next_event_id + len(loose)
        stretches, next_id = stretches_of(indexes, rows, parts, self._recorder.line_start, first_id, outs)
        for worker, stretch in zip(self._workers, stretches, strict=True):
            worker.give(stretch)
        written = self._all_written()
        if written is None:
            return None
        self._recorder.adopt([[line] for line in loose])
        self._recorder.adopt_written(chunks_of(stretches, written), next_id)
        return [indexes[part].keys[number] for _, part, number in rows]

    def _all_written(self) -> list[Written] | None:
        found: dict[Worker, Written] = {}
        while len(found) < len(self._workers):
            worker, message = self._news.get()
            if isinstance(message, Written) and message.is_whole:
                found[worker] = message
            elif worker not in found:
                return None
        return [found[worker] for worker in self._workers]

    def _report(self, states: Sequence[State], done: set[tuple[str, int]]) -> tuple[dict[str, Any], EvalsError | None]:
        reports = [state.report for state in states]
        if all(report is not None for report in reports):
            for report in reports[1:]:
                reports[0].merge(report)
            self._plan.n_passes = 1
            return dict(reports[0].as_dict()), None
        return report_of_finished(self._prepared, self._recorder, self._session, self._plan, done)


def report_of_finished(
    prepared: PreparedRun,
    recorder: LocalRecorder,
    session: Session,
    plan: RunPlan,
    done: set[tuple[str, int]],
) -> tuple[dict[str, Any], EvalsError | None]:
    """The report of a record in which nothing is missing, made by its eval. Nothing is called."""
    path = Path(str(recorder.event_file_path))
    plan.finished = done
    plan.earlier = lambda: (sample for sample in read_record(path).samples() if sample.error is None)
    plan.observer = NullObserver()
    return evaluate_here(prepared.eval, recorder, session, plan, RunCounters(NullObserver()))
