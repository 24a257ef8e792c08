"""What a gate asks of a run before it may pass: it ended, covers the baseline's samples, and few samples failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evals.comparison.baseline import Baseline
from evals.comparison.scores import RunScores
from evals.errors import DataError
from evals.stats.arrays import Array
from evals.texts.number_text import counted, counted_with, signed

MIN_SHARED = 0.95
"Share of the baseline's samples that a run must have scored, and of the run's own samples that must not have failed."


@dataclass(frozen=True)
class PairedScores:
    """The scores of the samples that run and baseline share, shape (n,), turned so that higher is better.

    worst_*: all samples of the baseline, shape (baseline.n,); those that the run has no score for count as 0.
    """

    before: Array
    after: Array
    worst_before: Array
    worst_after: Array
    rows: Array
    "Rows of the baseline that are shared."

    @classmethod
    def of(cls, run: RunScores, baseline: Baseline) -> PairedScores:
        rows = {name: row for row, name in enumerate(run.sample_ids)}
        shared = [(old, rows[name]) for old, name in enumerate(baseline.sample_ids) if name in rows]
        old_rows = np.array([old for old, _ in shared], dtype=int)
        before, after = baseline.scores, run.scores[np.array([new for _, new in shared], dtype=int)]
        if not baseline.higher_is_better:
            before, after = 1 - before, 1 - after
        worst = np.zeros(len(before))
        worst[old_rows] = after
        return cls(before[old_rows], after, before, worst, old_rows)

    @property
    def n(self) -> int:
        return len(self.after)

    @property
    def n_missing(self) -> int:
        return len(self.worst_after) - self.n

    @property
    def worst_difference(self) -> float:
        """Run minus baseline if every missing sample were wrong."""
        return float((self.worst_after - self.worst_before).mean())


def refuse_other_direction(baseline: Baseline, *, higher_is_better: bool, run: str) -> None:
    """Raise DataError where run and baseline do not agree on which end of the metric is good: a drop would look like
    a gain."""
    if baseline.higher_is_better == higher_is_better:
        return
    words = {True: "higher is better", False: "lower is better"}
    raise DataError(
        f"{baseline.eval_name}: this run and its baseline disagree on what is better",
        where=baseline.where,
        notes=[f"baseline: {words[baseline.higher_is_better]}", f"run: {words[higher_is_better]}   {run}"],
        fix="undo the edit of the baseline, or make it anew if `higher_is_better` of the eval was changed: --update",
    )


def unmet_conditions(
    run: RunScores, baseline: Baseline, paired: PairedScores, *, worst_is_regression: bool
) -> list[str]:
    """Why this run cannot pass, whatever its scores; empty where nothing stands in the way.

    worst_is_regression: whether a drop would be proven if every missing sample were wrong.
    """
    unmet = []
    if not run.facts.finished:
        unmet.append("the run did not end: go on with --resume")
    if paired.n < MIN_SHARED * baseline.n:
        unmet.append(f"only {paired.n:,} of the baseline's {baseline.n:,} samples are in this run")
    n_failed, n_asked = len(run.failed_ids), run.n + len(run.failed_ids) + run.n_unscored
    if n_failed > (1 - MIN_SHARED) * n_asked:
        unmet.append(f"{n_failed:,} of {n_asked:,} samples failed")
    if worst_is_regression and not unmet:
        unmet.append("if the missing samples were wrong, this would be a regression")
    return unmet


def notes_of(run: RunScores, baseline: Baseline, paired: PairedScores) -> list[str]:
    """What a reader must know about the inputs of a verdict, whatever the verdict is."""
    notes = []
    if baseline.model != run.facts.model:
        notes.append(f"model: {baseline.model} then, {run.facts.model} now")
    if baseline.data_sha256 is None and run.facts.data_sha256 is not None:
        notes.append("the baseline does not say which data it was made from")
    if run.n_errors:
        failed = counted_with(run.n_errors, "evaluation", "failed and is", "failed and are")
        notes.append(f"{failed} not scored")
    if run.facts.n_damaged:
        notes.append(f"{counted(run.facts.n_damaged, 'broken line')} in the record: their samples are missing")
    if paired.n < MIN_SHARED * run.n:
        notes.append(f"the baseline has only {paired.n:,} of this run's {run.n:,} samples")
    if paired.n_missing:
        what = f"the {paired.n_missing:,} missing samples" if paired.n_missing > 1 else "the missing sample"
        notes.append(f"worst case, {what} wrong: {signed(paired.worst_difference)}")
    return notes
