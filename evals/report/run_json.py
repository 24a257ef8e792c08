"""A run's result as plain values, for `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evals.runner.result import run_facts

if TYPE_CHECKING:
    from evals.runner.result import RunResult


def run_json(result: RunResult) -> dict[str, Any]:
    """The final report, with names, efforts, record path, counts of errors by type, and calls and seconds in `run`."""
    return {
        "eval": result.eval_spec.key,
        "completion_fns": result.run_spec.completion_fns,
        "efforts": result.run_spec.run_config.get("efforts") or {},
        "run_id": result.run_spec.run_id,
        "record_path": result.record_path,
        "final_report": result.report,
        "errors": dict(result.counters.errors),
        "stopped_by": None if result.stopped_by is None else str(result.stopped_by),
        "run": run_facts(result),
    }
