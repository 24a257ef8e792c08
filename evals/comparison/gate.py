"""The gate: compares runs with their baselines, with a known rate of false alarms and a known power.

For each eval, `evals.stats.noninferiority` asks whether the true drop is larger than tolerated: whether all of the
interval that `evals compare` shows at the same alpha lies below it. So a regression is never found where compare proves
no difference.

- regression: it is, at level alpha (two-sided). p-values are corrected by Holm over all evals of the call, so at most a
  share alpha/2 of the calls fails if every eval is healthy.
- ok: no such drop is proven, and the samples were enough: a drop of `detect` would have been found with the power that
  was asked for, after the correction, or the interval excludes a drop of that size.
- undecided: neither; `n_needed` says how many samples would do.
- incomplete: no such drop is proven, and the run may not pass as it is: it did not end, misses samples of the baseline,
  or too many of its samples failed. See `evals.comparison.gate_conditions`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.comparison.baseline import Baseline, find_baseline
from evals.comparison.facts import known_in_both, short
from evals.comparison.gate_conditions import PairedScores, notes_of, refuse_other_direction, unmet_conditions
from evals.comparison.scores import RunScores
from evals.errors import DataError, UsageError
from evals.report_keys import defined
from evals.stats.arrays import Array
from evals.stats.corrections import holm, holm_levels
from evals.stats.noninferiority import DropTest, drop_test
from evals.texts.number_text import points


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
    "regression, ok, undecided or incomplete."
    baseline: Baseline
    run: RunScores
    test: DropTest
    p_holm: float
    "p-value of the test, corrected over the evals of this call."
    notes: tuple[str, ...]
    unmet: tuple[str, ...] = ()
    "Why the run may not pass as it is."
    worst_difference: float | None = None
    "Run minus baseline if all samples of the baseline without a score were wrong; None where none is missing."

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
            "metric": self.baseline.metric,
            "model": self.run.facts.model,
            "baseline_model": self.baseline.model,
            "n": self.n,
            "n_clusters": self.test.difference.n_clusters,
            "n_errors": self.run.n_errors,
            "n_baseline": self.baseline.n,
            "n_broken_lines": self.run.facts.n_damaged,
            "baseline": defined(self.baseline_score),
            "now": defined(self.score),
            "difference": defined(self.test.difference.value),
            "difference_ci95": [defined(interval.low), defined(interval.high)] if interval.confidence == 0.95 else None,
            "difference_interval": [defined(interval.low), defined(interval.high)],
            "interval_level": interval.confidence,
            "method": self.test.difference.method,
            "worst_difference": self.worst_difference,
            "p_value": defined(self.test.p_value),
            "p_value_holm": defined(self.p_holm),
            "detectable_drop": defined(self.test.detectable_drop),
            "n_needed": self.test.n_needed,
            "record": self.run.path,
            "conditions_unmet": list(self.unmet),
            "notes": list(self.notes),
        }


def gate_runs(runs: Sequence[RunScores], place: Path, limits: GateLimits) -> list[EvalVerdict]:
    """The verdict on each run against its baseline. place: a baseline, or a folder of `<eval>.json`.

    Raises:
        DataError: a baseline is missing, or was made with other data, another scorer or another metric.
    """
    pairs = [(run, find_baseline(place, run.facts.eval_name)) for run in runs]
    paired = [_paired(run, baseline) for run, baseline in pairs]
    tests = [_test(one, baseline, limits, len(pairs)) for one, (_, baseline) in zip(paired, pairs, strict=True)]
    p_values = [1.0 if math.isnan(test.p_value) else test.p_value for test in tests]
    corrected, levels = holm(p_values), holm_levels(p_values, limits.alpha)
    return [
        _verdict(run, baseline, one, test.at(float(level)), float(p), limits)
        for (run, baseline), one, test, p, level in zip(pairs, paired, tests, corrected, levels, strict=True)
    ]


def _paired(run: RunScores, baseline: Baseline) -> PairedScores:
    _refuse_other(run, baseline)
    for scores, where in ((run.scores, run.path), (baseline.scores, baseline.where)):
        if run.beyond_unit or (len(scores) and not (scores.min() >= 0 and scores.max() <= 1)):
            raise DataError(
                f"the gate takes scores between 0 and 1, and '{run.metric}' goes beyond",
                where=where,
                fix="use --metric",
            )
    return PairedScores.of(run, baseline)


def _test(paired: PairedScores, baseline: Baseline, limits: GateLimits, n_evals: int) -> DropTest:
    clusters = None if baseline.clusters is None else [baseline.clusters[row] for row in paired.rows.tolist()]
    return _drop_test(paired.before, paired.after, clusters, limits, n_evals)


def _worst_is_regression(paired: PairedScores, baseline: Baseline, limits: GateLimits) -> bool:
    if not paired.n_missing:
        return False
    clusters = None if baseline.clusters is None else list(baseline.clusters)
    return _drop_test(paired.worst_before, paired.worst_after, clusters, limits).p_value <= limits.alpha


def _drop_test(
    before: Array, after: Array, clusters: list[int] | None, limits: GateLimits, n_evals: int = 1
) -> DropTest:
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
    refuse_other_direction(baseline, higher_is_better=facts.higher_is_better, run=run.path)
    scorers = known_in_both(facts.scorer or {}, baseline.scorer or {})
    for what, here, there in (
        ("data", facts.data_sha256, baseline.data_sha256),
        ("scorer", *scorers),
        ("metric", run.metric if run.n else None, baseline.metric),
    ):
        if here is not None and there is not None and here != there:
            raise DataError(
                f"{facts.eval_name}: this run and its baseline have another {what}, so they cannot be compared",
                where=baseline.where,
                notes=[f"baseline: {short(there, 60)}", f"run: {short(here, 60)}   {run.path}"],
                fix="make the baseline anew from a run with this one: --update",
            )


def _verdict(
    run: RunScores, baseline: Baseline, paired: PairedScores, test: DropTest, p: float, limits: GateLimits
) -> EvalVerdict:
    worst = _worst_is_regression(paired, baseline, limits)
    unmet = unmet_conditions(run, baseline, paired, worst_is_regression=worst)
    enough = test.detectable_drop <= limits.detect or test.upper_drop < limits.detect
    if p <= limits.alpha:
        verdict = "regression"
    elif unmet:
        verdict = "incomplete"
    else:
        verdict = "ok" if enough else "undecided"
    return EvalVerdict(
        baseline.eval_name,
        verdict,
        baseline,
        run,
        test,
        p,
        tuple(notes_of(run, baseline, paired)),
        tuple(unmet),
        paired.worst_difference if paired.n_missing else None,
    )


def exit_code_of(verdicts: Sequence[EvalVerdict], undecided: str) -> int:
    """1 if any verdict is a regression, else 5 if any is undecided or incomplete, else 0.

    undecided: `fail` gives 1 instead of 5. `pass` and `neutral` give 0 for undecided, and still 5 for incomplete: a run
    whose calls failed proves nothing, however few samples are thought to be enough.
    """
    found = {verdict.verdict for verdict in verdicts}
    if "regression" in found:
        return 1
    if "incomplete" in found or ("undecided" in found and undecided not in ("pass", "neutral")):
        return 1 if undecided == "fail" else 5
    return 0
