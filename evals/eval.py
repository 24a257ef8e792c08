"""The base classes of evals: what a sample means is theirs, how samples are run is the engine's."""

from __future__ import annotations

import abc
import asyncio
import contextvars
import functools
import inspect
import os
import random
from array import array
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from evals.completion import CompletionResult, ContinuationScore, Prompt
from evals.data import locate_dataset, open_samples
from evals.engine import calls
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import engine_loop, run_sync, submit
from evals.engine.plan import RunPlan, current_plan
from evals.engine.samples import SampleRun, WorkItem
from evals.engine.session import Session, current_session, use_session
from evals.engine.settings import settings_from_environment
from evals.errors import EvalsError, Interrupted
from evals.record.current import record_event
from evals.record.recorders import Event, RecorderBase
from evals.registry.lookup import Registry
from evals.sample import LABEL_KEYS, sample_id
from evals.solvers.utils import maybe_wrap_with_compl_fn, maybe_wrap_with_solver

if TYPE_CHECKING:
    from evals.data import SampleSequence
    from evals.solvers.solver import Solver

SHUFFLE_SEED = 123
_MAX_SAMPLES: int | None = None


def set_max_samples(max_samples: int | None) -> None:
    """Cap every run of this process at a fixed random subset of its samples (openai/evals' global)."""
    global _MAX_SAMPLES
    _MAX_SAMPLES = max_samples


def sample_order(n_samples: int, max_samples: int | None = None) -> array[int]:
    """The order in which samples are run: the shuffle of openai/evals, cut to `max_samples`."""
    indices = array("I", range(n_samples))
    random.Random(SHUFFLE_SEED).shuffle(indices)
    return indices if max_samples is None else indices[:max_samples]


