"""The base classes of evals. They decide what a sample means; the engine decides how samples run."""

from __future__ import annotations

import abc
import asyncio
import contextvars
import functools
import inspect
import os
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.completion import CompletionResult, ContinuationScore, Prompt
from evals.data import locate_dataset, open_samples
from evals.datasets.row_fields import RowFields, Template, row_fields
from evals.engine import calls
from evals.engine.calls import first_completion as first_completion
from evals.engine.context import current_plan, current_session
from evals.engine.loop import callable_anywhere
from evals.engine.passes import Finished, SamplePass, begin_report, earlier_values
from evals.engine.sample_order import SHUFFLE_SEED as SHUFFLE_SEED
from evals.engine.sample_order import sample_order
from evals.engine.samples import WorkItem
from evals.errors import DataError, EvalsError
from evals.metrics import Report as Report
from evals.record.event import by_sample
from evals.record.metric_ranges import MetricRange
from evals.record.recorders import Event, RecorderBase
from evals.registry.lookup import Registry
from evals.solvers.utils import maybe_wrap_with_compl_fn, maybe_wrap_with_solver

if TYPE_CHECKING:
    from evals.completion_fns.graders import NamedGrader
    from evals.data import SampleSequence
    from evals.solvers.solver import Solver

_MAX_SAMPLES: int | None = None


def set_max_samples(max_samples: int | None) -> None:
    """Limit every run of this process to a fixed random subset of its samples; None for all. As in openai/evals."""
    global _MAX_SAMPLES
    _MAX_SAMPLES = max_samples


