"""The text for a run that ended early: why, how many samples are done, the score so far, how to continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.errors import Interrupted
from evals.report.terminal.run import tokens_and_cost
from evals.report.words import counted, interval_text, number
from evals.report_keys import metrics_of

if TYPE_CHECKING:
    from evals.engine.session import CallCounts
    from evals.runner.result import RunResult


def stopped_block(result: RunResult, again: str = "") -> str:
    """The text for a result with `stopped_by`. again: the command that continues the run."""
    counters, why = result.counters, result.stopped_by
    assert why is not None
    done = counters.n_before + counters.n_finished
    is_done = done >= result.n_total > 0
    lines = [] if isinstance(why, Interrupted) else [f"error: {why}" if result.exit_code in (2, 3) else str(why)]
    score = _score(result, so_far="" if is_done else " so far") if done else ""
    lines.append(f"{'done' if is_done else 'stopped at'} {done:,} of {result.n_total:,}{score}")
    lines.append(f"  {_calls(result.counts)}")
    if not done and not result.counts.n_calls and result.exit_code in (2, 3):
        lines.append("  Nothing was answered. Fix the error and run again.")
    elif result.record_path:
        lines.append(f"  the answers so far are kept: {result.record_path}")
        if not is_done:
            lines.append(f"  go on:  {again or 'the same command with --resume'}")
    return "\n".join(lines)


def _score(result: RunResult, so_far: str) -> str:
    accuracy = metrics_of(result.report).get("accuracy")
    if accuracy is None or accuracy.ci95 is None:
        return ""
    by = f" ({accuracy.method})" if accuracy.method is not None else ""
    return f": accuracy{so_far} {number(accuracy.value)}, 95 % interval {interval_text(*accuracy.ci95)}{by}"


def _calls(counts: CallCounts) -> str:
    if counts.n_calls:
        return ", ".join([counted(counts.n_calls, "call"), *tokens_and_cost(counts)])
    failed = ", ".join(f"{kind} {n}" for kind, n in counts.failures.most_common(3))
    return "no call succeeded" + (f": {failed}" if failed else "")