class Report(Protocol):
    """Adds up a run while it goes on. The order of samples must not matter."""

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Take in what one finished sample recorded."""

    def as_dict(self) -> dict[str, Any]:
        """The final report so far."""


def _callable_anywhere(method: Callable[..., Any]) -> Callable[..., Any]:
    """An async `eval_sample` that plain code can call too: awaited on a loop, run to its end elsewhere."""

    @functools.wraps(method)
    def eval_sample(self: Any, *args: Any, **kwargs: Any) -> Any:
        coroutine = method(self, *args, **kwargs)
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return run_sync(coroutine)
        return coroutine if running is engine_loop() else asyncio.wrap_future(submit(coroutine))

    eval_sample.is_async = True  # type: ignore[attr-defined]
    return eval_sample


class Eval(abc.ABC):
    """A benchmark bound to its data. Subclasses give `eval_sample` and `run`, as in openai/evals.

    `eval_sample` may be `async def` or plain; plain ones run on worker threads. No eval sees a loop, a thread
    or a limit. Classes that aggregate from events alone should derive from StreamedEval.
    """

    scorer_version: str = "1"
    "Part of a run's fingerprint: raise it when the same completions would score otherwise."

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        method = cls.__dict__.get("eval_sample")
        if method is not None and inspect.iscoroutinefunction(method):
            cls.eval_sample = _callable_anywhere(method)  # type: ignore[method-assign]

    def __init__(
        self,
        completion_fns: Sequence[Any],
        eval_registry_path: Path | str | None = None,
        seed: int = 20220722,
        name: str = "no_name_eval.default",
        registry: Registry | None = None,
        samples_jsonl: str | None = None,
    ) -> None:
        if len(name.split(".")) < 2:
            raise ValueError(f"an eval's name needs at least <base>.<split>, got {name!r}")
        self.completion_fns = [maybe_wrap_with_compl_fn(fn) for fn in completion_fns]
        self.eval_registry_path = None if eval_registry_path is None else Path(eval_registry_path)
        self.seed = seed
        self.name = name
        self.registry = registry or Registry()
        self.samples_jsonl = samples_jsonl
        self._opened: SampleSequence | None = None

    @property
    def completion_fn(self) -> Any:
        """The first completion function."""
        return self.completion_fns[0]

    @abc.abstractmethod
    def eval_sample(self, sample: Any, rng: random.Random) -> Any:
        """Evaluate one sample and record what came of it."""

    @abc.abstractmethod
    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        """Evaluate all samples and return the final report."""

    async def complete(self, prompt: Prompt, **kwargs: Any) -> str:
        """The first completion of `prompt` by the evaluated model."""
        return first_completion(await self.complete_with(self.completion_fn, prompt, **kwargs))

    async def complete_with(self, fn: Any, prompt: Prompt, *, grading: bool = False, **kwargs: Any) -> CompletionResult:
        """All completions of `prompt` by `fn`; `grading` for a call that judges another completion."""
        return await calls.complete(fn, prompt, grading=grading, **kwargs)

    async def score(self, prompt: Prompt, continuations: Sequence[str]) -> list[ContinuationScore]:
        """Log probability of each continuation after `prompt` by the evaluated model, where its backend can tell."""
        return await calls.score(self.completion_fn, prompt, continuations)

    async def prepare(self) -> None:
        """Awaited before the first sample of a pass: for what an eval must find out once, by a call of its own."""

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample when this eval cannot use the sample. Called before the first paid call."""

    def preflight(self) -> None:
        """Try whatever this eval needs beside its data (a sandbox, a tool). Called before the first paid call."""

    def first_prompt(self, sample: Any) -> Prompt | None:
        """The prompt that `sample` leads to, for people to look at; None where it cannot be told."""
        return sample.get("input") if isinstance(sample, dict) else None

    def ideal_completions(self, sample: Any) -> list[str]:
        """Completions that must score as right, for `evals check`."""
        ideal = sample.get("ideal") if isinstance(sample, dict) else None
        if ideal is None:
            return []
        return [text for text in (ideal if isinstance(ideal, list) else [ideal]) if isinstance(text, str)]

    def fingerprint(self) -> dict[str, Any]:
        """What beside class and arguments decides how completions score; a record is resumed only with the same."""
        return {"version": self.scorer_version}

    def get_samples(self) -> list[Any]:
        """All samples, in file order."""
        return list(self.open_samples())

    def open_samples(self) -> SampleSequence:
        """The samples as a sequence that reads each from disk when it is asked for."""
        if self._opened is None:
            if self.samples_jsonl is None:
                raise ValueError("`get_samples` needs a `samples_jsonl` path, and none was given")
            self._opened = open_samples(self._get_samples_path())
        return self._opened

    def stream_samples(self) -> Sequence[Any]:
        """The samples without holding them, unless a subclass makes them itself."""
        if type(self).get_samples is Eval.get_samples:
            return self.open_samples()
        return self.get_samples()

    def _get_samples_path(self) -> Any:
        assert self.samples_jsonl is not None
        return self._prefix_registry_path(self.samples_jsonl)

    def _prefix_registry_path(self, data_path: str) -> Any:
        """Where a data file named in YAML lies: the path itself if it is a file, else in the registry's data."""
        if os.path.isfile(data_path):
            return Path(data_path)
        return locate_dataset(data_path, self.eval_registry_path, self.registry.data_paths)

    def eval_all_samples(
        self,
        recorder: RecorderBase,
        samples: Sequence[Any],
        show_progress: bool = True,
        record_raw_sample: bool = True,
        **_kwargs: Any,
    ) -> list[Any]:
        """Evaluate all samples concurrently; what `eval_sample` returned, in the order of the samples.

        Samples that failed are recorded as errors and left out.
        """
        results: dict[tuple[int, int], Any] = {}
        plan = current_plan()
        if plan is not None and plan.earlier is not None:
            results.update(_earlier_results(plan))

        def keep(item: WorkItem, events: Sequence[Event], value: Any) -> None:
            results[item.index, item.repeat] = value

        self._run_samples(recorder, samples, keep, record_values=True)
        return [results[key] for key in sorted(results)]

    async def async_eval_all_samples(
        self,
        eval_fn: Callable[[tuple[Any, int]], Awaitable[tuple[int, Any]]],
        samples: Sequence[Any],
        concurrency: int = 32,
        show_progress: bool = True,
        **_kwargs: Any,
    ) -> None:
        """Await `eval_fn((sample, index))` for all samples, on the caller's own loop (openai/evals)."""
        gate = asyncio.Semaphore(concurrency)

        async def one(index: int) -> None:
            async with gate:
                await eval_fn((samples[index], index))

        await asyncio.gather(*(one(index) for index in sample_order(len(samples), _cap(current_plan()))))

    def _run_samples(
        self,
        recorder: RecorderBase,
        samples: Sequence[Any],
        on_finished: Callable[[WorkItem, Sequence[Event], Any], None],
        record_values: bool,
    ) -> None:
        plan = current_plan() or RunPlan()
        session = current_session() if current_plan() else Session(settings_from_environment())
        order = sample_order(len(samples), _cap(plan))
        first_repeat = plan.n_passes * plan.repeats
        plan.n_passes += 1
        run = SampleRun(
            session=session,
            recorder=recorder,
            items=self._items(order, plan, first_repeat),
            load=samples.__getitem__,
            evaluate=functools.partial(self._evaluate, plan.repeats, record_values),
            on_finished=on_finished,
            observer=plan.observer,
            sequential=session.settings.start_concurrency == 1,
            tags_of=_tags_of,
        )
        n_items = len(order) * plan.repeats
        plan.observer.started(n_items, sum(1 for _ in self._done(order, plan, first_repeat)))
        try:
            with use_session(session):
                if type(self).prepare is not Eval.prepare:
                    run_sync(self.prepare())
                run_sync(run.go())
        except Interrupted:
            if not _gentle_interrupt():
                raise
        finally:
            if current_plan() is None:
                run_sync(session.aclose())

    def _items(self, order: Sequence[int], plan: RunPlan, first_repeat: int) -> Iterator[WorkItem]:
        for index in order:
            name = sample_id(self.name, index)
            for repeat in range(first_repeat, first_repeat + plan.repeats):
                if (name, repeat) not in plan.finished:
                    yield WorkItem(name, index, repeat)

    def _done(self, order: Sequence[int], plan: RunPlan, first_repeat: int) -> Iterator[int]:
        if not plan.finished:
            return
        for index in order:
            name = sample_id(self.name, index)
            for repeat in range(first_repeat, first_repeat + plan.repeats):
                if (name, repeat) in plan.finished:
                    yield index

    async def _evaluate(self, repeats: int, record_value: bool, sample: Any, item: WorkItem) -> Any:
        value = await self._call_eval_sample(sample, self._rng(item, repeats))
        if record_value and value is not None:
            record_event("result", {"value": value} if _survives_json(value) else {"not_json": type(value).__name__})
        return value

    def _rng(self, item: WorkItem, repeats: int) -> random.Random:
        """The generator of openai/evals for the first repeat; later repeats draw others."""
        repeat = item.repeat % repeats
        text = f"{item.sample_id}:{self.seed}" + (f":{repeat}" if repeat else "")
        return random.Random(text.encode("utf-8"))

    async def _call_eval_sample(self, *args: Any) -> Any:
        if getattr(type(self).eval_sample, "is_async", False):
            return await self.eval_sample(*args)
        context = contextvars.copy_context()
        threads = current_session().sample_threads()
        value = await asyncio.get_running_loop().run_in_executor(threads, context.run, self.eval_sample, *args)
        return await value if inspect.isawaitable(value) else value


