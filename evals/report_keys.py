"""What the keys of a report are: metrics with their uncertainty, counts, costs, and what is no number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evals.texts.number_text import interval_text, number

Kind = Literal["metric", "companion", "count", "cost", "other"]
"""What a key holds.

metric: a number that says how good something is, NAME. companion: what is known of a metric, under its name:
NAME_stderr, NAME_ci95 (both ends of the 95 % interval), NAME_method (how the interval is made), NAME_n and
NAME_n_clusters (where they are not the report's `n` and `n_clusters`), and the spread of openai/evals. count: of
samples (`n`, `n_clusters`, `n_errors`, `truncated`) or of what an eval counts itself (`n_completions`, `counts/A`,
`status/passed`). cost: dollars and tokens. other: texts, tables and whatever is no number.
"""

TRUNCATED = "truncated"
"Scored evaluations of samples of which a completion reached the limit on tokens; there where there are any."

SAMPLE_COUNTS = ("n", "n_clusters", "n_errors")
COMPANIONS = ("_stderr", "_ci95", "_method", "_n", "_n_clusters")
SPREADS = ("boostrap_std", "bootstrap_std")
"The spread of the accuracy as openai/evals reports it, and as it spells it."

ENDINGS = {
    "n_refused": "refused by the model, without an answer",
    "n_filtered": "ended by a content filter",
    "n_tool_calls": "called tools",
    "n_with_thoughts": "held thoughts, which are not read",
    "n_without_answer": "held thoughts and no answer",
}
"Counts of completions that were no whole, plain answer, with the words for them; they stand in reports from 1 up."

_COUNT_PREFIXES = ("n_", "counts/", "status/", "kind/", "assurance/")
_COST_PREFIX = "usage_"
MISSES = ("unparsed", "invalid_rate", "retry_rate", "position_inconsistency", "grader_alpha", "grader_kappa")
"Unreadable answers, and how far graders can be believed: metrics, but not what an eval is about."


LEAST = {"effective wilson": (0, 3), "student t": (30, 3), "clustered t (CR2)": (3, 3)}
"""The samples, and the clusters, below which the interval of a method says nothing: with two clusters it held the truth
in 89 % of simulated runs, and the mean of 20 skewed scores in 92 to 93 % (docs/statistics.md)."""

TOO_FEW = "too few to say"


@dataclass(frozen=True)
class Metric:
    """One number of a report with what is known of its uncertainty; `float(metric)` is its value."""

    value: float
    "NaN where it is not defined, as the mean of no samples."
    stderr: float | None = None
    ci95: tuple[float, float] | None = None
    "The 95 % interval."
    n: int | None = None
    "Samples that it was taken over; failed ones are not among them."
    n_clusters: int | None = None
    "Independent units among them; None where each sample is one."
    method: str | None = None
    "How the interval is made: `wilson`, `student t`. See docs/statistics.md."
    is_too_few: bool = False
    "There are too few samples or clusters for an interval by the method of the report; `ci95` is then None."

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        if self.is_too_few:
            return f"{number(self.value)} (95 % interval: {TOO_FEW})"
        if self.ci95 is None:
            return number(self.value)
        over = "" if self.n is None else f", n = {self.n:,}"
        by = "" if self.method is None else f", {self.method}"
        return f"{number(self.value)} (95 % interval {interval_text(*self.ci95)}{by}{over})"


def kind_of(name: str, report: Mapping[str, Any]) -> Kind:
    """What the key `name` of a report holds."""
    if name in SPREADS or _is_companion(name, report):
        return "companion"
    if name == "cost_usd" or name.startswith(_COST_PREFIX):
        return "cost"
    value = report[name]
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        return "other"
    if name == "n" or (name.startswith((*_COUNT_PREFIXES, TRUNCATED)) and isinstance(value, int)):
        return "count"
    return "metric"


def _is_companion(name: str, report: Mapping[str, Any]) -> bool:
    return any(name.endswith(ending) and name.removesuffix(ending) in report for ending in COMPANIONS)


def metrics_of(report: Mapping[str, Any]) -> dict[str, Metric]:
    """The metrics of a report in its order, each with its companions."""
    return {name: _metric(name, report) for name in report if kind_of(name, report) == "metric"}


def counts_of(report: Mapping[str, Any]) -> dict[str, int]:
    """What an eval counts itself; the counts of samples that every report has are not among them."""
    names = [name for name in report if name not in SAMPLE_COUNTS and kind_of(name, report) == "count"]
    return {name: report[name] for name in names}


def headline(report: Mapping[str, Any], declared: Iterable[str] = ()) -> str | None:
    """The number that stands for a report: the first of `declared` that it has, else its accuracy, else its score.

    A report whose accuracy or score is null scored nothing: no other number stands for it, and the answer is that name.
    Reports without these: the first metric that is no rate of unreadable answers, else the first number, else None.
    declared: the metrics that the eval's entry names.
    """
    numbers = [name for name, value in report.items() if isinstance(value, int | float)]
    usual = [name for name in (*declared, "accuracy", "score") if name in report]
    if usual:
        return next((name for name in usual if name in numbers), usual[0])
    metrics = [name for name in metrics_of(report) if name not in MISSES]
    return next((name for name in (*metrics, *numbers) if name in numbers), None)


def n_of(name: str, report: Mapping[str, Any]) -> int | None:
    """Samples that a metric was taken over; None where the report does not say."""
    return as_count(report.get(f"{name}_n", report.get("n")))


def _metric(name: str, report: Mapping[str, Any]) -> Metric:
    value, stderr, interval = (
        report[name],
        as_number(report.get(f"{name}_stderr")),
        _interval(report.get(f"{name}_ci95")),
    )
    metric = Metric(math.nan if value is None else float(value), stderr, interval)
    if stderr is None and interval is None:
        return metric
    n = n_of(name, report)
    n_clusters = as_count(report.get(f"{name}_n_clusters", None if f"{name}_n" in report else report.get("n_clusters")))
    method = report.get(f"{name}_method")
    n_clusters = n_clusters if n_clusters != n else None
    named = method if interval is not None and isinstance(method, str) else None
    if is_too_few(named, n, n_clusters):
        return Metric(metric.value, stderr, None, n, n_clusters, None, is_too_few=True)
    return Metric(metric.value, stderr, interval, n, n_clusters, named)


def is_too_few(method: str | None, n: int | None, n_clusters: int | None) -> bool:
    """Whether an interval of this method says nothing with so few samples or clusters. n_clusters: None without any."""
    least_n, least_clusters = LEAST.get(method or "", (0, 0))
    return (n is not None and n < least_n) or (n_clusters is not None and n_clusters < least_clusters)


def as_number(value: Any) -> float | None:
    """A number as it is; None for anything else."""
    return value if isinstance(value, int | float) else None


def _interval(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, Sequence) or len(value) != 2 or not all(isinstance(end, int | float) for end in value):
        return None
    return float(value[0]), float(value[1])


def as_count(value: Any) -> int | None:
    """A whole number as it is; None for anything else."""
    return value if isinstance(value, int) else None


def metric_keys(
    name: str, value: float, stderr: float, ci95: tuple[float, float], n: int, method: str
) -> dict[str, Any]:
    """The keys of a metric in a report; None for what is not defined (NaN), also for an interval without ends.

    method: how the interval is made, in the words of `Estimate.method`.
    """
    return {name: defined(value), f"{name}_stderr": defined(stderr), **interval_keys(name, ci95, method), "n": n}


def interval_keys(name: str, ci95: tuple[float, float], method: str) -> dict[str, Any]:
    """`name_ci95` and `name_method`; both None for an interval without ends."""
    if math.isnan(ci95[0]) or math.isnan(ci95[1]):
        return {f"{name}_ci95": None, f"{name}_method": None}
    return {f"{name}_ci95": [ci95[0], ci95[1]], f"{name}_method": method}


def defined(value: float) -> float | None:
    """None for NaN."""
    return None if math.isnan(value) else value
