"""One process of a run over several: it evaluates its share of the samples, then writes its share of the record."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from evals.distributed.messages import Job, State, Stop
from evals.distributed.pipes import receive, send
from evals.distributed.spending import SharedSpending
from evals.distributed.stretches import write_stretch
from evals.engine.loop import engine_loop, submit
from evals.engine.plan import RunPlan
from evals.engine.samples import NullObserver
from evals.engine.session import CallCounts, Session
from evals.errors import DataError, EvalsError, Interrupted
from evals.eval import Eval, StreamedEval
from evals.project import project_of_command
from evals.record.local import LocalRecorder
from evals.runner.counters import RunCounters
from evals.runner.parts import SampleOrder, index_of
from evals.runner.prepare import eval_of
from evals.runner.resume import read_earlier
from evals.runner.run import evaluate_here, open_cache

TELL_EVERY_S = 0.25

_Told = queue.SimpleQueue[Any]


def main(control_fd: int, news_fd: int) -> None:
    """Take a Job, then a Stretch from one pipe; tell State by State, then Written on the other. Ends with its pipes."""
    control, news = os.fdopen(control_fd, "rb"), os.fdopen(news_fd, "wb")
    job = receive(control)
    if job is None:
        return
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    told: _Told = queue.SimpleQueue()
    try:
        with project_of_command():
            state = _do(job, control, news, told)
    except EvalsError as error:
        send(news, State(RunCounters(NullObserver()), CallCounts(), is_done=True, stopped_by=error))
        return
    send(news, state)
    if state.index is not None and (stretch := told.get()) is not None:
        send(news, write_stretch(stretch))


def _do(job: Job, control: BinaryIO, news: BinaryIO, told: _Told) -> State:
    request = job.request
    evaluation = eval_of(request)
    evaluation.preflight()
    session = Session(job.settings, open_cache(request), any_accepted=bool(job.finished))
    session.spending = SharedSpending(Path(job.spending), job.place.index, job.place.of).together
    counters = RunCounters(NullObserver(), reads_beginning=evaluation.reads_beginning)
    plan = RunPlan(request.max_samples, request.repeats, counters, set(job.finished), shard=job.shard)
    plan.openai_evals_rules = evaluation.openai_evals_rules
    plan.uses_own_ids = job.uses_own_ids
    if job.finished:
        plan.earlier = read_earlier(Path(job.record)).samples
    threading.Thread(target=_listen, args=(control, session, told), name="evals-control", daemon=True).start()
    telling = submit(_tell(news, counters, session))
    recorder = LocalRecorder(job.part, job.run_spec)
    try:
        _, stopped_by = evaluate_here(evaluation, recorder, session, plan, counters)
    finally:
        telling.cancel()
        recorder.close()
    state = State(counters, session.counts, session.labels, True, stopped_by, pass_sizes=plan.pass_sizes)
    if stopped_by is None and not job.finished:
        state.report = _mergeable(evaluation, plan.report)
    if plan.pass_sizes:
        with suppress(OSError, DataError):  # the parent will say what is wrong with this part
            state.index = index_of(Path(job.part), SampleOrder(plan.pass_sizes, request.repeats))
    return state


def _mergeable(evaluation: Eval, report: Any) -> Any:
    """The report, if reports of its very class can be put together and nothing is added to it afterwards."""
    is_plain = type(evaluation).run is StreamedEval.run
    return report if is_plain and "merge" in vars(type(report)) else None


def _listen(control: BinaryIO, session: Session, told: _Told) -> None:
    """End the session when the parent says so, or is gone; pass on what else it says."""
    loop = engine_loop()
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


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
