"""A whole run: names to objects, pre-flight, record, engine, report, exit code."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from evals.datasets.samples import SampleSequence
from evals.engine.context import use_session
from evals.engine.garbage import rare_collections
from evals.engine.loop import run_sync
from evals.engine.plan import RunPlan
from evals.engine.samples import NullObserver, Observer
from evals.engine.session import CallCounts, Session
from evals.engine.traits import traits_of
from evals.errors import DataError, EvalsError, Interrupted, RecordError, SettledEarly
from evals.eval import Eval, StreamedEval
from evals.record.local import LocalRecorder
from evals.record.metric_ranges import checked_ranges, names_beyond_unit
from evals.record.recorders import RecorderBase
from evals.registry.lookup import Registry
from evals.registry.roots import seen_by_plugins
from evals.registry.whose_code import blamed_line, is_ours
from evals.report_keys import TRUNCATED
from evals.runner.counters import RunCounters, truncation_warning
from evals.runner.interrupts import handle_interrupts
from evals.runner.plugin_failure import plugin_failed
from evals.runner.prepare import PreparedRun, prepare
from evals.runner.recorders import open_recorder, path_of
from evals.runner.request import RunRequest
from evals.runner.result import RunResult as RunResult
from evals.runner.result import read_result, run_facts
from evals.runner.resume import Earlier, find_earlier, read_earlier
from evals.runner.row_checks import CheckedElsewhere
from evals.sample import CLUSTER_KEY
from evals.specs import RunSpec

if TYPE_CHECKING:
    from evals.engine.cache import CompletionCache


class RunObserver(Observer, Protocol):
    """An observer of a whole run, which may look at its sums at any time."""

    def watch(self, counters: RunCounters, counts: CallCounts) -> None: ...


class Elsewhere(CheckedElsewhere, Protocol):
    """Other processes, which check a part of the rows and evaluate samples."""

    def evaluate(
        self,
        prepared: PreparedRun,
        recorder: RecorderBase,
        session: Session,
        plan: RunPlan,
        counters: RunCounters,
        on_interrupt: Callable[[int], None] | None,
    ) -> tuple[dict[str, Any], EvalsError | None]:
        """Run the samples of a prepared run: the report, and why the run ended early."""
        ...


def run_eval(
    request: RunRequest,
    registry: Registry | None = None,
    observer: RunObserver | None = None,
    on_prepared: Callable[[PreparedRun], None] | None = None,
    on_interrupt: Callable[[int], None] | None = None,
    extra_report: Callable[[], dict[str, Any]] | None = None,
    elsewhere: Elsewhere | None = None,
) -> RunResult:
    """Run one eval and return what came of it.

    on_prepared: called after the pre-flight, before the first call. on_interrupt: called with 1 or 2 when a
    signal asks to stop. extra_report: keys that join the final report. elsewhere: who runs the samples; None: here.
    A run that a budget, a signal or the provider cut short returns too, with `stopped_by` set and its record resumable.

    Raises:
        EvalsError: the run could not begin: nothing was called.
    """
    prepared = prepare(request, registry, elsewhere=elsewhere)
    request = prepared.request
    if request.estimand == "these":
        from evals.runner.estimand import check_estimand

        check_estimand(request, prepared.preflight.n_samples)
    earlier = _with_parts(find_earlier(request, prepared.fingerprint), prepared)
    if earlier is not None and prepared.is_done_by(earlier):
        return _as_it_was(prepared, earlier)
    prepared = replace(prepared, earlier=earlier)
    if on_prepared is not None:
        on_prepared(prepared)
    run_spec = prepared.run_spec()
    cache = open_cache(request)
    try:
        recorder = open_recorder(request, run_spec, earlier)
    except EvalsError:
        if cache is not None:
            cache.close()
        raise
    session = Session(request.settings, cache, any_accepted=earlier is not None and bool(earlier.finished))
    counters = RunCounters(observer or NullObserver(), reads_beginning=prepared.eval.reads_beginning)
    if observer is not None:
        observer.watch(counters, session.counts)
    plan = _plan_of(request, counters, earlier)
    plan.openai_evals_rules = prepared.eval_spec.is_openai_evals_form
    plan.uses_own_ids = prepared.preflight.uses_own_ids
    began_s = time.perf_counter()
    try:
        evaluate = _evaluate_here if elsewhere is None else elsewhere.evaluate
        report, stopped_by = evaluate(prepared, recorder, session, plan, counters, on_interrupt)
        result = conclude(prepared, run_spec, recorder, session, plan, counters, (report, stopped_by), extra_report)
        result.wall_s = time.perf_counter() - began_s
        end_record(recorder, result)
    finally:
        recorder.close()
    return result


def conclude(
    prepared: PreparedRun,
    run_spec: RunSpec,
    recorder: RecorderBase,
    session: Session,
    plan: RunPlan,
    counters: RunCounters,
    outcome: tuple[dict[str, Any], EvalsError | None],
    extra_report: Callable[[], dict[str, Any]] | None = None,
) -> RunResult:
    """The result of samples that were evaluated. outcome: the eval's report, and why the run ended early."""
    report, stopped_by = outcome
    if plan.n_passes == 0:
        # A plug-in with a loop of its own; no sample told the counters.
        counters.add_finished(recorder.get_events("sampling"))
    if isinstance(stopped_by, SettledEarly):
        stopped_by = None
    stopped_by = stopped_by or _rewritten_data(prepared)
    if stopped_by is None and (session.labels - report.get("groups", {}).keys() or prepared.request.repeats > 1):
        report = with_labels(report, recorder, prepared.eval, session, plan)
    if stopped_by is None:
        report = _as_asked_for(report, path_of(recorder), prepared)
    if extra_report is not None:
        report = {**report, **extra_report()}
    _count_calls_of_plugins(prepared.eval, session.counts, counters)
    result = _result_of(prepared, run_spec, session, counters, report, stopped_by)
    result.record_path = path_of(recorder)
    return result


