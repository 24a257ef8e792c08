"""A whole run: names to objects, pre-flight, record, engine, report, exit code."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from evals.completion_fns.function import name_of
from evals.engine.plan import RunPlan, use_plan
from evals.engine.samples import Observer, Silent
from evals.engine.session import CallCounts, Session, use_session
from evals.engine.settings import EngineSettings
from evals.errors import EvalsError, Interrupted, RecordError, SettledEarly, UsageError
from evals.eval import Eval, StreamedEval, sample_order
from evals.key_values import typed
from evals.record.http import HttpRecorder
from evals.record.local import LocalRecorder
from evals.record.recorders import DummyRecorder, RecorderBase
from evals.registry.classes import build
from evals.registry.lookup import Registry
from evals.runner.checks import GivenAnswer, try_scorer
from evals.runner.counters import RunCounters
from evals.runner.fingerprint import fingerprint_of, first_difference
from evals.runner.interrupts import handle_interrupts
from evals.runner.plugin_failure import blaming_plugin, is_foreign, plugin_failed
from evals.runner.preflight import Preflight, check_before_run, source_facts
from evals.runner.result import RunResult as RunResult
from evals.runner.result import read_result
from evals.runner.resume import Earlier, find_unfinished, read_earlier
from evals.secrets import redact, register_secrets_in
from evals.specs import RunSpec

if TYPE_CHECKING:
    from evals.engine.cache import CompletionCache


@dataclass(frozen=True)
class RunRequest:
    """One eval by one completion function, as a command line asks for it."""

    completion_fns: Sequence[Any]
    "Names, or completion functions themselves (`as_completion_fn` has made them callable)."
    eval_name: str
    registry_paths: Sequence[str | Path] = ()
    extra_eval_params: dict[str, Any] = field(default_factory=dict)
    completion_args: dict[str, Any] = field(default_factory=dict)
    max_samples: int | None = None
    repeats: int = 1
    seed: int = 20220722
    user: str = ""
    visible: bool | None = None
    record_path: str | None = None
    log_dir: str | Path | None = None
    "Where records go and are looked for; None: `EVALS_LOG_DIR`, else `evallogs`."
    resume: bool = False
    resume_from: str | None = None
    dry_run: bool = False
    dry_run_logging: bool = True
    http_url: str | None = None
    http_batch_size: int = 100
    http_fail_percent_threshold: float = 5
    cache: bool = False
    max_errors: float = 0
    "Failed samples tolerated: a count, or below 1 a fraction."
    data_paths: Sequence[str] = ()
    settings: EngineSettings = field(default_factory=EngineSettings)
    command: str = ""

    @property
    def completion_fn_names(self) -> list[str]:
        """The names for records and people; an object is called like its class."""
        return [fn if isinstance(fn, str) else name_of(fn) for fn in self.completion_fns]

    @property
    def records_folder(self) -> Path:
        """Where the record goes if it has no path of its own."""
        return log_dir() if self.log_dir is None else Path(self.log_dir)


SCORER_TRIALS = 50
"Samples whose ideal answers are put through their own scorer before the first call."


class RunObserver(Observer, Protocol):
    """An observer of a whole run, which may look at its sums at any time."""

    def watch(self, counters: RunCounters, counts: CallCounts) -> None: ...


class PreparedRun:
    """A request with its names resolved and its data checked; nothing has been called yet."""

    def __init__(self, request: RunRequest, registry: Registry | None = None) -> None:
        register_secrets_in(request.completion_args)
        register_secrets_in(request.extra_eval_params)
        self.request = request
        self.earlier: Earlier | None = None
        "The unfinished record that is gone on with."
        self.registry = registry or Registry()
        if request.registry_paths:
            self.registry.add_registry_paths(list(request.registry_paths))
        self.registry.data_paths.extend(request.data_paths)
        self.eval_spec = self.registry.find_eval(request.eval_name)
        register_secrets_in(self.eval_spec.args)
        self.base_spec = self.registry.get_base_eval(request.eval_name)
        completion_fns = [self._make_completion_fn(fn) if isinstance(fn, str) else fn for fn in request.completion_fns]
        self.eval = self._make_eval(completion_fns)
        facts = check_before_run(self.eval, request.max_samples)
        self.eval.preflight()
        self.preflight: Preflight = replace(facts, warnings=[*facts.warnings, *self._scorer_warnings()])
        for fn in self.eval.completion_fns:
            if hasattr(fn, "preflight"):
                fn.preflight()
        self._check_budget()
        self.fingerprint = fingerprint_of(request, self.eval_spec, self.eval, self.preflight.data_sha256, self.registry)

    def _make_eval(self, completion_fns: list[Any]) -> Eval:
        assert self.eval_spec.key is not None
        make = self.registry.get_class(self.eval_spec)
        given = {
            "completion_fns": completion_fns,
            "seed": self.request.seed,
            "name": self.eval_spec.key,
            "eval_registry_path": self.eval_spec.registry_path,
            "registry": self.registry,
            **self.request.extra_eval_params,
        }
        named_by = f"eval {self.eval_spec.key!r}"
        with blaming_plugin(named_by, self.eval_spec.where, foreign=is_foreign(make.func)):
            made: Eval = build(make, given, named_by=named_by, where=self.eval_spec.where)
        return made

    def _make_completion_fn(self, name: str) -> Any:
        """Arguments are typed for our own classes only: others expect the text that openai/evals gave them."""
        spec = self.registry.resolve_completion_fn(name)
        ours = spec.cls.startswith("evals.")
        given = self.request.completion_args
        arguments = {key: typed(value) if ours and isinstance(value, str) else value for key, value in given.items()}
        register_secrets_in(spec.args)
        register_secrets_in(arguments)
        with blaming_plugin(f"completion function {name!r}", spec.where, foreign=not ours):
            return self.registry.make_completion_fn(name, **arguments)

    def _scorer_warnings(self) -> list[str]:
        """Ideal answers of the first samples that fail their own scorer; that of a plug-in may call, and is left."""
        if not isinstance(self.eval, StreamedEval) or not type(self.eval).__module__.startswith("evals.suite."):
            return []
        samples = self.eval.stream_samples() if self.eval.samples_jsonl is not None else []
        if not len(samples) or not self.eval.ideal_completions(samples[0]):
            return []
        answer = GivenAnswer()
        twin = self._make_eval([answer])
        tried = sample_order(len(samples), self.request.max_samples)[:SCORER_TRIALS]
        failing = try_scorer(twin, samples, tried, answer).failing
        if not failing:
            return []
        return [
            f"{len(failing)} of {len(tried)} samples tried have an ideal answer that their own scorer refuses, "
            f"first {failing[0]}"
        ]

    def _check_budget(self) -> None:
        if self.request.settings.max_cost_usd is None:
            return
        for name, fn in zip(self.request.completion_fns, self.eval.completion_fns, strict=True):
            if not isinstance(name, str) or getattr(fn, "is_local", False):
                continue
            if self.registry.model_info(name).input_usd_per_million is None:
                raise UsageError(
                    f"--max_cost needs the price of {name}, which is not known",
                    fix="add an entry with `prices` under completion_fns/ in a registry, or use --max_tokens_total",
                )

    def is_done_by(self, earlier: Earlier) -> bool:
        """Whether an earlier run left nothing to do. One that ended before its time may have a report all the same."""
        return earlier.complete and len(earlier.finished) >= self.preflight.n_selected * self.request.repeats

    def run_spec(self) -> RunSpec:
        """The first line of the record."""
        request, spec = self.request, self.eval_spec
        assert spec.key is not None
        base, split = spec.key.split(".")[0:2]
        visible = request.visible if request.visible is not None else request.max_samples is None
        return RunSpec(
            completion_fns=request.completion_fn_names,
            eval_name=spec.key,
            base_eval=base,
            split=split,
            run_config={
                "completion_fns": request.completion_fn_names,
                "eval_spec": {
                    "cls": spec.cls,
                    "registry_path": str(spec.registry_path),
                    "args": spec.args,
                    "key": spec.key,
                    "group": spec.group,
                },
                "seed": request.seed,
                "max_samples": request.max_samples,
                "command": redact(request.command),
                "initial_settings": {"visible": visible},
                "repeats": request.repeats,
                "higher_is_better": self.base_spec is None or self.base_spec.higher_is_better,
                "fingerprint": self.fingerprint,
                **self.preflight.facts(),
                **source_facts(spec.registry_path),
            },
            created_by=request.user,
        )


def run(
    request: RunRequest,
    registry: Registry | None = None,
    observer: RunObserver | None = None,
    on_prepared: Callable[[PreparedRun], None] | None = None,
    on_interrupt: Callable[[int], None] | None = None,
    extra_report: Callable[[], dict[str, Any]] | None = None,
) -> RunResult:
    """Run one eval and return what came of it.

    on_prepared: called after the pre-flight, before the first call. on_interrupt: called with 1 or 2 when a
    signal asks to stop. extra_report: keys that join the final report. A run that a budget, a signal or the provider
    cut short returns too, with `stopped_by` set and its record resumable.

    Raises:
        EvalsError: the run could not begin: nothing was called.
    """
    prepared = PreparedRun(request, registry)
    earlier = _find_earlier(prepared)
    if earlier is not None and prepared.is_done_by(earlier):
        return _as_it_was(prepared, earlier)
    prepared.earlier = earlier
    if on_prepared is not None:
        on_prepared(prepared)
    run_spec = prepared.run_spec()
    cache = _open_cache(request)
    try:
        recorder = _make_recorder(request, run_spec, earlier)
    except EvalsError:
        if cache is not None:
            cache.close()
        raise
    session = Session(request.settings, cache, any_accepted=earlier is not None and bool(earlier.finished))
    counters = RunCounters(observer or Silent())
    if observer is not None:
        observer.watch(counters, session.counts)
    plan = _plan_of(request, counters, earlier)
    began_s = time.perf_counter()
    try:
        report, stopped_by = _evaluate(prepared.eval, recorder, session, plan, counters, on_interrupt)
        if plan.n_passes == 0:
            # A plug-in with a loop of its own; no sample told the counters.
            counters.add_finished(recorder.get_events("sampling"))
        if isinstance(stopped_by, SettledEarly):
            stopped_by = None
        if (session.labels - report.get("groups", {}).keys() or request.repeats > 1) and stopped_by is None:
            report = with_labels(report, recorder)
        if extra_report is not None:
            report = {**report, **extra_report()}
        result = _result_of(prepared, run_spec, session, counters, report, stopped_by)
        result.record_path = _path_of(recorder)
        result.wall_s = time.perf_counter() - began_s
        _end_record(recorder, result)
    finally:
        recorder.close()
    return result


def _end_record(recorder: RecorderBase, result: RunResult) -> None:
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
        report=_with_sums(report, counters),
        counts=session.counts,
        counters=counters,
        record_path=None,
        wall_s=0.0,
        n_total=counters.n_total or prepared.preflight.n_selected,
        max_errors=prepared.request.max_errors,
        stopped_by=stopped_by,
    )


def _plan_of(request: RunRequest, counters: RunCounters, earlier: Earlier | None) -> RunPlan:
    plan = RunPlan(max_samples=request.max_samples, repeats=request.repeats, observer=counters)
    if earlier is not None:
        plan.finished = earlier.finished
        plan.earlier = earlier.samples
        for sample in earlier.samples():
            counters.add_finished(sample.events)
    return plan


def _with_sums(report: dict[str, Any], counters: RunCounters) -> dict[str, Any]:
    """The report with what the samples cost, failed ones counted."""
    report = {**report, "n_errors": counters.n_errors, **counters.usage_keys(report)}
    if counters.cost_usd is not None and "cost_usd" not in report:
        report["cost_usd"] = counters.cost_usd
    return report


def with_labels(report: dict[str, Any], recorder: RecorderBase) -> dict[str, Any]:
    """The report with a table for each kind of label, and the uncertainty that clusters and repeats call for."""
    path = _path_of(recorder)
    if path is None or not Path(path).is_file():
        return report
    from evals.runner.labelled import labelled_report

    return labelled_report(path, report)


def run_facts(result: RunResult) -> dict[str, Any]:
    """What a run took, beside its report: these numbers differ from run to run."""
    counts = result.counts
    return {
        "wall_s": round(result.wall_s, 3),
        "n_calls": counts.n_calls,
        "n_cached": counts.n_cached,
        "n_retries": counts.n_retries,
        "failures": dict(counts.failures),
        "exit_code": result.exit_code,
    }


def _evaluate(
    evaluation: Eval,
    recorder: RecorderBase,
    session: Session,
    plan: RunPlan,
    counters: RunCounters,
    on_interrupt: Callable[[int], None] | None,
) -> tuple[dict[str, Any], EvalsError | None]:
    from evals.engine.loop import run_sync

    try:
        with use_session(session), use_plan(plan), handle_interrupts(session, on_interrupt):
            return dict(evaluation.run(recorder)), None
    except EvalsError as error:
        return dict(error.partial_report or {}), error
    except KeyboardInterrupt as stop:
        return {}, Interrupted("stopped", exit_code=getattr(stop, "exit_code", 130))
    except Exception as error:
        if not is_foreign(type(evaluation).run):
            raise
        return {}, plugin_failed(evaluation, error, counters.errors)
    finally:
        run_sync(session.aclose())


def _find_earlier(prepared: PreparedRun) -> Earlier | None:
    request = prepared.request
    named = request.resume_from
    if named is None and request.resume and request.record_path and Path(request.record_path).exists():
        named = request.record_path
    if named is not None:
        earlier = read_earlier(Path(named))
        difference = first_difference(earlier.fingerprint, prepared.fingerprint)
        if difference is not None:
            raise UsageError(
                "this record is of another run and cannot be resumed",
                where=str(named),
                notes=[difference],
                fix="give the arguments of that run, or leave --resume out to start anew",
            )
        return earlier
    if request.resume:
        return find_unfinished(request.records_folder, prepared.fingerprint)
    return None


def _as_it_was(prepared: PreparedRun, earlier: Earlier) -> RunResult:
    return replace(
        read_result(earlier.path),
        eval_spec=prepared.eval_spec,
        base_spec=prepared.base_spec,
        counts=CallCounts(),
        wall_s=0.0,
        max_errors=prepared.request.max_errors,
    )


def log_dir() -> Path:
    """`EVALS_LOG_DIR`, else `evallogs` in the working folder."""
    return Path(os.environ.get("EVALS_LOG_DIR") or "evallogs")


def _make_recorder(request: RunRequest, run_spec: RunSpec, earlier: Earlier | None) -> RecorderBase:
    if earlier is not None and request.http_url is not None:
        raise UsageError(
            "--resume goes on with a local record, and --http-run sends events away", fix="use one of them"
        )
    if earlier is not None and not request.dry_run:
        return LocalRecorder.resume(str(earlier.path), run_spec)
    return make_recorder(
        request, run_spec, request.record_path or str(request.records_folder / _record_name(run_spec, request))
    )


def make_recorder(request: RunRequest, run_spec: RunSpec, path: str) -> RecorderBase:
    """The recorder that a request asks for: none for a dry run, HTTP, else a file at `path`."""
    if request.dry_run:
        return DummyRecorder(run_spec, log=request.dry_run_logging)
    if request.http_url is None:
        return LocalRecorder(path, run_spec)
    return HttpRecorder(
        url=request.http_url,
        run_spec=run_spec,
        local_fallback_path=path,
        fail_percent_threshold=int(request.http_fail_percent_threshold),
        batch_size=request.http_batch_size,
    )


def _path_of(recorder: RecorderBase) -> str | None:
    path = getattr(recorder, "event_file_path", None)
    return None if path is None else str(path)


def _record_name(run_spec: RunSpec, request: RunRequest) -> str:
    """`<UTC time>_<completion fn>_<eval>.jsonl`; the random tail of the run id keeps runs of one second apart."""
    run_id = str(run_spec.run_id)
    names = "_".join([",".join(request.completion_fn_names), request.eval_name])
    safe = "".join(c if c.isalnum() or c in "._-+" else "-" for c in names)[:150]
    return f"{run_id[:6]}T{run_id[6:12]}{run_id[12:16].lower()}_{safe}.jsonl"


def _open_cache(request: RunRequest) -> CompletionCache | None:
    if not request.cache:
        return None
    from evals.engine.cache import CompletionCache, default_cache_dir

    return CompletionCache(default_cache_dir() / "completions.sqlite")
