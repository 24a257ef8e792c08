"""The result of a run: metrics with their uncertainty, samples as typed rows, and the path of the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.engine.samples import NullObserver
from evals.engine.session import CallCounts
from evals.errors import EvalsError, MissingExtra, ProviderError, UsageError, did_you_mean, listed
from evals.record.reader import Record, read_record
from evals.record.rows import COLUMNS, labels_in, row_of
from evals.record.sample_record import SampleRecord
from evals.report_keys import Metric as Metric
from evals.report_keys import metrics_of as metrics_of
from evals.runner.counters import RunCounters
from evals.runner.result_html import result_html
from evals.specs import BaseEvalSpec, EvalSpec, RunSpec

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class SampleRow:
    """One evaluation of one sample, as it was recorded. None stands for what was not recorded."""

    sample_id: str
    repeat: int = 0
    prompt: Any = None
    completion: Any = None
    "The completion that was scored."
    expected: Any = None
    picked: Any = None
    correct: Any = None
    "Whether it is right; the share of right matches if several differ. None if it failed, or has no match."
    error: dict[str, Any] | None = None
    "`type` and `message` of the error if the sample failed; it was not scored then."
    usage: dict[str, Any] | None = None
    "Tokens by the provider's name of the count, summed over calls."
    latency_s: float | None = None
    "Seconds, summed over calls."
    cost_usd: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    "Further numbers of the sample, such as `score`."
    id: str = ""
    "The sample's name: the id that its row gives itself, else `sample_id`."
    labels: dict[str, Any] = field(default_factory=dict)
    "What groups the sample: `category`, `subject`, `language`, ..."

    @property
    def is_wrong(self) -> bool:
        """True if the sample was scored and at least one of its matches is not right."""
        if self.error is not None or self.correct is None:
            return False
        return not self.correct or (isinstance(self.correct, float) and self.correct < 1)

    @classmethod
    def of(cls, sample: SampleRecord) -> SampleRow:
        row = row_of(sample)
        return cls(
            **{name: row[name] for name in COLUMNS},
            metrics={key: value for key, value in row.items() if key not in COLUMNS},
            labels=labels_in(sample),
        )


class RecordedSamples:
    """The samples of a record. Each iteration reads the file again, one sample at a time."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __iter__(self) -> Iterator[SampleRow]:
        return map(SampleRow.of, read_record(self.path).samples())

    def __len__(self) -> int:
        return sum(1 for _ in read_record(self.path).samples())

    def __getitem__(self, sample_id: str) -> SampleRow:
        """The first evaluation of the sample with that `id` or `sample_id`. Reads the record up to it.

        Raises:
            KeyError: the record has no such sample.
        """
        for row in self:
            if sample_id in (row.id, row.sample_id):
                return row
        raise KeyError(sample_id)

    def wrong(self) -> Iterator[SampleRow]:
        """The samples of which at least one match was scored as wrong."""
        return (row for row in self if row.is_wrong)

    def failed(self) -> Iterator[SampleRow]:
        """The samples that failed and were not scored."""
        return (row for row in self if row.error is not None)

    def __repr__(self) -> str:
        return f"<samples of {self.path}>"