def _count_calls_of_plugins(evaluation: Eval, counts: CallCounts, counters: RunCounters) -> None:
    """Count calls that did not come through the engine: an eval with a plain `eval_sample` calls bare functions itself.

    Those that left an event are counted; without any it is not known how many there were, and in a run that goes on
    neither, since the events of the samples before are among them.
    """
    if counts.n_calls or getattr(type(evaluation).eval_sample, "is_async", False):
        return
    counts.n_calls = 0 if counters.n_before else counters.n_recorded
    traits = map(traits_of, evaluation.completion_fns)
    if not counts.n_calls and not all(one.has_complete or one.delegates for one in traits):
        counts.n_uncounted = counters.n_finished


def _rewritten_data(prepared: PreparedRun) -> EvalsError | None:
    """The error that ends a run whose data did not stay the same: no report is written, and no record goes on."""
    samples = prepared.eval.open_samples() if prepared.preflight.n_samples is not None else None
    try:
        if isinstance(samples, SampleSequence):
            samples.check_unchanged()
    except DataError as error:
        error.exit_code = 3
        return error
    return None


def end_record(recorder: RecorderBase, result: RunResult) -> None:
    """Write the final report. Where it cannot go to its place, the result says so, and its numbers are not lost."""
    try:
        if result.stopped_by is None:
            recorder.record_final_report(result.report, {"run": run_facts(result)})
        else:
            recorder.flush_events()
    except RecordError as error:
        result.stopped_by = result.stopped_by or error


def _result_of(
    prepared: PreparedRun,
    run_spec: RunSpec,
    session: Session,
    counters: RunCounters,
    report: dict[str, Any],
    stopped_by: EvalsError | None,
) -> RunResult:
    return RunResult(
        run_spec=run_spec,
        eval_spec=prepared.eval_spec,
        base_spec=prepared.base_spec,
        report=_with_sums(report, counters, repeats=prepared.request.repeats),
        counts=session.counts,
        counters=counters,
        record_path=None,
        wall_s=0.0,
        n_total=counters.n_total or prepared.preflight.n_selected,
        max_errors=prepared.request.max_errors,
        stopped_by=stopped_by,
    )


def _plan_of(request: RunRequest, counters: RunCounters, earlier: Earlier | None) -> RunPlan:
    plan = RunPlan(max_samples=request.max_samples, repeats=request.repeats, observer=counters, shard=request.shard)
    if earlier is not None:
        plan.finished = earlier.finished
        plan.earlier = earlier.samples
        for sample in earlier.samples():
            counters.add_finished(sample.events)
    return plan


def _with_sums(report: dict[str, Any], counters: RunCounters, *, repeats: int) -> dict[str, Any]:
    """The report with what the samples cost, failed ones counted, and truncated completions where there are any."""
    report = {**report, "n_errors": counters.n_errors, **counters.sums(report)}
    if counters.n_truncated and TRUNCATED not in report:
        report[TRUNCATED] = counters.n_truncated
    if warning := truncation_warning(counters.n_truncated, counters.n_finished + counters.n_before, repeats):
        said = report.get("warnings") or []
        report["warnings"] = [*([said] if isinstance(said, str) else said), warning]
    if counters.cost_usd is not None and "cost_usd" not in report:
        report["cost_usd"] = counters.cost_usd
    return with_graders(report, counters)


