"""The block that ends a run in the terminal: the answer, how sure, what went wrong, where it lies, what next."""

from __future__ import annotations

import math
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from evals.engine.session import CallCounts
from evals.report.terminal.sample import money
from evals.report_keys import Metric, counts_of, metrics_of
from evals.runner.run import RunResult

DETECTABLE_STDERRS = 1.959963984540054 + 0.8416212335729143
"Times the standard error of a paired difference; with correlation 0.5 that is the standard error of one run."

MAX_GROUP_ROWS = 12

UNPARSED = "unparsed"
"The key of the rate that has a line of its own, with the count."

WIDTH = 80


def final_block(result: RunResult, again: str = "") -> str:
    """The block as text, at most 80 columns wide where names allow.

    again: the command that goes on with this run.
    """
    declared = (result.base_spec.metrics if result.base_spec is not None else None) or ()
    sections = [
        _metric_lines(result.report, declared) + _trouble_lines(result) + _detectable_lines(result.report),
        _said_lines(result.report),
        _group_lines(result.report),
        _reference_lines(result),
        _work_lines(result),
        _next_lines(result, again),
    ]
    head = f"{result.eval_spec.key} on {', '.join(result.run_spec.completion_fns)}"
    blocks = ["\n".join(f"  {line}" for line in lines) for lines in sections if lines]
    return "\n\n".join([head, *blocks])


def _metric_lines(report: Mapping[str, Any], declared: Sequence[str]) -> list[str]:
    """A line a metric or count; those that the eval declares come first, in their order."""
    metrics, counts = metrics_of(report), counts_of(report)
    first = [name for name in declared if name in report]
    shown = [name for name in dict.fromkeys([*first, *report]) if name in metrics or name in counts]
    shown = [name for name in shown if name != UNPARSED]
    width = max([12, *map(len, shown)])
    return [f"{name:<{width}} {number(report[name]):<7} {_certainty(metrics.get(name))}".rstrip() for name in shown]


def _certainty(metric: Metric | None, *, with_stderr: bool = True) -> str:
    parts = []
    if metric is None:
        return ""
    if metric.stderr is not None and with_stderr:
        parts.append(f"stderr {number(metric.stderr)}")
    if metric.ci95 is not None:
        parts.append(f"95 % interval {number(metric.ci95[0])} to {number(metric.ci95[1])}")
    if metric.n is not None and parts:
        clusters = f" in {metric.n_clusters:,} clusters" if metric.n_clusters else ""
        parts.append(f"n = {metric.n:,}{clusters}")
    return "   ".join(parts)


def _trouble_lines(result: RunResult) -> list[str]:
    lines = []
    if UNPARSED in result.report:
        rate = result.report[UNPARSED]
        count = result.counters.n_unparsed
        said = f"{counted(count, 'completion')} without an answer (scored wrong)" if count else ""
        lines.append(f"{UNPARSED:<12} {number(rate):<7} {said}".rstrip())
    if result.n_errors:
        lines.append(f"{'errors':<12} {result.n_errors:<7,} {result.counters.error_kinds} (not scored; not in n)")
        first = " ".join(result.counters.first_error.split())
        lines += [f"{'':<20} {line}" for line in textwrap.wrap(f"the first: {first}", WIDTH - 23)[:3] if first]
    return lines


def _detectable_lines(report: Mapping[str, Any]) -> list[str]:
    """What change this many samples can show, for the first metric that has a standard error."""
    for metric in metrics_of(report).values():
        if metric.stderr and not math.isnan(metric.value):
            change = DETECTABLE_STDERRS * metric.stderr
            if 0 <= metric.value <= 1 <= change:
                return [f"{'detectable':<12} nothing between two such runs: too few samples"]
            size = f"{change * 100:.1f} points" if 0 <= metric.value <= 1 else number(change)
            return [f"{'detectable':<12} {size} between two such runs (power 80 %, correlation 0.5)"]
    return []


