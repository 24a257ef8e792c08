"""Adds to a final report what labels and repeats call for: a table of groups, and fitting intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.engine.plan import RunPlan
from evals.errors import EvalsError
from evals.metrics import Report
from evals.record.reader import read_record
from evals.record.score_arrays import ScoreArrays, read_score_arrays
from evals.record.scores import report_name
from evals.report_keys import defined, metric_keys, metrics_of
from evals.runner.order_variance import answers_by_order, order_parts
from evals.sample import CLUSTER_KEY
from evals.stats.intervals import mean_of
from evals.stats.means import estimate

MAX_GROUPS = 200
"Labels with more values than this are ids rather than groups: they get no table."


def clustered_report(path: str, new_report: Callable[[], Report], plan: RunPlan) -> dict[str, Any]:
    """The report that an eval makes of a record when it knows which samples depend on one another.

    Every metric then has the error and interval of its clusters: further means, macro means and ratios of totals too.
    Called in the session of the run, whose `plan` is told the clusters.
    """
    record = read_record(path)
    plan.cluster_of = {
        sample.sample_id: str(cluster)
        for sample in record.samples()
        if (cluster := sample.labels.get(CLUSTER_KEY, sample.raw_sample.get(CLUSTER_KEY))) is not None
    }
    report = new_report()
    for sample in record.samples():
        if sample.error is None:
            report.add(sample.sample_id, sample.events)
    return report.as_dict()


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
        added.update(_keys_of(name, run, slice(None)))
    if "n_clusters" in added and "n_clusters" not in report:
        added.update(_further_keys(path, report, name))
    if name in report and (run.n_repeats > 1).any():
        added["variance"] = _variance(run) | order_parts(answers_by_order(read_record(path).samples()))
    groups = {key: _table(run, key, name) for key in run.labels}
    groups = {key: table for key, table in groups.items() if table}
    return {**report, **added, **({"groups": groups} if groups else {})}


def _variance(run: ScoreArrays) -> dict[str, float | None]:
    """The variance between items and between draws of one item, and what twice as many of each would do to the error.

    Miller 2024, arXiv:2411.00640: with K repeats the squared error is (items + draws / K) / n.
    """
    within = run.within_variance[~np.isnan(run.within_variance)]
    draws = float(within.mean()) if len(within) else math.nan
    repeats = float(run.n_repeats.mean())
    seen = float(run.scores.var(ddof=1)) if run.n > 1 else math.nan
    items = max(0.0, seen - draws / repeats)
    now = items + draws / repeats
    return {
        "items": defined(items) if seen == seen else None,
        "draws": defined(draws),
        "repeats": repeats,
        "error_with_twice_the_items": math.sqrt(0.5) if now > 0 else None,
        "error_with_twice_the_repeats": math.sqrt((items + draws / repeats / 2) / now) if now > 0 else None,
    }


def _further_keys(path: str, report: dict[str, Any], headline: str) -> dict[str, Any]:
    """Clustered keys of the report's other metrics; a null count of clusters for what the record cannot make anew."""
    added: dict[str, Any] = {}
    for name, metric in metrics_of(report).items():
        if name == headline or (metric.stderr is None and metric.ci95 is None):
            continue
        try:
            run = read_score_arrays(path, name)
        except EvalsError:
            added[f"{name}_n_clusters"] = None
            continue
        keys = _keys_of(name, run, slice(None))
        if mean_of(run.scores.tolist()) == metric.value:
            added.update({key: value for key, value in keys.items() if key.startswith(name)})
        else:
            added[f"{name}_n_clusters"] = None
    return added


def _table(run: ScoreArrays, key: str, name: str) -> dict[str, Any]:
    labels = run.labels[key]
    if len(labels.names) > MAX_GROUPS:
        return {}
    table: dict[str, Any] = {}
    for code, value in sorted(enumerate(labels.names), key=lambda pair: pair[1]):
        chosen = labels.codes == code
        if chosen.any():
            table[value] = _keys_of(name, run, chosen)
    return table


def _keys_of(name: str, run: ScoreArrays, chosen: slice | NDArray[np.bool_]) -> dict[str, Any]:
    """The keys of a metric for the mean scores of these samples of a run."""
    codes = run.cluster_codes()
    clusters = None if codes is None else codes[chosen].tolist()
    return score_keys(name, run.scores[chosen], clusters, beyond_unit=run.beyond_unit)


def score_keys(
    name: str, scores: NDArray[np.float64], clusters: Sequence[int] | None, *, beyond_unit: bool = False
) -> dict[str, Any]:
    """The keys of a metric for the mean of `scores`, shape (n,). clusters: a number for each of them.

    beyond_unit: the metric is declared to reach beyond [0, 1].
    """
    found = estimate(scores, clusters, beyond_unit=beyond_unit)
    ends = (found.interval.low, found.interval.high)
    keys = metric_keys(name, mean_of(scores.tolist()), found.stderr, ends, found.n, found.method)
    return keys if found.n_clusters == found.n else {**keys, "n_clusters": found.n_clusters}