class StreamedEval(Eval):
    """An eval whose report is added up from events as samples finish, so that nothing holds them all."""

    @abc.abstractmethod
    def new_report(self) -> Report:
        """An empty report."""

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        """Evaluate all samples and return the final report."""
        report = self.new_report()
        if type(self).eval_all_samples is not Eval.eval_all_samples:
            self.eval_all_samples(recorder, self.get_samples())
            for name, events in _recorded_by_sample(recorder).items():
                report.add(name, events)
            return report.as_dict()
        plan = current_plan()
        for sample in plan.earlier() if plan is not None and plan.earlier is not None else ():
            report.add(sample.sample_id, sample.events)
        try:
            self._run_samples(
                recorder,
                self.stream_samples(),
                lambda item, events, value: report.add(item.sample_id, events),
                record_values=False,
            )
        except EvalsError as error:
            error.partial_report = report.as_dict()
            raise
        return report.as_dict()


def _recorded_by_sample(recorder: RecorderBase) -> dict[str, list[Event]]:
    """What was recorded for each sample, for a plug-in that goes through its samples in its own way."""
    recorded: dict[str, list[Event]] = {}
    for kind in ("match", "metrics"):
        for event in recorder.get_events(kind):
            recorded.setdefault(event.sample_id or "", []).append(event)
    return recorded


