"""A request from the arguments of a Python call: models that are functions, rows in memory, options as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from evals.completion_fns.graders import GraderArgument
from evals.engine.settings import EngineSettings, settings_from_environment
from evals.errors import UsageError, did_you_mean
from evals.images.conditions import CONDITIONS, ImageOptions
from evals.runner.request import Estimand, RunRequest
from evals.runner.request import log_dir as default_log_dir
from evals.runner.rows import eval_of_rows
from evals.solvers.utils import as_completion_fn_or_solver

Paths = Sequence[str | Path] | str | Path


def request_of(
    completion_fn: Any,
    eval_name: Any,
    *,
    eval_class: str,
    max_samples: int | None,
    repeats: int,
    seed: int,
    grader: GraderArgument | None,
    eval_args: Mapping[str, Any] | None,
    completion_args: Mapping[str, Any] | None,
    registry_paths: Paths,
    data_paths: Paths,
    log_dir: str | Path | None,
    settings: EngineSettings,
    command: str,
    estimand: Estimand = "like-these",
    shrink_groups: bool = False,
    tags: Sequence[str] = (),
    record_path: str | Path | None = None,
    resume: bool = False,
    cache: bool = False,
    max_errors: float = 0,
) -> RunRequest:
    """The request of a call; the arguments are those of `evals.run`. Rows in memory are written into `log_dir`.

    Raises:
        UsageError: no model is given, rows stand in its place, or a value is none that the argument takes.
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
    return RunRequest(
        completion_fns=fns,
        tags=tags,
        eval_name=eval_name,
        registry_paths=_listed(registry_paths),
        extra_eval_params={**(eval_args or {}), **({} if grader is None else {"grader": grader})},
        completion_args=dict(completion_args or {}),
        max_samples=positive("max_samples", max_samples),
        repeats=positive("repeats", repeats) or 1,
        estimand=_estimand(estimand),
        shrink_groups=shrink_groups,
        seed=seed,
        record_path=None if record_path is None else str(record_path),
        log_dir=log_dir,
        resume=resume,
        cache=cache,
        max_errors=max_errors,
        data_paths=[str(path) for path in _listed(data_paths)],
        settings=settings,
        command=command,
    )


def settings_of(
    *,
    temperature: float | None,
    effort: str | None,
    images: str | None,
    concurrency: int | None,
    **limits: float | None,
) -> EngineSettings:
    """The settings of a call. limits: rates, budgets and the time-out, by the names of EngineSettings.

    Raises:
        UsageError: a value is none that the argument takes.
    """
    chosen = {"temperature": temperature, "reasoning_effort": effort}
    return settings_from_environment(
        concurrency=positive("concurrency", concurrency),
        overrides={name: value for name, value in chosen.items() if value is not None},
        images=_images(images),
        **limits,
    )


def _refuse_rows_as_model(given: Sequence[Any]) -> None:
    """Raise UsageError where rows stand in the place of the model."""
    if any(isinstance(one, Mapping) or hasattr(one, "columns") for one in given):
        raise UsageError("rows stand where the model belongs", fix="the model comes first: evals.run(MODEL, rows)")


def _listed(paths: Paths) -> list[str | Path]:
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


def positive(name: str, value: int | None) -> int | None:
    """The value, if it is 1 or more, or None.

    Raises:
        UsageError: it is below 1.
    """
    if value is not None and value < 1:
        raise UsageError(f"{name} is {value}, and must be 1 or more", fix="give a number from 1, or leave it out")
    return value