class Eval(abc.ABC):
    """A benchmark bound to its data. Subclasses define `eval_sample` and `run`, as in openai/evals.

    `eval_sample` may be `async def` or not; if not, it runs on a worker thread. An eval sees no loop, thread or limit.
    Classes whose report follows from events alone should derive from StreamedEval.

    seed: of the random generators of samples. name: `<base>.<split>`, maybe with a version; sample ids begin with it.
    eval_registry_path: the registry whose data folder holds `samples_jsonl`. input_key, ideal_key, id_key: columns of
    the data that hold question, answer and the row's own id. prompt: a text or chat with `{column}` placeholders, in
    place of the question. prompts: several by name, of which `prompt` names one (by default the first).

    Raises:
        ValueError: the name has no split.
        UsageError: a key or a prompt that cannot be used.
    """

    scorer_version: str = "1"
    "Part of the fingerprint of a run. Raise it if the same completions would get other scores."
    scores_without_calls: bool = False
    "`eval_sample` calls only the evaluated model: ideal answers may be tried on a copy. Derived classes say it anew."
    further_completion_fns: Sequence[Any] = ()
    "Completion functions that are not evaluated, such as graders: tried with the others before the first paid call."
    completion_fn_names: Sequence[str] = ()  # of the command line
    reads_beginning: bool = False
    "It asks for the first tokens only: completions that reach their limit on tokens are not counted as truncated."
    input_field: str = "input"
    ideal_field: str = "ideal"
    "The fields of a sample that hold what is asked and the accepted answer; `input_key` and its kin fill them."
    prompts_hold_images: bool = False  # images that are no part of a row's input: every prompt is then made and checked
    image_condition: str | None = None
    "How the evaluated model sees images where the run does not say it; one of `evals.images.conditions.CONDITIONS`."
    takes_weak_verdicts: bool = False  # on programs, where the sandbox gives no others; known after `preflight`
    samples_jsonl: str | None = None  # here too, for constructors that call no super().__init__
    row_fields: RowFields = RowFields()
    _opened: SampleSequence | None = None
    openai_evals_rules: bool = False  # the entry has the form of openai/evals: its rules hold where ours differ
    metric_ranges: Mapping[str, MetricRange] = {}  # lowest and highest value by name: `evals.record.metric_ranges`

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.scores_without_calls = vars(cls).get("scores_without_calls", False)
        method = cls.__dict__.get("eval_sample")
        if method is not None and inspect.iscoroutinefunction(method):
            cls.eval_sample = callable_anywhere(method)  # type: ignore[method-assign]

    def __init__(
        self,
        completion_fns: Sequence[Any],
        eval_registry_path: Path | str | None = None,
        seed: int = 20220722,
        name: str = "no_name_eval.default",
        registry: Registry | None = None,
        samples_jsonl: str | None = None,
        *,
        input_key: str | None = None,
        ideal_key: str | None = None,
        id_key: str | None = None,
        prompt: Template | None = None,
        prompts: Mapping[str, Template] | None = None,
    ) -> None:
        if len(name.split(".")) < 2:
            raise ValueError(f"an eval's name needs at least <base>.<split>, got {name!r}")
        self.completion_fns = [maybe_wrap_with_compl_fn(fn) for fn in completion_fns]
        self.eval_registry_path = None if eval_registry_path is None else Path(eval_registry_path)
        self.seed = seed
        self.name = name
        self.registry = registry or Registry()
        self.samples_jsonl = samples_jsonl
        columns = {self.input_field: input_key, self.ideal_field: ideal_key, "id": id_key}
        self.row_fields = row_fields(self.input_field, columns, prompt, prompts)

    @property
    def named_graders(self) -> Sequence[NamedGrader]:
        """The graders that the run asks; `make_graders` makes them of the argument `grader`."""
        return ()

    @property
    def completion_fn(self) -> Any:
        """The evaluated model: the first completion function."""
        return self.completion_fns[0]

    @abc.abstractmethod
    def eval_sample(self, sample: Any, rng: random.Random) -> Any:
        """Evaluate one sample, and record events about it. rng: the random generator of this sample."""

    @abc.abstractmethod
    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        """Evaluate all samples and return the final report."""

    async def complete(self, prompt: Prompt, **kwargs: Any) -> str:
        """The first completion of `prompt` by the evaluated model, without thoughts; a `sampling` event is recorded.

        kwargs: options of the request.

        Raises:
            CallFailed: no attempt succeeded, or the reply holds no completion. The sample then counts as failed.
        """
        return first_completion(await self.complete_with(self.completion_fn, prompt, **kwargs), self.completion_fn)

    async def complete_with(self, fn: Any, prompt: Prompt, *, grading: bool = False, **kwargs: Any) -> CompletionResult:
        """All completions of `prompt` by `fn`, see `calls.complete`. grading: the call judges another completion."""
        return await calls.complete(fn, prompt, grading=grading, **kwargs)

    async def score(self, prompt: Prompt, continuations: Sequence[str]) -> list[ContinuationScore]:
        """The log probability (in nats) of each continuation after `prompt`; a `cond_logp` event is recorded.

        Raises:
            CallFailed: the backend cannot score, or no attempt succeeded.
        """
        return await calls.score(self.completion_fn, prompt, continuations)

    async def prepare(self) -> None:
        """Awaited once before the first sample of a pass, for what an eval must find out by a call."""

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample if this eval cannot use the sample. Called for every row before the first paid call."""

    def preflight(self) -> None:
        """Check what this eval needs besides its data (a sandbox, a tool). Called before the first paid call."""

    def first_prompt(self, sample: Any) -> Prompt | None:
        """The prompt for `sample`, to be shown to users; None if it is not known before the run."""
        return sample.get("input") if isinstance(sample, dict) else None

    def ideal_completions(self, sample: Any) -> list[str]:
        """Completions that must score as right, for `evals check`; here the texts in `ideal`."""
        ideal = sample.get("ideal") if isinstance(sample, dict) else None
        return [text for text in (ideal if isinstance(ideal, list) else [ideal]) if isinstance(text, str)]

    def fingerprint(self) -> dict[str, Any]:
        """What decides about scores besides class and arguments. A record is only resumed with an equal one."""
        return {"version": self.scorer_version}

    def get_samples(self) -> list[Any]:
        """All samples, in file order."""
        return list(self.open_samples())

    def open_samples(self) -> SampleSequence:
        """The samples as a sequence that reads each from disk when it is asked for.

        Raises:
            DataError: the file is missing or of the wrong kind.
            ValueError: the eval has no `samples_jsonl`.
        """
        if self._opened is None:
            if self.samples_jsonl is None:
                raise ValueError("`get_samples` needs a `samples_jsonl` path, and none was given")
            self._opened = self.row_fields.applied_to(open_samples(self._get_samples_path()))
        return self._opened

    def stream_samples(self) -> Sequence[Any]:
        """The samples, read from disk one at a time unless a subclass overrides `get_samples`."""
        if type(self).get_samples is Eval.get_samples:
            return self.open_samples()
        return self.get_samples()

    def _get_samples_path(self) -> Any:
        assert self.samples_jsonl is not None
        return self._prefix_registry_path(self.samples_jsonl)

    def _prefix_registry_path(self, data_path: str) -> Any:
        """The place of a data file that YAML names: the path itself if it is a file, else in the registry's data."""
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
        """The values of `eval_sample` for all samples, in the order of the samples. Samples run concurrently.

        Samples that failed are recorded as errors and left out. The run's plan may ask for fewer samples or repeats.
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
        """Await `eval_fn((sample, index))` for all samples on the loop of the caller, as in openai/evals."""
        gate = asyncio.Semaphore(concurrency)

        async def one(index: int) -> None:
            async with gate:
                await eval_fn((samples[index], index))

        await asyncio.gather(*(one(index) for index in sample_order(len(samples), self._cap())))

    def _cap(self) -> int | None:
        """The most samples of a pass: the number of the run's plan, else that of `set_max_samples`."""
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
        context, threads = contextvars.copy_context(), current_session().sample_threads()
        value = await asyncio.get_running_loop().run_in_executor(threads, context.run, self.eval_sample, *args)
        return await value if inspect.isawaitable(value) else value


