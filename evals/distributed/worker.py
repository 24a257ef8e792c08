"""One share of a run over several processes: its samples are evaluated, then a stretch of the record is written."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from evals.datasets.opening import is_url
from evals.datasets.samples import SampleSequence
from evals.distributed.messages import Ahead, Checked, Job, State, Stop
from evals.distributed.pipes import receive, send
from evals.distributed.spending import SharedSpending
from evals.distributed.stretches import write_stretch
from evals.engine.loop import engine_loop, submit
from evals.engine.plan import KnownOrder, RunPlan, order_of
from evals.engine.sample_order import sample_order
from evals.engine.samples import NullObserver
from evals.engine.session import CallCounts, Session
from evals.errors import EvalsError, Interrupted
from evals.eval import Eval, StreamedEval
from evals.project import project_of_command
from evals.registry.whose_code import is_ours
from evals.runner.counters import RunCounters
from evals.runner.parts import PartRecorder, SampleOrder
from evals.runner.preflight import in_file_order, samples_of
from evals.runner.prepare import eval_of, with_images
from evals.runner.resume import read_earlier
from evals.runner.row_checks import RowChecks, RowsFound, check_part
from evals.runner.run import evaluate_here, open_cache

TELL_EVERY_S = 0.25

_Told = queue.SimpleQueue[Any]


def main(control_fd: int, news_fd: int) -> None:
    """Take what can be made Ahead from one pipe, tell on the other what was Checked, then work."""
    control, news = os.fdopen(control_fd, "rb"), os.fdopen(news_fd, "wb")
    with project_of_command():
        ahead = receive(control)
        ready = None if ahead is None else _made_ready(ahead, news)
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
        work(control, news, ready)


def work(control: BinaryIO, news: BinaryIO, ready: _Ready | None) -> None:
    """Take a Job, then a Stretch from one pipe; tell States, then Written on the other. Ends with `control`."""
    job = receive(control)
    if job is None:
        return
    told: _Told = queue.SimpleQueue()
    try:
        state = _do(job, ready, control, news, told)
    except EvalsError as error:
        send(news, State(RunCounters(NullObserver()), CallCounts(), is_done=True, stopped_by=error))
        return
    send(news, state)
    if state.index is not None and (stretch := told.get()) is not None:
        send(news, write_stretch(stretch))


class _Ready(NamedTuple):
    """An eval that was made before the checks had ended, and the order of its samples; None where it has its own."""

    evaluation: Eval
    order: KnownOrder | None


def _made_ready(ahead: Ahead, news: BinaryIO) -> _Ready | None:
    """None if anything is wrong: the process that started this one finds it too, and says it."""
    logging.disable()
    found: RowsFound | None = None
    is_told = False
    try:
        evaluation = eval_of(ahead.request)
        samples = samples_of(evaluation) if _is_plain(evaluation.samples_jsonl) else None
        if samples is not None:
            found = _found(evaluation, samples, ahead)
        send(news, Checked(found))
        is_told = True
        order = None if samples is None else order_of(samples, ahead.request.max_samples, ahead.shard)
    except Exception:
        if not is_told:
            send(news, Checked(None))
        return None
    finally:
        logging.disable(logging.NOTSET)
    return _Ready(evaluation, order)


def _found(evaluation: Eval, samples: SampleSequence, ahead: Ahead) -> RowsFound | None:
    """The part of the rows. A plug-in may check them as it likes, with what it saw before in mind: not here."""
    if not is_ours(type(evaluation)):
        return None
    images = with_images(ahead.request, evaluation).settings.images
    checks = RowChecks(evaluation, images, as_openai_evals=evaluation.openai_evals_rules)
    cap = ahead.request.max_samples
    order = range(len(samples)) if cap is None else sample_order(len(samples), cap)
    return check_part(evaluation, samples, in_file_order(order, len(samples)), ahead.part, ahead.n_parts, checks)


def _is_plain(data: str | None) -> bool:
    """Whether data are read where they lie. Others are fetched or expanded once, by the process that checks them."""
    return data is not None and data.endswith(".jsonl") and not is_url(data)


def _do(job: Job, ready: _Ready | None, control: BinaryIO, news: BinaryIO, told: _Told) -> State:
    request = job.request
    # The request of the job has the eval's own condition of images besides; the eval is made without it there too.
    evaluation, order = ready or _Ready(eval_of(request), None)
    evaluation.preflight()
    session = Session(job.settings, open_cache(request), any_accepted=bool(job.finished))
    session.spending = SharedSpending(Path(job.spending), job.place.index, job.place.of).together
    counters = RunCounters(NullObserver(), reads_beginning=evaluation.reads_beginning)
    plan = RunPlan(request.max_samples, request.repeats, counters, set(job.finished), shard=job.shard)
    plan.known_order = order
    plan.openai_evals_rules = evaluation.openai_evals_rules
    plan.uses_own_ids = job.uses_own_ids
    if job.finished:
        plan.earlier = read_earlier(Path(job.record)).samples
    threading.Thread(target=_listen, args=(control, session, told), name="evals-control", daemon=True).start()
    telling = submit(_tell(news, counters, session))
    recorder = PartRecorder(job.part, job.run_spec)
    try:
        _, stopped_by = evaluate_here(evaluation, recorder, session, plan, counters)
    finally:
        telling.cancel()
        recorder.close()
    state = State(counters, session.counts, session.labels, True, stopped_by, pass_sizes=plan.pass_sizes)
    if stopped_by is None and not job.finished:
        state.report = _mergeable(evaluation, plan.report)
    if plan.pass_sizes:
        state.index = recorder.index(SampleOrder(plan.pass_sizes, request.repeats))
    return state


def _mergeable(evaluation: Eval, report: Any) -> Any:
    """The report, if reports of its very class can be put together and nothing is added to it afterwards."""
    is_plain = type(evaluation).run is StreamedEval.run
    return report if is_plain and "merge" in vars(type(report)) else None


def _listen(control: BinaryIO, session: Session, told: _Told) -> None:
    """End the session when the parent says so, or is gone; pass on what else it says."""
    loop = engine_loop()
    with control:
        while (message := receive(control)) is not None:
            if isinstance(message, Stop):
                loop.call_soon_threadsafe(lambda stop: session.end(stop.why, now=stop.now), message)
            else:
                told.put(message)
    told.put(None)
    loop.call_soon_threadsafe(lambda: session.end(Interrupted("the process that started this one is gone")))


async def _tell(news: BinaryIO, counters: RunCounters, session: Session) -> None:
    """Tell the state from time to time; on the engine's loop, where nothing changes it meanwhile."""
    while True:
        await asyncio.sleep(TELL_EVERY_S)
        send(news, State(counters, session.counts))
