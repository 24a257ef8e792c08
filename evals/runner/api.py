"""`evals.run` and `evals.estimate`: an eval from Python code, for scripts, notebooks and tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.completion_fns.graders import GraderArgument
from evals.errors import UsageError
from evals.registry.lookup import Registry
from evals.runner.estimate import RunEstimate, estimate_run
from evals.runner.python_request import request_of, settings_of
from evals.runner.request import Estimand
from evals.runner.result import RunResult
from evals.runner.run import RunObserver, run_eval


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
    request = request_of(
        completion_fn,
        eval_name,
        eval_class=eval_class,
        max_samples=max_samples,
        repeats=repeats,
        estimand=estimand,
        shrink_groups=shrink_groups,
        seed=seed,
        grader=grader,
        eval_args=eval_args,
        completion_args=completion_args,
        registry_paths=registry_paths,
        data_paths=data_paths,
        tags=tags,
        record_path=record_path,
        log_dir=log_dir,
        resume=resume,
        cache=cache,
        max_errors=max_errors,
        settings=settings_of(
            temperature=temperature,
            effort=effort,
            images=images,
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            attempt_timeout_s=timeout_s,
            max_cost_usd=max_cost_usd,
            max_tokens_total=max_tokens_total,
            max_time_s=max_time_s,
        ),
        command="evals.run",
    )
    result = run_eval(request, registry, observer)
    if check and result.problem is not None:
        result.problem.partial_report = dict(result.report)
        raise result.problem
    return result


def estimate(
    completion_fn: Any,
    eval_name: Any,
    *,
    n_trial_calls: int = 0,
    prices: tuple[float, float] | None = None,
    eval_class: str = "Includes",
    max_samples: int | None = None,
    repeats: int = 1,
    seed: int = 20220722,
    temperature: float | None = None,
    effort: str | None = None,
    grader: GraderArgument | None = None,
    eval_args: Mapping[str, Any] | None = None,
    completion_args: Mapping[str, Any] | None = None,
    registry_paths: Sequence[str | Path] | str | Path = (),
    data_paths: Sequence[str | Path] | str | Path = (),
    registry: Registry | None = None,
    log_dir: str | Path | None = None,
    concurrency: int | None = None,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    images: str | None = None,
) -> RunEstimate:
    """Calls, tokens, cost and time of a run before it begins: what `oaieval --estimate` prints, as an object.

    n_trial_calls: real calls that measure lengths and latency; 0 calls nothing, and needs no key. prices: dollars per
    million prompt and completion tokens of the evaluated model, in place of those of the registry. The other arguments
    are those of `evals.run`.

    Raises:
        EvalsError: the run could not begin like this.
        UsageError: a price is negative or no number, or `n_trial_calls` is below 0.
    """
    if prices is not None and not all(0 <= price < math.inf for price in prices):
        raise UsageError(f"prices are {prices}", fix="give two numbers from 0 up: dollars per million tokens")
    if n_trial_calls < 0:
        raise UsageError(f"n_trial_calls is {n_trial_calls}", fix="give a number from 0 up")
    request = request_of(
        completion_fn,
        eval_name,
        eval_class=eval_class,
        max_samples=max_samples,
        repeats=repeats,
        seed=seed,
        grader=grader,
        eval_args=eval_args,
        completion_args=completion_args,
        registry_paths=registry_paths,
        data_paths=data_paths,
        log_dir=log_dir,
        settings=settings_of(
            temperature=temperature,
            effort=effort,
            images=images,
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
        ),
        command="evals.estimate",
    )
    return estimate_run(request, registry, n_trial_calls=n_trial_calls, prices=prices)
