"""What the pages show of runs: rows of the list, trends of each eval and model, progress; plain values and texts."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evals.comparison.run_list import conditioned
from evals.texts.number_text import interval_text, money, number
from evals.texts.safe_text import one_line
from evals.viewer.index import IndexedRun
from evals.viewer.live import Progress


def run_row(run: IndexedRun, folder: Path) -> dict[str, Any]:
    """One run for the list: values to sort by, and the texts that are shown. `path` is for a shell, as it stands there.
    None stands for a path that no line can hold. Names are one line, without controls."""
    line = run.line
    return {
        "id": run.id,
        "file": one_line(run.path.relative_to(folder).as_posix()),
        "path": shlex.quote(str(run.path)) if str(run.path).isprintable() else None,
        "when": line.created_at[:19].replace("T", " "),
        "eval": eval_of(run),
        "model": one_line(line.model),
        "metric": None if line.metric is None else one_line(line.metric),
        "value": line.value,
        "value_text": "" if line.value is None else number(line.value),
        "interval_text": "" if line.ci95 is None else interval_text(*line.ci95),
        "n": line.n,
        "n_planned": run.n_planned,
        "n_errors": line.n_errors,
        "cost": line.cost_usd,
        "cost_text": "" if not line.cost_usd else money(line.cost_usd),
        "state": line.state,
        "tags": [one_line(tag) for tag in line.tags],
    }


def eval_of(run: IndexedRun) -> str:
    """The eval of a run, with the conditions that make other numbers of it."""
    return one_line(conditioned(run.line.eval_name, run.line.prompt, run.line.images))


def trends(runs: Iterable[IndexedRun]) -> list[dict[str, Any]]:
    """The scores of each eval over time, a series a model, oldest first; evals and models by name.

    Only runs that ended with a score count; a run that was stopped has the score of another set of samples. A metric
    has a chart of its own, as numbers of different metrics share no axis.
    A chart of one run shows no trend, so those come last.
    """
    charts: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for run in sorted(runs, key=lambda one: (one.line.created_at, one.line.path)):
        line = run.line
        if line.value is None or line.state not in ("done", "failed"):
            continue
        chart = charts.setdefault((eval_of(run), one_line(line.metric or "score")), {})
        chart.setdefault(one_line(line.model), []).append(_point(run))
    found = [
        {
            "eval": name,
            "metric": metric,
            "models": [{"model": model, "points": series[model]} for model in sorted(series)],
        }
        for (name, metric), series in sorted(charts.items())
    ]
    return sorted(found, key=lambda chart: max(len(one["points"]) for one in chart["models"]) < 2)


def _point(run: IndexedRun) -> dict[str, Any]:
    line = run.line
    low, high = line.ci95 or (None, None)
    return {
        "id": run.id,
        "when": line.created_at[:19].replace("T", " "),
        "value": line.value,
        "low": low,
        "high": high,
        "n": line.n,
        "value_text": number(line.value),
        "interval_text": "" if line.ci95 is None else interval_text(*line.ci95),
    }


def progress_row(run: IndexedRun, progress: Progress) -> dict[str, Any]:
    """How far a run is, with the texts that are shown. `is_final`: the run has ended, and this is its number."""
    return {
        **asdict(progress),
        "id": run.id,
        "eval": eval_of(run),
        "model": one_line(run.line.model),
        "state": run.line.state,
        "n_planned": run.n_planned,
        "value_text": number(progress.value),
        "interval_text": "" if progress.ci95 is None else interval_text(*progress.ci95),
        "is_final": progress.has_ended,
    }