def _said_lines(report: Mapping[str, Any]) -> list[str]:
    """What the eval says of how its numbers came about, and warns of."""
    lines: list[str] = []
    for key, label in (("how", "how"), ("warnings", "warning")):
        for text in report.get(key) or ():
            first, *rest = textwrap.wrap(str(text), WIDTH - 15) or [""]
            lines += [f"{label:<12} {first}", *(f"{'':<12} {line}" for line in rest)]
    return lines


def _group_lines(report: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for key, table in (report.get("groups") or {}).items():
        rows = list(table.items())
        if len(rows) < 2:
            continue
        lines.append(f"by {key}")
        width = min(24, max(len(value) for value, _ in rows[:MAX_GROUP_ROWS]))
        for value, row in rows[:MAX_GROUP_ROWS]:
            metric = next(iter(metrics_of(row).values()))
            certainty = _certainty(metric, with_stderr=False)
            lines.append(f"  {value[:width]:<{width}}  {number(metric.value):<7} {certainty}".rstrip())
        if len(rows) > MAX_GROUP_ROWS:
            lines.append(f"  and {len(rows) - MAX_GROUP_ROWS} more (--json shows all)")
    return lines


def _reference_lines(result: RunResult) -> list[str]:
    facts = (result.base_spec.extras or {}) if result.base_spec is not None else {}
    references = facts.get("reference")
    lines = []
    for reference in references if isinstance(references, list) else [references]:
        if not isinstance(reference, dict) or "value" not in reference:
            continue
        what = ", ".join(str(reference[key]) for key in ("model", "protocol", "source") if reference.get(key))
        lines.append(f"{'reference':<12} {number(reference['value']):<7} {what}")
    if lines and facts.get("protocol"):
        lines.append(f"{'this run':<20} {facts['protocol']}")
    return lines


def _work_lines(result: RunResult) -> list[str]:
    counts = result.counts
    parts = [counted(counts.n_calls, "call") + (f" ({counts.n_cached:,} cached)" if counts.n_cached else "")]
    if result.run_spec.completion_fns == ["replay"]:
        parts = [f"{counted(counts.n_calls, 'completion')} played back, nothing was called"]
    if counts.total_tokens:
        parts.append(f"{counts.total_tokens:,} tokens")
    if counts.cost_usd:
        parts.append(money(counts.cost_usd))
    if counts.n_retries:
        parts.append(retries(counts))
    parts.append(f"{result.wall_s:,.1f} s" if result.wall_s < 100 else f"{result.wall_s:,.0f} s")
    lines = ["this run was finished before: nothing was called" if result.was_finished else ", ".join(parts)]
    if result.record_path:
        lines.append(f"{'record':<12} {result.record_path}")
    return lines


def _next_lines(result: RunResult, again: str) -> list[str]:
    if not result.record_path:
        return []
    steps = []
    if result.stopped_by is None and result.counters.scores.n and result.counters.scores.mean < 1:
        steps.append(f"look at the wrong ones    evals view {shlex.quote(result.record_path)} --wrong")
    if result.n_errors:
        steps.append(f"look at the errors        evals view {shlex.quote(result.record_path)} --errors")
    if (result.stopped_by is not None or result.n_errors) and result.run_spec.completion_fns != ["replay"]:
        what = "go on                    " if result.stopped_by is not None else "retry the errors         "
        steps.append(f"{what} {again or 'add --resume to the same command'}")
    return steps


def counted(n: int, thing: str) -> str:
    """`1 call`, `1,319 calls`."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def retries(counts: CallCounts) -> str:
    """`27 retries (connection lost)`: how many, and what they were mostly for."""
    said = "1 retry" if counts.n_retries == 1 else f"{counts.n_retries:,} retries"
    why = counts.failures.most_common(1)
    return f"{said} ({why[0][0]})" if why else said


def number(value: float | int | None) -> str:
    """A number for people: three decimals, whole numbers as they are, a dash for what is not defined."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.1f}"
