"""Counts the calls that a run would make: its own eval sends them, and a stand-in takes them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion_fns.effort import reasons
from evals.engine.context import use_session
from evals.engine.loop import run_sync
from evals.engine.plan import RunPlan
from evals.engine.sample_order import sample_order
from evals.engine.session import Session
from evals.engine.stand_in import PlannedCalls, StandIn, key_of
from evals.engine.traits import traits_of
from evals.eval import Eval, hook_of
from evals.record.recorders import RecorderBase
from evals.registry.lookup import Registry
from evals.runner.prepare import PreparedRun
from evals.runner.resume import Earlier
from evals.sample import sample_id

MOST_ROWS = 2_000
"Rows whose calls are counted one by one; those of more rows follow from these."


@dataclass(frozen=True)
class Plan:
    """The calls of a run, before it begins."""

    calls: Sequence[PlannedCalls]
    "One entry a completion function, the evaluated model first."
    n_samples: int
    n_evaluations: int
    "Samples times repeats, without those that an earlier part of the run has finished."
    n_rows: int
    "Rows whose calls were counted."
    n_test_calls: int
    "Calls before the first sample that find out what the server supports, at most; they are in `calls`."
    is_assumed: bool
    "The eval is a plug-in, whose code was not run: one call a sample is assumed."


class _NoEvents(RecorderBase):
    """A recorder that keeps nothing."""

    def __init__(self) -> None:
        super().__init__(None)

    def _write(self, entries: Any, marks: Any) -> None:
        """Drop the events of a sample."""


def plan_calls(prepared: PreparedRun, earlier: Earlier | None = None) -> Plan:
    """The calls of a prepared run. earlier: the record that it goes on with, whose samples are not asked again."""
    evaluation, request = prepared.eval, prepared.request
    samples = evaluation.stream_samples()
    order = sample_order(len(samples), request.max_samples)
    if request.shard is not None:
        order = request.shard.members(samples, order)
    done = set() if earlier is None else earlier.finished
    names = {index: sample_id(evaluation.name, index) for index in order}
    left = {i: sum((names[i], k) not in done for k in range(request.repeats)) for i in order}
    rows = [index for index in order if left[index]]
    looked_at = rows[:MOST_ROWS]
    is_ours = type(evaluation).__module__.startswith("evals.")
    choices = getattr(getattr(evaluation, "rubric", None), "choices", None) or [""]
    stand_in = StandIn(_headroom_of(prepared.registry), str(next(iter(choices))))
    session = Session(request.settings)
    session.stand_in = stand_in
    plan = RunPlan(openai_evals_rules=prepared.eval_spec.is_openai_evals_form)
    totals: dict[str, PlannedCalls] = {key_of(fn): PlannedCalls(fn) for fn in evaluation.completion_fns[:1]}

    async def walk() -> int:
        if is_ours and type(evaluation).prepare is not Eval.prepare:
            await evaluation.prepare()
        n_tests = _take(stand_in, totals, 1)
        for index in looked_at:
            await _ask(evaluation, samples[index], names[index], stand_in, is_ours=is_ours)
            _take(stand_in, totals, left[index])
        return n_tests

    try:
        with use_session(session, plan):
            n_tests = run_sync(walk())
    finally:
        run_sync(session.aclose())
    n_left, n_counted = sum(left.values()), sum(left[index] for index in looked_at)
    if n_counted < n_left:
        for total in totals.values():
            _scale(total, n_left / n_counted)
    # A solver calls nothing itself; its place in the list falls to the model that it asks.
    called = [total for total in totals.values() if total.n_calls] or list(totals.values())
    return Plan(called, len(rows), n_left, len(looked_at), n_tests, not is_ours)


async def _ask(evaluation: Eval, sample: Any, name: str, stand_in: StandIn, *, is_ours: bool) -> None:
    """Let the eval send what it sends for one sample; a plug-in's code is not run, and one call is assumed."""
    if not is_ours:
        prompt = hook_of(evaluation, "first_prompt")(sample)
        stand_in.complete(evaluation.completion_fns[0], "" if prompt is None else prompt, {}, grading=False)
        return
    with _NoEvents().sample(name):
        try:
            await evaluation._call_eval_sample(sample, random.Random(name))
        except Exception:  # what the eval makes of an empty answer does not matter: its calls were counted
            return


def _take(stand_in: StandIn, totals: dict[str, PlannedCalls], times: int) -> int:
    """Add what the stand-in has taken to the totals; the number of calls."""
    n_calls = 0
    for found in stand_in.take():
        totals.setdefault(key_of(found.fn), PlannedCalls(found.fn)).add(found, times)
        n_calls += found.n_calls
    return n_calls


def _scale(total: PlannedCalls, factor: float) -> None:
    for name, value in vars(total).items():
        if type(value) is int:
            setattr(total, name, round(value * factor))


def _headroom_of(registry: Registry) -> Any:
    """The tokens on top of a cap for models that are known to reason."""

    def headroom(fn: Any, options: Mapping[str, Any]) -> int:
        model = traits_of(fn).model
        info = None if model is None else registry.model_info(model)
        return info.headroom_tokens if info is not None and reasons(info, options) else 0

    return headroom
