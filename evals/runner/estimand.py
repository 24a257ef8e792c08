"""What a run's intervals are about: these samples of the dataset alone, in place of samples like these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.errors import EvalsError, UsageError
from evals.record.score_arrays import ScoreArrays, read_score_arrays
from evals.report_keys import metric_keys, metrics_of
from evals.runner.request import RunRequest
from evals.stats.arrays import Codes
from evals.stats.finite_population import these_samples
from evals.stats.intervals import mean_of
from evals.texts.number_text import counted

THESE = "these samples"
"`estimand` of a report."


def check_estimand(request: RunRequest, n_samples: int | None) -> None:
    """Raise UsageError where intervals about these samples cannot be made: no record, or a dataset of unknown size."""
    if request.estimand != "these":
        return
    if request.dry_run or request.http_url is not None:
        raise UsageError("--estimand these needs a record on this machine", fix="leave out --dry-run and --http-run")
    if n_samples is None:
        raise UsageError(
            "--estimand these needs the number of samples of the dataset, which this eval does not say",
            where=request.eval_name,
            fix="leave it out, or derive the eval's samples from `samples_jsonl`",
        )


def about_these_samples(report: dict[str, Any], path: str, population: int) -> dict[str, Any]:
    """`report` with errors and intervals about the dataset's `population` samples, as far as the record can tell.

    Metrics that are no means of samples' numbers (macro means, BLEU) keep what they have, and `how` names them.
    """
    if report.get("estimand") == THESE:
        return report
    found, kept = dict(report), []
    first: ScoreArrays | None = None
    for name, metric in metrics_of(report).items():
        if metric.ci95 is None and metric.stderr is None:
            continue
        run = _scores(path, name)
        if run is None or mean_of(run.scores.tolist()) != metric.value:
            kept.append(name)
            continue
        first = first or run
        keys = _keys(name, run, None, population)
        n = keys.pop("n")
        found.update(keys if n == report.get("n") else {**keys, f"{name}_n": n})
        found.pop(f"{name}_n_clusters", None)
    if first is not None:
        found.pop("n_clusters", None)
        found["groups"] = {key: _table(rows, first, key, population) for key, rows in _groups(report).items()}
    said = found.get("how") or []
    lines = [*([said] if isinstance(said, str) else said), *_words(first, kept, population)]
    found = {**found, "estimand": THESE, "how": lines}
    return found if found.get("groups") else {key: value for key, value in found.items() if key != "groups"}


def _scores(path: str, name: str) -> ScoreArrays | None:
    try:
        return read_score_arrays(path, name)
    except EvalsError:
        return None


def _groups(report: Mapping[str, Any]) -> Mapping[str, Any]:
    groups = report.get("groups")
    return groups if isinstance(groups, Mapping) else {}


def _keys(name: str, run: ScoreArrays, rows: Codes | None, population: int) -> dict[str, Any]:
    chosen = slice(None) if rows is None else rows
    scores = run.scores[chosen]
    within, repeats = run.within_variance[chosen], run.n_repeats[chosen]
    made = these_samples(scores, within, repeats, population, beyond_unit=run.beyond_unit)
    ends = (made.interval.low, made.interval.high)
    return metric_keys(name, mean_of(scores.tolist()), made.stderr, ends, made.n, made.method)


def _table(table: Any, run: ScoreArrays, key: str, population: int) -> Any:
    """The rows of a table whose metric the record can make anew; a group's size is not known beyond its samples here,
    and taken to be as many times larger as the dataset is."""
    labels = run.labels.get(key)
    if labels is None or not isinstance(table, Mapping):
        return table
    rows = dict(table)
    for code, value in enumerate(labels.names):
        chosen = (labels.codes == code).nonzero()[0]
        metrics = metrics_of(rows[value]) if isinstance(rows.get(value), Mapping) else {}
        name = next(iter(metrics), None)
        if name is None or metrics[name].value != mean_of(run.scores[chosen].tolist()):
            continue
        size = max(len(chosen), round(len(chosen) * population / run.n))
        kept = {key: value for key, value in rows[value].items() if key != "n_clusters"}
        rows[value] = {**kept, **_keys(name, run, chosen, size)}
    return rows


def _words(run: ScoreArrays | None, kept: list[str], population: int) -> list[str]:
    lines = [f"of samples like these, as they cannot be made for these alone: {', '.join(kept)}"] if kept else []
    if run is None:
        return lines
    about = f"intervals are about the {counted(population, 'sample')} of the dataset"
    if (run.n_repeats > 1).any():
        return [f"{about}: the model's draws vary, the samples do not", *lines]
    if run.n == population:
        known = f"all {population:,} samples were evaluated once, so their score is known and has no interval"
        return [f"{known}; what other draws of the model would score takes --repeats", *lines]
    return [f"{about}, evaluated once each", *lines]
