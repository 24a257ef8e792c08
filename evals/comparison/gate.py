"""The gate: compares runs with their baselines, with a known rate of false alarms and a known power.

For each eval, `evals.stats.noninferiority` asks whether the true drop is larger than tolerated: whether all of the
interval that `evals compare` shows at the same alpha lies below it. So a regression is never found where compare proves
no difference.

- regression: it is, at level alpha (two-sided). p-values are corrected by Holm over all evals of the call, so at most a
  share alpha/2 of the calls fails if every eval is healthy.
- ok: no such drop is proven, and the samples were enough: a drop of `detect` would have been found with the power that
  was asked for, after the correction, or the interval excludes a drop of that size.
- undecided: neither; `n_needed` says how many samples would do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.comparison.baseline import Baseline, find_baseline
from evals.comparison.scores import RunScores
from evals.errors import DataError, UsageError
from evals.number_text import points
from evals.report_keys import defined
from evals.stats.corrections import holm, holm_levels
from evals.stats.noninferiority import DropTest, drop_test

MIN_SHARED = 0.95
"Share of the baseline's samples that a run must have scored for a verdict of ok."


@dataclass(frozen=True)
class GateLimits:
    """The drop that is tolerated, and the error rates of the gate. Drops are fractions: 0.02 is 2 points."""

    max_drop: float = 0.02
    "The largest drop that is no regression."
    detect: float = 0.05
    "The drop that must be found with probability `power`."
    alpha: float = 0.05
    "Level of the two-sided intervals; drops are one side of them, so false alarms have half this rate."
    power: float = 0.8

    def __post_init__(self) -> None:
        if not 0 <= self.max_drop < self.detect <= 1:
            raise UsageError(
                f"the gate cannot tolerate a drop of {points(self.max_drop)} and detect one of {points(self.detect)}",
                fix="let --max-drop be smaller than --detect, and both at most 100pt",
            )
        if not (0 < self.alpha < 0.5 and 0 < self.power < 1):
            raise UsageError("--alpha must lie between 0 and 0.5, and --power between 0 and 1")


@dataclass(frozen=True)
class EvalVerdict:
    """The verdict on one eval. `test` has the numbers, on the `n` samples that run and baseline share."""

    eval_name: str
    verdict: str
    "regression, ok or undecided."
    baseline: Baseline
    run: RunScores
    test: DropTest
    p_holm: float
    "p-value of the test, corrected over the evals of this call."
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        return self.test.difference.n

    @property
    def baseline_score(self) -> float:
        return self._oriented(self.test.difference.mean_b)

    @property
    def score(self) -> float:
        return self._oriented(self.test.difference.mean_a)

    def _oriented(self, mean: float) -> float:
        return mean if self.baseline.higher_is_better else 1 - mean

    def as_dict(self) -> dict[str, Any]:
        interval = self.test.difference.interval
        return {
            "eval": self.eval_name,
            "verdict": self.verdict,
            "metric": self.run.metric,
            "model": self.run.facts.model,
            "baseline_model": self.baseline.model,
            "n": self.n,
            "n_clusters": self.test.difference.n_clusters,
            "n_errors": self.run.n_errors,
            "baseline": defined(self.baseline_score),
            "now": defined(self.score),
            "difference": defined(self.test.difference.value),
            "difference_ci95": [defined(interval.low), defined(interval.high)] if interval.confidence == 0.95 else None,
            "difference_interval": [defined(interval.low), defined(interval.high)],
            "interval_level": interval.confidence,
            "method": self.test.difference.method,
            "p_value": defined(self.test.p_value),
            "p_value_holm": defined(self.p_holm),
            "detectable_drop": defined(self.test.detectable_drop),
            "n_needed": self.test.n_needed,
            "record": self.run.path,
            "notes": list(self.notes),
        }


def gate_runs(runs: Sequence[RunScores], place: Path, limits: GateLimits) -> list[EvalVerdict]:
    """The verdict on each run against its baseline. place: a baseline, or a folder of `<eval>.json`.

    Raises:
        DataError: a baseline is missing, or was made with other data, another scorer or another metric.
    """
    pairs = [(run, find_baseline(place, run.facts.eval_name)) for run in runs]
    tests = [_test(run, baseline, limits, len(pairs)) for run, baseline in pairs]
    p_values = [1.0 if math.isnan(test.p_value) else test.p_value for test in tests]
    corrected, levels = holm(p_values), holm_levels(p_values, limits.alpha)
    return [
        _verdict(run, baseline, test.at(float(level)), float(p), limits)
        for (run, baseline), test, p, level in zip(pairs, tests, corrected, levels, strict=True)
    ]


def _test(run: RunScores, baseline: Baseline, limits: GateLimits, n_evals: int) -> DropTest:
    _refuse_other(run, baseline)
    rows = {name: row for row, name in enumerate(run.sample_ids)}
    shared = [(old, rows[name]) for old, name in enumerate(baseline.sample_ids) if name in rows]
    old_rows = np.array([old for old, _ in shared], dtype=int)
    new_rows = np.array([new for _, new in shared], dtype=int)
    before, after = baseline.scores[old_rows], run.scores[new_rows]
    if shared and (min(before.min(), after.min()) < 0 or max(before.max(), after.max()) > 1):
        raise DataError(
            f"the gate takes scores between 0 and 1, and '{run.metric}' goes beyond", where=run.path, fix="use --metric"
        )
    if not baseline.higher_is_better:
        before, after = 1 - before, 1 - after
    clusters = None if baseline.clusters is None else [baseline.clusters[old] for old in old_rows]
    return drop_test(
        before,
        after,
        max_drop=limits.max_drop,
        detect=limits.detect,
        alpha=limits.alpha,
        power=limits.power,
        clusters=clusters,
        n_tests=n_evals,
    )


def _refuse_other(run: RunScores, baseline: Baseline) -> None:
    facts = run.facts
    for what, here, there in (
        ("data", facts.data_sha256, baseline.data_sha256),
        ("scorer", dict(facts.scorer) if facts.scorer else None, baseline.scorer),
        ("metric", run.metric, baseline.metric),
    ):
        if here is not None and there is not None and here != there:
            raise DataError(
                f"{facts.eval_name}: this run and its baseline have another {what}, so they cannot be compared",
                where=baseline.where,
                notes=[f"baseline: {_short(there)}", f"run: {_short(here)}   {run.path}"],
                fix="make the baseline anew from a run with this one: --update",
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _verdict(run: RunScores, baseline: Baseline, test: DropTest, p: float, limits: GateLimits) -> EvalVerdict:
    n, notes = test.difference.n, []
    if baseline.model != run.facts.model:
        notes.append(f"model: {baseline.model} then, {run.facts.model} now")
    if run.n_errors:
        notes.append(f"{run.n_errors} failed calls of samples are not scored")
    is_whole = n >= MIN_SHARED * baseline.n
    if not is_whole:
        notes.append(f"only {n:,} of the baseline's {baseline.n:,} samples are in this run")
    enough = test.detectable_drop <= limits.detect or test.upper_drop < limits.detect
    if p <= limits.alpha:
        verdict = "regression"
    elif enough and is_whole:
        verdict = "ok"
    else:
        verdict = "undecided"
    return EvalVerdict(baseline.eval_name, verdict, baseline, run, test, p, tuple(notes))


def exit_code_of(verdicts: Sequence[EvalVerdict], undecided: str) -> int:
    """1 if any verdict is a regression, else 5 if any is undecided, else 0.

    undecided: `pass` or `fail` give 0 or 1 instead of 5.
    """
    if any(verdict.verdict == "regression" for verdict in verdicts):
        return 1
    if any(verdict.verdict == "undecided" for verdict in verdicts):
        return {"pass": 0, "fail": 1}.get(undecided, 5)
    return 0