class SolverEval(Eval):
    """An eval that talks to a Solver: each sample gets a fresh copy, so solvers may keep state."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.completion_fns) != 1:
            raise ValueError(f"{type(self).__name__} takes exactly one completion function")
        self._solver = maybe_wrap_with_solver(self.completion_fns[0])

    @abc.abstractmethod
    def eval_sample(self, solver: Solver, sample: Any, rng: random.Random) -> Any:  # type: ignore[override]
        """Evaluate one sample with a solver of its own."""

    async def _call_eval_sample(self, *args: Any) -> Any:
        return await super()._call_eval_sample(self._solver.copy(), *args)


def hook_of(evaluation: Eval, name: str) -> Callable[..., Any]:
    """The hook `name` (`check_sample`, `first_prompt`, `ideal_completions`) that goes with the eval's `eval_sample`.

    A plug-in that replaces the `eval_sample` of a class here may read other keys of its samples, so hooks from
    above that replacement say nothing about it: then the plain one of Eval stands in.
    """
    for cls in type(evaluation).__mro__:
        if name in vars(cls):
            break
        if "eval_sample" in vars(cls):
            return functools.partial(getattr(Eval, name), evaluation)
    hook: Callable[..., Any] = getattr(evaluation, name)
    return hook


def first_completion(result: CompletionResult) -> str:
    """The first text of a result."""
    completions = result.get_completions()
    if not completions:
        raise CallFailed(Kind.BAD_REPLY, "the reply holds no completion")
    return completions[0]


def _cap(plan: RunPlan | None) -> int | None:
    """How many samples a pass takes at most: the run's word before the process's."""
    return plan.max_samples if plan is not None and plan.max_samples is not None else _MAX_SAMPLES


def _tags_of(sample: Any) -> dict[str, Any] | None:
    if not isinstance(sample, dict):
        return None
    tags = {key: sample[key] for key in LABEL_KEYS if isinstance(sample.get(key), str | int)}
    return tags or None


def _survives_json(value: Any) -> bool:
    import json

    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def _earlier_results(plan: RunPlan) -> Iterator[tuple[tuple[int, int], Any]]:
    """What `eval_sample` returned in this pass of the run that is resumed, by (index, repeat)."""
    assert plan.earlier is not None
    for sample in plan.earlier():
        if sample.repeat // plan.repeats != plan.n_passes:
            continue
        index = int(sample.sample_id.rsplit(".", 1)[1])
        values = [event.data for event in sample.events if event.type == "result"]
        if values and "not_json" in values[-1]:
            raise EvalsError(
                f"this run cannot be resumed: its eval returns {values[-1]['not_json']} objects, which no record keeps",
                where=sample.sample_id,
                fix="run it anew without --resume",
            )
        yield (index, sample.repeat), values[-1].get("value") if values else None


def _gentle_interrupt() -> bool:
    return os.environ.get("EVALS_GENTLE_INTERRUPT", "0").lower() in {"1", "true", "yes"}
