"""Adds to a final report what labels and repeats call for: a table of groups, and fitting intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.errors import EvalsError
from evals.record.score_arrays import ScoreArrays, read_score_arrays
from evals.record.scores import report_name
from evals.report_keys import metric_keys
from evals.stats.arrays import Array
from evals.stats.estimate import Estimate
from evals.stats.intervals import mean_of
from evals.stats.proportions import proportion_estimate
from evals.stats.standard_error import mean_estimate

MAX_GROUPS = 200
"Labels with more values than this are ids rather than groups: they get no table."


def labelled_report(path: str, report: dict[str, Any]) -> dict[str, Any]:
    """`report` with `groups`, and with standard error and interval for clusters and repeats where there are any.

    path: the record, whose scores are read again. A record without scores adds nothing.
    """
    try:
        run = read_score_arrays(path)
    except EvalsError:
        return report
    name = report_name(run.metric)
    added: dict[str, Any] = {}
    codes = run.cluster_codes()
    if name in report and (codes is not None or (run.n_repeats > 1).any()):
        added.update(_keys(name, run.scores, None if codes is None else codes.tolist()))
    groups = {key: _table(run, key, name) for key in run.labels}
    groups = {key: table for key, table in groups.items() if table}
    return {**report, **added, **({"groups": groups} if groups else {})}


def _table(run: ScoreArrays, key: str, name: str) -> dict[str, Any]:
    labels, clusters = run.labels[key], run.cluster_codes()
    if len(labels.names) > MAX_GROUPS:
        return {}
    table: dict[str, Any] = {}
    for code, value in sorted(enumerate(labels.names), key=lambda pair: pair[1]):
        chosen = labels.codes == code
        if chosen.any():
            table[value] = _keys(name, run.scores[chosen], None if clusters is None else clusters[chosen].tolist())
    return table


def _keys(name: str, scores: Array, clusters: Sequence[int] | None) -> dict[str, Any]:
    found = _estimate(scores, clusters)
    ends = (found.interval.low, found.interval.high)
    keys = metric_keys(name, mean_of(scores.tolist()), found.stderr, ends, found.n)
    return keys if found.n_clusters == found.n else {**keys, "n_clusters": found.n_clusters}


def _estimate(scores: Array, clusters: Sequence[int] | None) -> Estimate:
    in_unit = bool(((scores >= 0) & (scores <= 1)).all())
    return proportion_estimate(scores, clusters) if in_unit else mean_estimate(scores, clusters)