class StreamedEval(Eval):
    """An eval whose report is built from events while samples finish, so that memory does not grow with them."""

    @abc.abstractmethod
    def new_report(self) -> Report:
        """An empty report."""

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        """Evaluate all samples and return the final report.

        Raises:
            EvalsError: the run ended early; its `partial_report` covers the finished samples.
        """
        report = self.new_report()
        if type(self).eval_all_samples is not Eval.eval_all_samples:
            self.eval_all_samples(recorder, self.get_samples())
            scores = [event for kind in ("match", "metrics") for event in recorder.get_events(kind)]
            for name, events in by_sample(scores).items():
                report.add(name, events)
            return report.as_dict()
        for sample in begin_report(report):
            try:
                report.add(sample.sample_id, sample.events)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise DataError(
                    "what the record holds of this sample cannot be scored", where=sample.sample_id, fix="run it anew"
                ) from error
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


class SolverEval(Eval):
    """An eval of a solver. Each sample gets a copy of the solver, so solvers may keep state.

    Raises:
        ValueError: not exactly one completion function.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.completion_fns) != 1:
            raise ValueError(f"{type(self).__name__} takes exactly one completion function")
        self._solver = maybe_wrap_with_solver(self.completion_fns[0])

    @abc.abstractmethod
    def eval_sample(self, solver: Solver, sample: Any, rng: random.Random) -> Any:  # type: ignore[override]
        """Evaluate one sample with `solver`, a copy for this sample alone."""

    async def _call_eval_sample(self, *args: Any) -> Any:
        return await super()._call_eval_sample(self._solver.copy(), *args)


def hook_of(evaluation: Eval, name: str) -> Callable[..., Any]:
    """The method `name` (`check_sample`, `first_prompt`, `ideal_completions`) that fits the eval's `eval_sample`.

    A plug-in may derive from one of our classes, replace `eval_sample` and read other keys of its samples. The hooks of
    our class then say nothing about those samples, and the default one of Eval is returned.
    """
    owner = next(cls for cls in type(evaluation).__mro__ if name in vars(cls) or "eval_sample" in vars(cls))
    default: Callable[..., Any] = functools.partial(getattr(Eval, name), evaluation)
    return getattr(evaluation, name, default) if name in vars(owner) else default
