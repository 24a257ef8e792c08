"""The base classes of evals: what a sample means is theirs, how samples are run is the engine's."""

from __future__ import annotations

import abc
import asyncio
import contextvars
import functools
import inspect
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from evals.completion import CompletionResult, ContinuationScore, Prompt
from evals.data import locate_dataset, open_samples
from evals.engine import calls
from evals.engine.context import current_plan, current_session
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import engine_loop, run_sync, submit
from evals.engine.passes import Finished, SamplePass, earlier_values
from evals.engine.sample_order import SHUFFLE_SEED as SHUFFLE_SEED
from evals.engine.sample_order import sample_order
from evals.engine.samples import WorkItem
from evals.errors import EvalsError
from evals.record.recorders import Event, RecorderBase
from evals.registry.lookup import Registry
from evals.solvers.utils import maybe_wrap_with_compl_fn, maybe_wrap_with_solver

if TYPE_CHECKING:
    from evals.data import SampleSequence
    from evals.solvers.solver import Solver

_MAX_SAMPLES: int | None = None


def set_max_samples(max_samples: int | None) -> None:
    """Cap every run of this process at a fixed random subset of its samples (openai/evals' global)."""
    global _MAX_SAMPLES
    _MAX_SAMPLES = max_samples


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
        results = earlier_values()

        def keep(item: WorkItem, events: Sequence[Event], value: Any) -> None:
            results[item.index, item.repeat] = value

        self._pass_over(samples, recorder, keep, records_values=True).run()
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

        await asyncio.gather(*(one(index) for index in sample_order(len(samples), self._cap())))

    def _cap(self) -> int | None:
        """How many samples a pass takes at most: the run's word before the process's."""
        plan = current_plan()
        return _MAX_SAMPLES if plan is None or plan.max_samples is None else plan.max_samples

    def _pass_over(
        self, samples: Sequence[Any], recorder: RecorderBase, on_finished: Finished, *, records_values: bool
    ) -> SamplePass:
        return SamplePass(
            eval_name=self.name,
            seed=self.seed,
            samples=samples,
            recorder=recorder,
            evaluate=self._call_eval_sample,
            on_finished=on_finished,
            prepare=self.prepare if type(self).prepare is not Eval.prepare else None,
            cap=self._cap(),
            records_values=records_values,
        )

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
            self._pass_over(
                self.stream_samples(),
                recorder,
                lambda item, events, value: report.add(item.sample_id, events),
                records_values=False,
            ).run()
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
