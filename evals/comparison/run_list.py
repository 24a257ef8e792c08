"""The runs in a folder of records, a line each: when, what, by which model, the score, its cost, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals.record.folders import summaries
from evals.record.summary import RecordSummary
from evals.report_keys import as_count, as_number, headline, metrics_of


@dataclass(frozen=True)
class RunLine:
    """One run. None stands for what the record does not say."""

    path: str
    created_at: str
    "ISO 8601, in UTC."
    eval_name: str
    model: str
    "The completion functions, separated by commas."
    prompt: str | None = None
    "The name of the prompt, of evals that have several."
    images: str | None = None
    "`no_vision` or `transcribed`; None where images are sent as they are, or the eval has none."
    metric: str | None = None
    "The number that stands for the run: accuracy, else score, else the first metric of its report."
    value: float | None = None
    ci95: tuple[float, float] | None = None
    n: int | None = None
    "Samples that were scored."
    n_errors: int = 0
    cost_usd: float | None = None
    state: str = "done"
    "done, failed (samples failed), stopped (no report, or one over a part) or running."
    tags: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def runs_in(paths: Iterable[Path]) -> list[RunLine]:
    """The runs under files and folders, the newest first."""
    return sorted(map(run_line, summaries(paths)), key=lambda run: (run.created_at, run.path), reverse=True)


def that_fit(
    runs: Iterable[RunLine], *, evals: str | None, model: str | None, tags: Iterable[str]
) -> Iterator[RunLine]:
    """The runs whose eval and model contain a text, and that have all the tags."""
    wanted = set(tags)
    for run in runs:
        if (evals or "") in run.eval_name and (model or "") in run.model and wanted <= set(run.tags):
            yield run


def run_line(record: RecordSummary) -> RunLine:
    """The line of one record."""
    spec, report = record.spec, record.report or {}
    config = spec.get("run_config")
    tags = config.get("tags") if isinstance(config, Mapping) else None
    name = headline(report)
    metric = metrics_of(report).get(name or "")
    return RunLine(
        path=str(record.path),
        created_at=str(spec.get("created_at") or ""),
        eval_name=str(spec.get("eval_name") or "?"),
        model=model_of(spec),
        prompt=prompt_of(config),
        images=images_of(config),
        metric=name,
        value=metric.value if metric is not None and metric.value == metric.value else None,
        ci95=metric.ci95 if metric is not None else None,
        n=metric.n if metric is not None and metric.n is not None else as_count(report.get("n")),
        n_errors=as_count(report.get("n_errors")) or 0,
        cost_usd=as_number(report.get("cost_usd")),
        state=state_of(record),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
    )


def model_of(spec: Mapping[str, Any]) -> str:
    """The completion functions of a run, separated by commas, with the effort of reasoning that was asked for."""
    names = ", ".join(map(str, spec.get("completion_fns") or ())) or "?"
    effort = _mapping_in(spec.get("run_config"), "overrides").get("reasoning_effort")
    return f"{names}, effort {effort}" if isinstance(effort, str) else names


def conditioned(eval_name: str, *conditions: str | None) -> str:
    """The name of an eval with the conditions of a run that make other numbers of it: `sums.dev.v0 [short]`."""
    known = [condition for condition in conditions if condition]
    return f"{eval_name} [{', '.join(known)}]" if known else eval_name


def images_of(config: Any) -> str | None:
    """How a run's model sees images, where that is not as they are."""
    condition = _mapping_in(config, "images").get("condition")
    return condition if isinstance(condition, str) else None


def prompt_of(config: Any) -> str | None:
    """The name of a run's prompt: the argument `prompt` where the eval has `prompts`."""
    args = _mapping_in(config, "eval_args")
    return str(args["prompt"]) if {"prompt", "prompts"} <= args.keys() else None


def has_repeats(config: Any) -> bool:
    """Whether a run evaluated each sample more than once."""
    repeats = config.get("repeats") if isinstance(config, Mapping) else None
    return isinstance(repeats, int) and repeats > 1


def _mapping_in(config: Any, key: str) -> Mapping[str, Any]:
    fingerprint = config.get("fingerprint") if isinstance(config, Mapping) else None
    found = fingerprint.get(key) if isinstance(fingerprint, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def state_of(record: RecordSummary) -> str:
    """How a run ended, in the words of `RunLine.state`."""
    if record.is_running:
        return "running"
    if record.report is None:
        return "stopped"
    run = record.extras.get("run")
    code = run.get("exit_code") if isinstance(run, Mapping) else 0
    if code in (4, 130, 143):
        return "stopped"
    return "failed" if record.report.get("n_errors") else "done"