def with_graders(report: dict[str, Any], counters: RunCounters) -> dict[str, Any]:
    """The report with the calls, tokens and dollars of each grader under `graders`, beside what the eval says there."""
    said = report.get("graders", {})
    if not counters.graders or not isinstance(said, dict):
        return report
    found = {name: {**said.get(name, {}), **costs.as_dict()} for name, costs in sorted(counters.graders.items())}
    return {**report, "graders": {**said, **found}}


def with_labels(
    report: dict[str, Any], recorder: RecorderBase, evaluation: Eval, session: Session, plan: RunPlan
) -> dict[str, Any]:
    """The report with a table for each kind of label, and the uncertainty that clusters and repeats call for."""
    path = path_of(recorder)
    if path is None or not Path(path).is_file():
        return report
    from evals.runner.labelled import clustered_report, labelled_report

    if CLUSTER_KEY in session.labels and isinstance(evaluation, StreamedEval):
        with use_session(session, plan):
            report = {**report, **clustered_report(path, evaluation.new_report, plan)}
    return labelled_report(path, report)


def _as_asked_for(report: dict[str, Any], path: str | None, prepared: PreparedRun) -> dict[str, Any]:
    """The report with intervals about these samples alone, and groups drawn together, where the request asks for it."""
    request, n_samples = prepared.request, prepared.preflight.n_samples
    if request.estimand == "these" and path is not None and n_samples is not None:
        from evals.runner.estimand import about_these_samples

        report = about_these_samples(report, path, n_samples)
    if request.shrink_groups:
        from evals.runner.shrunk_groups import with_shrunk_groups

        report = with_shrunk_groups(report)
    return report


def _evaluate_here(
    prepared: PreparedRun,
    recorder: RecorderBase,
    session: Session,
    plan: RunPlan,
    counters: RunCounters,
    on_interrupt: Callable[[int], None] | None,
) -> tuple[dict[str, Any], EvalsError | None]:
    return evaluate_here(prepared.eval, recorder, session, plan, counters, on_interrupt)


def evaluate_here(
    evaluation: Eval,
    recorder: RecorderBase,
    session: Session,
    plan: RunPlan,
    counters: RunCounters,
    on_interrupt: Callable[[int], None] | None = None,
) -> tuple[dict[str, Any], EvalsError | None]:
    """Evaluate the samples in this process: the report, and why the run ended early."""
    if isinstance(recorder, LocalRecorder):
        recorder.keeps_exact_data = type(evaluation).run is not StreamedEval.run
    plan.beyond_unit = names_beyond_unit(checked_ranges(evaluation.metric_ranges, evaluation.name))
    try:
        there = seen_by_plugins(evaluation.registry)
        with use_session(session, plan), handle_interrupts(session, on_interrupt), rare_collections(), there:
            return dict(evaluation.run(recorder)), None
    except EvalsError as error:
        return dict(error.partial_report or {}), error
    except KeyboardInterrupt as stop:
        return {}, Interrupted("stopped", exit_code=getattr(stop, "exit_code", 130))
    except (Exception, SystemExit) as error:
        if is_ours(type(evaluation)) and blamed_line(error) is None:
            raise
        return {}, plugin_failed(evaluation, error, counters.errors)
    finally:
        run_sync(session.aclose())


def _with_parts(earlier: Earlier | None, prepared: PreparedRun) -> Earlier | None:
    """The earlier record, with what the processes of a killed run had left beside it."""
    if earlier is None:
        return None
    from evals.runner.parts import SampleOrder, parts_of, remove_parts, take_in_parts

    if not parts_of(earlier.path):
        return earlier
    if earlier.final_report is None:
        n_samples = prepared.preflight.n_samples
        order = SampleOrder([] if n_samples is None else [n_samples], prepared.request.repeats)
        take_in_parts(earlier.path, prepared.run_spec(), order, earlier.finished)
    else:
        remove_parts(earlier.path)
    return read_earlier(earlier.path)


def _as_it_was(prepared: PreparedRun, earlier: Earlier) -> RunResult:
    result = read_result(earlier.path)
    return replace(
        result,
        report=_as_asked_for(result.report, str(earlier.path), prepared),
        eval_spec=prepared.eval_spec,
        base_spec=prepared.base_spec,
        counts=CallCounts(),
        wall_s=0.0,
        max_errors=prepared.request.max_errors,
    )


def open_cache(request: RunRequest) -> CompletionCache | None:
    """The completion cache, if the request wants one."""
    if not request.cache:
        return None
    from evals.engine.cache import CompletionCache, default_cache_dir

    return CompletionCache(default_cache_dir() / "completions.sqlite")
