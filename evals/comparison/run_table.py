"""The numbers of finished runs for a table: all metrics of one run, or one metric of models by evals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.comparison.completed_report import completed_report
from evals.comparison.run_list import conditioned, has_repeats, images_of, model_of, prompt_of, state_of
from evals.errors import DataError, UsageError, did_you_mean
from evals.metrics import Mean, with_keys
from evals.record.folders import summaries, without_copies
from evals.record.summary import RecordSummary
from evals.report_keys import Metric, as_count, headline, metrics_of

COUNTS, INVALID = "counts/", "__invalid__"
UNFINISHED = "the run has not ended (oaieval ... --resume)"
WITHOUT_REPORT = "openai/evals wrote no report into it; evals compare and evals view read its samples"
STOPPED = "the run was stopped, and these are its samples so far (oaieval ... --resume)"


@dataclass(frozen=True)
class TableRun:
    """One finished run."""

    path: str
    eval_name: str
    "With the named prompt and what is done with images, where there are any: other numbers of the same eval."
    model: str
    created_at: str
    metrics: dict[str, Metric]
    headline: str | None
    "The metric that stands for the run where none is asked for."
    n_errors: int = 0
    "Evaluations that failed: of a run with repeats up to `repeats` of one sample."
    has_repeats: bool = False
    n: int | None = None
    "Samples that were scored; None where the report does not say."
    is_stopped: bool = False
    "By a budget or a signal: its report is over a part of the samples."
    notes: tuple[str, ...] = ()
    "Where n and intervals come from that the report itself does not have, or why there are none."


@dataclass
class RunTable:
    """Finished runs, and words on those that are not in the table."""

    runs: list[TableRun]
    left_out: list[str] = field(default_factory=list)

    @property
    def models(self) -> list[str]:
        """In the order in which they were named."""
        return list(dict.fromkeys(run.model for run in self.runs))

    @property
    def evals(self) -> list[str]:
        """In the order in which they were named."""
        return list(dict.fromkeys(run.eval_name for run in self.runs))

    def run_of(self, model: str, eval_name: str) -> TableRun | None:
        """The run of a model on an eval; None without one."""
        return next((run for run in self.runs if (run.model, run.eval_name) == (model, eval_name)), None)


def read_table(paths: Iterable[Path]) -> RunTable:
    """The runs with a report among records and folders. Of a model on an eval the newest finished one is taken.

    A run that was stopped, whose report is over a part of the samples, is taken only where none has finished.

    Raises:
        DataError: a file is no record, or no run has ended.
    """
    groups: dict[tuple[str, str], dict[str, TableRun]] = {}
    left_out = []
    for path in without_copies(paths):
        found = list(_records_at(path))
        if not found:
            raise DataError("no record here", where=str(path), fix="name records, or a folder that holds some")
        for record in found:
            if record.report is None:
                left_out.append(f"{record.path}: {UNFINISHED if record.is_ours else WITHOUT_REPORT}")
                continue
            run = _table_run(record)
            if not run.metrics:
                left_out.append(f"{record.path}: its report has no score and no rate")
                continue
            groups.setdefault((run.model, run.eval_name), {})[run.path] = run
    if not groups:
        raise DataError("no run has ended with a score", notes=left_out[:3], fix=_how_to_go_on(left_out))
    taken = []
    for group in groups.values():
        *others, best = sorted(group.values(), key=lambda run: (not run.is_stopped, run.created_at))
        taken.append(best)
        left_out += [_why_left_out(other, best) for other in others]
    return RunTable(taken, left_out)


def _how_to_go_on(left_out: list[str]) -> str:
    if all(words.endswith(WITHOUT_REPORT) for words in left_out):
        return "evals compare RECORD RECORD, or evals view RECORD"
    return "go on with the same command and --resume"


def _why_left_out(other: TableRun, taken: TableRun) -> str:
    """Why one of two runs of a model on an eval is not in the table, with the sizes of both."""
    here, there = (f"n = {run.n:,}" if run.n is not None else "n not recorded" for run in (other, taken))
    if other.is_stopped and not taken.is_stopped:
        why = "it was stopped, and {} is a finished run of the same model and eval"
    else:
        why = "{} is a newer run of the same model and eval"
    return f"{other.path}: {why.format(taken.path)} ({there}; here {here})"


def _records_at(path: Path) -> list[RecordSummary]:
    try:
        return list(summaries([path]))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", where=str(path)) from error


def _table_run(record: RecordSummary) -> TableRun:
    completed, config = completed_report(with_rates(record.report or {}), record.path), record.spec.get("run_config")
    report, is_stopped = completed.report, state_of(record) == "stopped"
    return TableRun(
        path=str(record.path),
        eval_name=conditioned(str(record.spec.get("eval_name") or "?"), prompt_of(config), images_of(config)),
        model=model_of(record.spec),
        created_at=str(record.spec.get("created_at") or ""),
        metrics=metrics_of(report),
        headline=headline(report),
        n_errors=as_count(report.get("n_errors")) or 0,
        has_repeats=has_repeats(config),
        n=as_count(report.get("n")),
        is_stopped=is_stopped,
        notes=(*completed.notes, *([STOPPED] if is_stopped else [])),
    )


def with_rates(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report, with the share of each choice where it has nothing but counts, as for rubrics without scores.

    openai/evals reports these so. `rate/CHOICE` and `invalid_rate` are those of reports of this package, each with its
    error, interval and n.
    """
    counts = {key.removeprefix(COUNTS): report[key] for key in report if key.startswith(COUNTS)}
    if metrics_of(report) or not counts or not all(isinstance(count, int) for count in counts.values()):
        return dict(report)
    rated = dict(report)
    for choice in (INVALID, *sorted(choice for choice in counts if choice != INVALID)):
        share = Mean()
        for nr in range(sum(counts.values())):
            share.add(str(nr), float(nr < counts.get(choice, 0)))
        rated = with_keys(rated, "invalid_rate" if choice == INVALID else f"rate/{choice}", share)
    return rated


def metric_in(table: RunTable, eval_name: str, wanted: str | None) -> str | None:
    """The metric of an eval's column: the one that is wanted, else the headline of its first run.

    Raises:
        UsageError: no run of the table has the wanted metric.
    """
    known = dict.fromkeys(name for run in table.runs for name in run.metrics)
    if wanted is not None and wanted not in known:
        note = did_you_mean(wanted, known) or f"there are: {', '.join(known)}"
        raise UsageError(f"no run has the metric {wanted!r}", notes=[note])
    return wanted or next(run.headline for run in table.runs if run.eval_name == eval_name)
