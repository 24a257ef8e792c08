"""`evals.run`: an eval from Python code, for scripts, notebooks and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from evals.completion_fns.graders import GraderArgument
from evals.engine.settings import settings_from_environment
from evals.errors import UsageError, did_you_mean
from evals.images.conditions import CONDITIONS, ImageOptions
from evals.registry.lookup import Registry
from evals.runner.request import Estimand, RunRequest
from evals.runner.request import log_dir as default_log_dir
from evals.runner.result import RunResult
from evals.runner.rows import eval_of_rows
from evals.runner.run import RunObserver, run_eval
from evals.solvers.utils import as_completion_fn_or_solver


def run(
    completion_fn: Any,
    eval_name: Any,
    *,
    eval_class: str = "Includes",
    max_samples: int | None = None,
    repeats: int = 1,
    estimand: Estimand = "like-these",
    shrink_groups: bool = False,
    seed: int = 20220722,
    temperature: float | None = None,
    effort: str | None = None,
    grader: GraderArgument | None = None,
    eval_args: Mapping[str, Any] | None = None,
    completion_args: Mapping[str, Any] | None = None,
    registry_paths: Sequence[str | Path] | str | Path = (),
    data_paths: Sequence[str | Path] | str | Path = (),
    registry: Registry | None = None,
    tags: Sequence[str] = (),
    record_path: str | Path | None = None,
    log_dir: str | Path | None = None,
    resume: bool = False,
    cache: bool = False,
    max_errors: float = 0,
    concurrency: int | None = None,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    timeout_s: float | None = None,
    max_cost_usd: float | None = None,
    max_tokens_total: int | None = None,
    max_time_s: float | None = None,
    images: str | None = None,
    observer: RunObserver | None = None,
    check: bool = True,
) -> RunResult:
    """Run one eval and return its numbers, its samples and where its record lies.

    completion_fn: a name as on the command line; a function `prompt -> text`, plain or async; an object with
    `async complete(prompt, **kwargs)`; a completion function or solver of a plug-in; or a list of these.
    eval_name: the name of an eval, or rows: a list of objects or a DataFrame, which `eval_class` scores. They are kept
    in `log_dir` as an eval called `rows`; columns with other names than `input` and `ideal` are guessed, or named by
    eval_args such as `input_key`.
    eval_args, completion_args: laid over the arguments in YAML; the latter are for names only.
    resume: goes on with the newest unfinished record of the same run in `log_dir`, or with `record_path`. An
    object counts as the same when its class, its code and its public attributes are.
    estimand: what intervals are about, `like-these` samples or `these` of the dataset alone; shrink_groups: empirical
    Bayes estimates in tables of groups (docs/statistics.md).
    grader: for evals that ask one: a name, a mapping with `model` and `args`, or a list of these, a panel.
    temperature, effort (of reasoning): override those of the eval; graders keep their own.
    tags: words for the record, by which `evals runs` finds it.
    images: how the evaluated model sees images: `vision`, `no_vision` or `transcribed`; None for the eval's own way.
    max_errors: failed samples tolerated, a count, or below 1 a fraction.
    check: raise when the run was cut short or too many samples failed; without it look at `result.problem`.

    It waits for the end of the run, inside a running event loop too: from a coroutine that must not wait, use
    `await asyncio.to_thread(evals.run, ...)`.

    Raises:
        EvalsError: the run could not begin, or (with `check`) its numbers are not of the whole run; what was
            finished is in the record.
    """
    given = list(completion_fn) if isinstance(completion_fn, list | tuple) else [completion_fn]
    _refuse_rows_as_model(given)
    if not isinstance(eval_name, str):
        where = Path(log_dir) if log_dir is not None else default_log_dir()
        registry_paths = [*_listed(registry_paths), eval_of_rows(eval_name, eval_class, eval_args or {}, where)]
        eval_name = "rows"
    fns = [fn if isinstance(fn, str) else as_completion_fn_or_solver(fn) for fn in given]
    if not fns:
        raise UsageError("no completion function was given", fix="give a model's name or a function of a prompt")
    if completion_args and not any(isinstance(fn, str) for fn in fns):
        raise UsageError(
            "completion_args are for names; an object has its arguments already", fix="give them where it is made"
        )
    chosen = {"temperature": temperature, "reasoning_effort": effort}
    request = RunRequest(
        completion_fns=fns,
        tags=tags,
        eval_name=eval_name,
        registry_paths=_listed(registry_paths),
        extra_eval_params={**(eval_args or {}), **({} if grader is None else {"grader": grader})},
        completion_args=dict(completion_args or {}),
        max_samples=_positive("max_samples", max_samples),
        repeats=_positive("repeats", repeats) or 1,
        estimand=_estimand(estimand),
        shrink_groups=shrink_groups,
        seed=seed,
        record_path=None if record_path is None else str(record_path),
        log_dir=log_dir,
        resume=resume,
        cache=cache,
        max_errors=max_errors,
        data_paths=[str(path) for path in _listed(data_paths)],
        settings=settings_from_environment(
            concurrency=_positive("concurrency", concurrency),
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            attempt_timeout_s=timeout_s,
            max_cost_usd=max_cost_usd,
            max_tokens_total=max_tokens_total,
            max_time_s=max_time_s,
            overrides={name: value for name, value in chosen.items() if value is not None},
            images=_images(images),
        ),
        command="evals.run",
    )
    result = run_eval(request, registry, observer)
    if check and result.problem is not None:
        result.problem.partial_report = dict(result.report)
        raise result.problem
    return result


def _refuse_rows_as_model(given: Sequence[Any]) -> None:
    """Raise UsageError where rows stand in the place of the model."""
    if any(isinstance(one, Mapping) or hasattr(one, "columns") for one in given):
        raise UsageError("rows stand where the model belongs", fix="the model comes first: evals.run(MODEL, rows)")


def _listed(paths: Sequence[str | Path] | str | Path) -> list[str | Path]:
    return [paths] if isinstance(paths, str | Path) else list(paths)


def _images(condition: str | None) -> ImageOptions:
    if condition is not None and condition not in CONDITIONS:
        near = did_you_mean(condition, CONDITIONS)
        raise UsageError(f"images is {condition!r}", notes=[near], fix=f"choose one of {', '.join(CONDITIONS)}")
    return ImageOptions(condition)


def _estimand(name: Estimand) -> Estimand:
    if name not in get_args(Estimand):
        raise UsageError(f"estimand is {name!r}", fix=f"choose one of {', '.join(get_args(Estimand))}")
    return name


def _positive(name: str, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise UsageError(f"{name} is {value}, and must be 1 or more")
    return value