@dataclass(repr=False)
class RunResult:
    """The result of a run. `report` is the final report; for a run that ended early, the partial report.

    counts: calls of the run. counters: samples, errors, scores and tokens. max_errors: failed samples tolerated, a
    count, or below 1 a fraction. stopped_by: why the run ended early. failed_thresholds: --fail-under not reached.
    """

    run_spec: RunSpec
    eval_spec: EvalSpec
    base_spec: BaseEvalSpec | None
    report: dict[str, Any]
    counts: CallCounts
    counters: RunCounters
    record_path: str | None
    wall_s: float
    "Seconds that the run took."
    n_total: int
    max_errors: float = 0
    stopped_by: EvalsError | None = None
    failed_thresholds: int = 0
    undecided_thresholds: int = 0
    "Thresholds of --fail-under that are reached, but would not be if the failed samples were wrong."
    was_finished: bool = False
    "True if nothing was left to do, and the report is that of an earlier run."

    @property
    def n_errors(self) -> int:
        """Number of samples that failed. They are in no metric."""
        return self.counters.n_errors

    @property
    def exit_code(self) -> int:
        """The exit code of a command: that of `problem`, else 1 for a missed threshold, 5 for an open one, or 0."""
        problem = self.problem
        if problem is not None:
            return problem.exit_code
        return 1 if self.failed_thresholds else 5 if self.undecided_thresholds else 0

    @property
    def problem(self) -> EvalsError | None:
        """Why the metrics do not cover the whole run: it ended early, or too many samples failed. Else None."""
        if self.stopped_by is not None:
            return self.stopped_by
        allowed = self.max_errors * self.n_total if 0 < self.max_errors < 1 else self.max_errors
        if self.n_errors <= allowed:
            return None
        return ProviderError(
            f"{self.n_errors:,} of {self.n_total:,} {self._unit}s failed and were not scored",
            where=self.eval_spec.key,
            notes=[
                self.counters.error_kinds,
                f"the first: {self.counters.first_error[:200]}",
                f"record: {self.record_path}" if self.record_path else "",
            ],
            fix="resume the run to ask again for those alone, or tolerate them with max_errors",
        )

    @property
    def _unit(self) -> str:
        """What can fail: a sample, or of a run with repeats an evaluation of one."""
        return "evaluation" if (self.run_spec.run_config.get("repeats") or 1) > 1 else "sample"

    @property
    def accuracy(self) -> float:
        """The value of the metric `accuracy`; NaN if no sample was scored.

        Raises:
            UsageError: the eval reports no accuracy, but other metrics.
        """
        return self.metric("accuracy").value

    @property
    def metrics(self) -> dict[str, Metric]:
        """The metrics of the report by name, with their uncertainty, in the report's order."""
        return metrics_of(self.report)

    def metric(self, name: str) -> Metric:
        """The metric of that name.

        Raises:
            UsageError: there is none; the message names those that there are.
        """
        metrics = self.metrics
        if name not in metrics:
            raise UsageError(
                f"the report has no metric {name!r}",
                where=self.eval_spec.key,
                notes=[did_you_mean(name, metrics), f"it has: {listed(list(metrics), 12) or 'none'}"],
            )
        return metrics[name]

    @property
    def samples(self) -> RecordedSamples:
        """The samples, read from the record when they are iterated over.

        Raises:
            UsageError: the run kept no record.
        """
        return RecordedSamples(self._record())

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row for each evaluation of a sample. Raises UsageError without a record."""
        return read_record(self._record()).to_dataframe()

    def metrics_to_dataframe(self) -> pandas.DataFrame:
        """A pandas DataFrame with one row for each metric: its value, uncertainty, and how the interval is made.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MissingExtra("a DataFrame of metrics", "data") from None
        return pandas.DataFrame([{"metric": name, **_flat(metric)} for name, metric in self.metrics.items()])

    def _record(self) -> str:
        if self.record_path is None:
            raise UsageError("this run kept no record, so its samples cannot be read", where=self.eval_spec.key)
        return self.record_path

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {metric}" for name, metric in self.metrics.items())
        problem = "" if self.problem is None else f"; not whole: {self.problem.what}"
        return f"<RunResult {self._title()}: {numbers or 'no metrics'}{problem}; record {self.record_path}>"

    def _record_line(self) -> str:
        return f"record: {self.record_path}" if self.record_path is not None else ""

    def _title(self) -> str:
        return f"{self.eval_spec.key} on {', '.join(self.run_spec.completion_fns)}"

    def _repr_html_(self) -> str:
        """A small table for notebooks."""
        notes = []
        if self.problem is not None:
            notes.append(str(self.problem).splitlines()[0])
        if self.n_errors and self.problem is None:
            notes.append(f"{self.n_errors:,} {self._unit}s failed (not scored; not in n)")
        notes += [self._record_line()] if self.record_path is not None else []
        return result_html(self._title(), self.metrics, notes)


def _flat(metric: Metric) -> dict[str, Any]:
    low, high = metric.ci95 or (None, None)
    ends = {"ci95_low": low, "ci95_high": high, "method": metric.method}
    return {"value": metric.value, "stderr": metric.stderr, **ends, "n": metric.n, "n_clusters": metric.n_clusters}


def read_result(path: str | Path) -> RunResult:
    """The result of an earlier run, from its record. No model is called.

    Raises:
        DataError: there is no such file, or it is no record.
    """
    log = read_record(path)
    counters = RunCounters(NullObserver())
    for sample in log.samples():
        counters.n_total += 1
        if sample.error is None:
            counters.n_finished += 1
            counters.add_finished(sample.events)
        else:
            counters.add_failed(sample.error)
    facts = log.extras.get("run") or {}
    stopped = None if log.final_report is not None else EvalsError("this run did not end", where=str(path))
    return RunResult(
        run_spec=_run_spec(log),
        eval_spec=_eval_spec(log),
        base_spec=None,
        report=log.final_report or {"n_errors": counters.n_errors},
        counts=CallCounts(n_calls=facts.get("n_calls", 0), n_cached=facts.get("n_cached", 0)),
        counters=counters,
        record_path=str(path),
        wall_s=facts.get("wall_s", 0.0),
        n_total=counters.n_total,
        stopped_by=stopped,
        was_finished=True,
    )


def _run_spec(log: Record) -> RunSpec:
    said = log.spec
    spec = RunSpec(
        completion_fns=[str(name) for name in said.get("completion_fns") or ["?"]],
        eval_name=str(said.get("eval_name", "?")),
        base_eval=str(said.get("base_eval", "?")),
        split=str(said.get("split", "?")),
        run_config=said.get("run_config") or {},
        created_by=str(said.get("created_by") or ""),
    )
    spec.run_id, spec.created_at = said.get("run_id"), said.get("created_at")
    return spec


def _eval_spec(log: Record) -> EvalSpec:
    said = (log.spec.get("run_config") or {}).get("eval_spec") or {}
    return EvalSpec(
        cls=str(said.get("cls", "?")),
        registry_path=Path(said.get("registry_path") or "."),
        args=said.get("args"),
        key=said.get("key") or log.spec.get("eval_name"),
        group=said.get("group"),
    )


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
