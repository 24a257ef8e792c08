"""One pass over the samples of an eval: which samples, in which order, how often, without those that are done."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evals.engine.context import current_calls, current_plan, current_session, use_session
from evals.engine.loop import run_sync
from evals.engine.plan import RunPlan
from evals.engine.samples import SampleRun, WorkItem
from evals.engine.session import Session
from evals.engine.settings import settings_from_environment
from evals.errors import EvalsError, Interrupted
from evals.record.current import record_event
from evals.record.event import Event
from evals.record.exact_data import NOT_JSON
from evals.record.recorders import RecorderBase
from evals.record.sample_record import SampleRecord
from evals.sample import IMAGES_KEY, WITH_IMAGES, WITHOUT_IMAGES, labels_of, own_id, sample_id

Finished = Callable[[WorkItem, Sequence[Event], Any], None]
"Called with each finished sample: its item, the events that were recorded, and what `eval_sample` returned."


@dataclass(frozen=True)
class SamplePass:
    """Everything that a pass needs from an eval; `run` evaluates the samples. Evals see no loop, thread or limit."""

    eval_name: str
    seed: int
    samples: Sequence[Any]
    recorder: RecorderBase
    evaluate: Callable[[Any, random.Random], Coroutine[Any, Any, Any]]
    "Evaluates one sample with a random generator of its own, and records the result."
    on_finished: Finished
    prepare: Callable[[], Coroutine[Any, Any, None]] | None = None
    "Awaited once, before the first sample."
    cap: int | None = None
    "The most samples of the pass; None for all."
    records_values: bool = False
    "Whether the values of `evaluate` are recorded, so that a resumed run can return them."

    def run(self) -> None:
        """Evaluate every sample that is not done yet. Blocks until the pass has ended.

        Raises:
            EvalsError: the run ended early (a failure, a signal, a budget); what was recorded stays.
        """
        plan = current_plan()
        if plan is not None:
            self._run_in(plan, current_session())
            return
        session = Session(settings_from_environment())
        try:
            self._run_in(RunPlan(), session)
        finally:
            run_sync(session.aclose())

    def _run_in(self, plan: RunPlan, session: Session) -> None:
        order = plan.order(self.samples, self.cap)
        plan.pass_sizes.append(len(self.samples))
        repeats = plan.next_repeats()
        run = SampleRun(
            session=session,
            recorder=self.recorder,
            items=(item for item in self._items(order, repeats) if item.key not in plan.finished),
            load=self.samples.__getitem__,
            evaluate=lambda sample, item: self._evaluate(sample, item, plan.repeats),
            on_finished=self.on_finished,
            observer=plan.observer,
            sequential=session.settings.start_concurrency == 1,
            labels_of=_labels,
            owner=getattr(self.evaluate, "__self__", None),
            own_id_of=own_id if plan.uses_own_ids else lambda sample: None,
        )
        # The items are generated twice, once to count and once to run: a list of them would grow with the samples.
        done = sum(item.key in plan.finished for item in self._items(order, repeats)) if plan.finished else 0
        n_items = len(order) * plan.repeats
        plan.observer.started(n_items, done)
        try:
            with use_session(session):
                if self.prepare is not None and done < n_items:
                    run_sync(self.prepare())
                run_sync(run.go())
        except Interrupted:
            if not _gentle_interrupt():
                raise

    def _items(self, order: Sequence[int], repeats: range) -> Iterator[WorkItem]:
        for index in order:
            name = sample_id(self.eval_name, index)
            for repeat in repeats:
                yield WorkItem(name, index, repeat)

    async def _evaluate(self, sample: Any, item: WorkItem, n_repeats: int) -> Any:
        value = await self.evaluate(sample, self._rng(item, n_repeats))
        if self.records_values and value is not None:
            record_event("result", {"value": value} if _survives_json(value) else {"not_json": type(value).__name__})
        return value

    def _rng(self, item: WorkItem, n_repeats: int) -> random.Random:
        """The random generator of openai/evals for the first repeat; another one for each later repeat."""
        repeat = item.repeat % n_repeats
        text = f"{item.sample_id}:{self.seed}" + (f":{repeat}" if repeat else "")
        return random.Random(text.encode("utf-8"))


def begin_report(report: Any) -> Iterator[SampleRecord]:
    """Tell the run's plan of the report that begins; the samples of the interrupted run, which belong into it."""
    plan = current_plan()
    if plan is None:
        return
    plan.report = report
    if plan.earlier is not None:
        yield from plan.earlier()


def earlier_values() -> dict[tuple[int, int], Any]:
    """What `eval_sample` returned in the same pass of the interrupted run, by (row number, repeat).

    Empty if no run is resumed.

    Raises:
        EvalsError: the values, or events that the eval recorded, are objects that a record cannot hold.
    """
    plan = current_plan()
    found: dict[tuple[int, int], Any] = {}
    if plan is None or plan.earlier is None:
        return found
    for sample in plan.earlier():
        if sample.repeat // plan.repeats == plan.n_passes:
            index = int(sample.sample_id.rsplit(".", 1)[1])
            found[index, sample.repeat] = _recorded_value(sample.sample_id, sample.data("result"))
            _refuse_inexact(sample.sample_id, sample.data(NOT_JSON))
    return found


def _recorded_value(name: str, results: Sequence[Any]) -> Any:
    if results and "not_json" in results[-1]:
        raise EvalsError(
            f"this run cannot be resumed: its eval returns {results[-1]['not_json']} objects, which no record can hold",
            where=name,
            fix="start it again without --resume, in one process",
        )
    return results[-1].get("value") if results else None


def _refuse_inexact(name: str, marks: Sequence[Any]) -> None:
    """An eval that reads its events back would get other data of the interrupted run than it recorded."""
    if marks:
        raise EvalsError(
            f"this run cannot be resumed: its `{marks[0]['type']}` events hold {marks[0]['value']}, which no record "
            "gives back",
            where=name,
            fix="start it again without --resume, in one process",
        )


def _survives_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def _gentle_interrupt() -> bool:
    """Whether an interrupted pass continues with the eval's report: `EVALS_GENTLE_INTERRUPT=1`, as in openai/evals."""
    return os.environ.get("EVALS_GENTLE_INTERRUPT", "0").lower() in {"1", "true", "yes"}


def _labels(sample: Any) -> dict[str, Any] | None:
    """The labels of a row, and whether it has an image: as the row says, else as its prompt does."""
    calls, labels = current_calls(), labels_of(sample)
    said = sample.get(IMAGES_KEY) if isinstance(sample, dict) else None
    if said not in (WITH_IMAGES, WITHOUT_IMAGES):
        if calls is None or not calls.has_images:
            return labels
        said = WITH_IMAGES
    return {**(labels or {}), IMAGES_KEY: said}
