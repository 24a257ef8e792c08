"""The evals of one command together: their mean, and intervals that hold for all of them at once."""

from __future__ import annotations

import collections
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import EvalsError
from evals.record.score_arrays import ScoreArrays, read_score_arrays
from evals.report_keys import defined, metrics_of
from evals.stats.estimate import Estimate, Interval
from evals.stats.intervals import mean_of
from evals.stats.means import estimate
from evals.stats.suite_mean import mean_of_evals

LEVEL = 0.95


@dataclass(frozen=True)
class SuiteMean:
    """The mean of one model's evals by one metric."""

    completion_fn: str
    metric: str
    estimate: Estimate
    n_evals: int

    def as_dict(self) -> dict[str, Any]:
        ends = self.estimate.interval
        return {
            "completion_fn": self.completion_fn,
            "metric": self.metric,
            "mean": defined(self.estimate.value),
            "stderr": defined(self.estimate.stderr),
            "ci95": [ends.low, ends.high] if ends.defined else None,
            "method": self.estimate.method,
            "n_evals": self.n_evals,
            "n": self.estimate.n,
        }


@dataclass(frozen=True)
class Together:
    """What the evals of one command say together."""

    means: tuple[SuiteMean, ...]
    "One for each model that has two evals or more with the same metric."
    family: Mapping[int, Interval]
    "By the place of a row: intervals that hold all at once at `LEVEL` (Bonferroni over these rows)."
    left_out: tuple[str, ...]
    "Evals that are in no mean, with the reason."


def together(rows: Sequence[Mapping[str, Any]]) -> Together:
    """The means and joint intervals of the rows of a set: `eval`, `completion_fn`, `metric`, `record_path`, report.

    An eval counts if it ended and its metric is the mean of what its record holds of each sample.
    """
    scored, left_out = {}, []
    for place, row in enumerate(rows):
        scores = _scores(row)
        if isinstance(scores, str):
            left_out.append(f"{row['eval']} ({scores})")
        else:
            scored[place] = scores
    usual = collections.Counter(rows[place]["metric"] for place in scored).most_common(1)
    metric = usual[0][0] if usual else ""
    odd = [place for place in scored if rows[place]["metric"] != metric]
    left_out += [f"{rows[place]['eval']} (its metric is {rows[place]['metric']})" for place in odd]
    level = 1 - (1 - LEVEL) / max(1, len(scored))
    family = {place: _estimate(run, level).interval for place, run in scored.items()}
    means = []
    for model in dict.fromkeys(row["completion_fn"] for row in rows):
        own = [_estimate(scored[i]) for i in scored if i not in odd and rows[i]["completion_fn"] == model]
        if len(own) > 1:
            means.append(SuiteMean(model, metric, mean_of_evals(own), len(own)))
    return Together(tuple(means), family, tuple(dict.fromkeys(left_out)))


def _estimate(run: ScoreArrays, level: float = LEVEL) -> Estimate:
    return estimate(run.scores, run.cluster_codes(), level, beyond_unit=run.beyond_unit)


def _scores(row: Mapping[str, Any]) -> ScoreArrays | str:
    """The scores of an eval's samples, or why it has none."""
    if row.get("exit_code") not in (0, 1, 5):
        return "did not end well"
    name, path = row.get("metric"), row.get("record_path")
    metric = metrics_of(row.get("final_report") or {}).get(name or "")
    if metric is None or path is None or math.isnan(metric.value):
        return "no score"
    try:
        run = read_score_arrays(path, name)
    except EvalsError:
        return f"{name} is no mean over samples"
    if mean_of(run.scores.tolist()) != metric.value:
        return f"{name} is no mean over samples"
    return run
