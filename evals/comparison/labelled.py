"""What labels and repeats add to a final report: a table a group, and the uncertainty that fits them."""

from __future__ import annotations

import math
from typing import Any

from evals.comparison.scores import RunScores, read_scores
from evals.errors import EvalsError
from evals.stats.estimate import Estimate
from evals.stats.proportions import proportion_estimate
from evals.stats.standard_error import mean_estimate

REPORT_NAMES = {"correct": "accuracy"}
MAX_GROUPS = 200
"Labels with more values than this are ids rather than groups: they get no table."


def labelled_report(path: str, report: dict[str, Any]) -> dict[str, Any]:
    """`report` with `groups`, and with standard error and interval for clusters and repeats where there are any."""
    try:
        run = read_scores(path)
    except EvalsError:
        return report
    name = REPORT_NAMES.get(run.metric, run.metric)
    added: dict[str, Any] = {}
    codes = run.cluster_codes()
    if name in report and (codes is not None or (run.n_repeats > 1).any()):
        added.update(_keys(name, _estimate(run.scores, None if codes is None else codes.tolist())))
    groups = {key: _table(run, key, name) for key in run.labels}
    groups = {key: table for key, table in groups.items() if table}
    return {**report, **added, **({"groups": groups} if groups else {})}


def _table(run: RunScores, key: str, name: str) -> dict[str, Any]:
    labels, clusters = run.labels[key], run.cluster_codes()
    if len(labels.names) > MAX_GROUPS:
        return {}
    table: dict[str, Any] = {}
    for code, value in sorted(enumerate(labels.names), key=lambda pair: pair[1]):
        chosen = labels.codes == code
        if not chosen.any():
            continue
        listed = None if clusters is None else clusters[chosen].tolist()
        table[value] = _keys(name, _estimate(run.scores[chosen], listed))
    return table


def _estimate(scores: Any, clusters: list[int] | None) -> Estimate:
    in_unit = bool(((scores >= 0) & (scores <= 1)).all())
    return proportion_estimate(scores, clusters) if in_unit else mean_estimate(scores, clusters)


def _keys(name: str, estimate: Estimate) -> dict[str, Any]:
    low, high = estimate.interval.low, estimate.interval.high
    keys: dict[str, Any] = {
        name: _plain(estimate.value),
        f"{name}_stderr": _plain(estimate.stderr),
        f"{name}_ci95": None if math.isnan(low) else [low, high],
        "n": estimate.n,
    }
    return keys if estimate.n_clusters == estimate.n else {**keys, "n_clusters": estimate.n_clusters}


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
