"""Which keys the report of a run will have, known before the first call."""

from __future__ import annotations

import random

from evals.engine.context import use_session
from evals.engine.loop import run_sync
from evals.engine.plan import RunPlan
from evals.engine.sample_order import sample_order
from evals.engine.session import Session
from evals.engine.stand_in import StandIn
from evals.eval import Eval, StreamedEval
from evals.record.recorders import DummyRecorder
from evals.runner.prepare import PreparedRun
from evals.runner.thresholds import KnownKeys
from evals.sample import sample_id


def known_keys(prepared: PreparedRun) -> KnownKeys | None:
    """The keys of the report of a prepared run; None for an eval that makes its report itself.

    A stand-in answers one sample, and the report is made of that. What a class finds out by calls, or from graders,
    may add further metrics.
    """
    evaluation = prepared.eval
    if not isinstance(evaluation, StreamedEval) or type(evaluation).run is not StreamedEval.run:
        return None
    alias = prepared.base_spec
    declared = [*(alias.metrics or ())] if alias is not None else []
    names = [*evaluation.new_report().as_dict(), *declared]
    is_fixed = evaluation.scores_without_calls and type(evaluation).prepare is Eval.prepare
    if not is_fixed or prepared.preflight.n_samples is None:
        return KnownKeys(list(dict.fromkeys(names)), are_all=False)
    found = _of_one_sample(evaluation, prepared)
    return KnownKeys(list(dict.fromkeys([*names, *found])), are_all=bool(found))


def _of_one_sample(evaluation: StreamedEval, prepared: PreparedRun) -> list[str]:
    """The keys of the report over the first sample with an empty answer; none where it cannot be scored."""
    samples = evaluation.stream_samples()
    index = sample_order(len(samples), prepared.request.max_samples)[0]
    name, report = sample_id(evaluation.name, index), evaluation.new_report()
    session = Session(prepared.request.settings)
    session.stand_in = StandIn()
    recorder = DummyRecorder(None, log=False)

    async def score() -> None:
        with recorder.sample(name) as scope:
            await evaluation._call_eval_sample(samples[index], random.Random(name))
            report.add(name, scope.events)

    try:
        with use_session(session, RunPlan(openai_evals_rules=prepared.eval_spec.is_openai_evals_form)):
            run_sync(score())
    except Exception:  # no answer at all is nothing that a class has to take
        return []
    finally:
        run_sync(session.aclose())
    return list(report.as_dict())
