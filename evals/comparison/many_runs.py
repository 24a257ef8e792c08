"""Compares three runs or more: all paired differences with corrected p-values, and a ranking with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.comparison.compare import corrected_differences, refuse_shared_draws, refuse_unpaired
from evals.comparison.pairing import Pairing, pair
from evals.comparison.scores import RunScores
from evals.errors import DataError
from evals.stats.arrays import Array, Codes
from evals.stats.estimate import Estimate
from evals.stats.means import estimate
from evals.stats.paired import PairedDifference


@dataclass(frozen=True)
class PairDifference:
    """The difference of run j and run i."""

    i: int
    j: int
    difference: PairedDifference
    "Run j minus run i. Its interval is of the level that its p-value is held against."
    p_corrected: float
    "p-value, corrected by Holm over all pairs of runs."


@dataclass(frozen=True)
class Rank:
    """The best and the worst rank that a run may have; 1 is the best of all."""

    best: int
    worst: int


@dataclass(frozen=True)
class ManyRuns:
    """The comparison of three runs or more, on the samples that all of them scored."""

    runs: tuple[RunScores, ...]
    estimates: tuple[Estimate, ...]
    pairs: tuple[PairDifference, ...]
    ranks: tuple[Rank, ...]
    "The ranks of each run that no corrected test excludes. All of them hold together with confidence 1 - alpha."
    n: int
    family: str
    alpha: float
    notes: tuple[str, ...]

    def pair(self, i: int, j: int) -> PairDifference:
        """The difference of the runs i and j, for i < j."""
        return next(pair for pair in self.pairs if (pair.i, pair.j) == (i, j))


def compare_many_runs(runs: Sequence[RunScores], *, alpha: float = 0.05, by_id: bool = False) -> ManyRuns:
    """Compare every two runs on the samples that all runs scored, so that the differences of their means add up.

    Raises:
        DataError: no sample is in all runs, or two of them took the same random draws from the cache.
    """
    pairings = [pair(runs[0], run, by_id=by_id) for run in runs[1:]]
    for run, pairing in zip(runs[1:], pairings, strict=True):
        refuse_unpaired(runs[0], run, pairing)
    rows = _common_rows(runs, pairings)
    scores = [run.scores[at] for run, at in zip(runs, rows, strict=True)]
    for j, run in enumerate(runs):
        for other in runs[:j]:
            refuse_shared_draws(other, run)
    clusters = _clusters(runs, rows)
    named = [(i, j) for i in range(len(runs)) for j in range(i + 1, len(runs))]
    beyond = any(run.beyond_unit for run in runs)
    found = corrected_differences([(scores[j], scores[i], clusters, beyond) for i, j in named], alpha)
    pairs = tuple(PairDifference(i, j, *one) for (i, j), one in zip(named, found, strict=True))
    return ManyRuns(
        runs=tuple(runs),
        estimates=tuple(estimate(values, clusters, 1 - alpha, beyond_unit=beyond) for values in scores),
        pairs=pairs,
        ranks=tuple(_ranks(len(runs), pairs, alpha, runs[0].facts.higher_is_better)),
        n=len(rows[0]),
        family=f"Holm over {len(pairs)} pairs of runs",
        alpha=alpha,
        notes=tuple(_notes(runs, rows, pairings)),
    )


def _common_rows(runs: Sequence[RunScores], pairings: Sequence[Pairing]) -> list[Codes]:
    """For each run, the rows of the samples that all runs scored, in the same order."""
    kept = np.arange(runs[0].n)
    for pairing in pairings:
        kept = np.intersect1d(kept, pairing.rows_a)
    if not len(kept):
        raise DataError("no sample is in all of the runs", fix="compare them two by two: evals compare A B")
    rows: list[Codes] = [kept]
    for pairing in pairings:
        partner = np.full(runs[0].n, -1, dtype=np.int64)
        partner[pairing.rows_a] = pairing.rows_b
        rows.append(partner[kept])
    return rows


def _clusters(runs: Sequence[RunScores], rows: Sequence[Codes]) -> Codes | None:
    for run, at in zip(runs, rows, strict=True):
        codes = run.cluster_codes()
        if codes is not None:
            return codes[at]
    return None


def _ranks(n_runs: int, pairs: Sequence[PairDifference], alpha: float, higher_is_better: bool) -> list[Rank]:
    """A run ranks after the runs that are proven better, and before the runs that are proven worse.

    Joint intervals of ranks from tests that control the family-wise error rate: Mogstad, Romano, Shaikh and Wilhelm
    2024, Review of Economic Studies 91:476.
    """
    n_better, n_worse = [0] * n_runs, [0] * n_runs
    for one in pairs:
        if one.p_corrected <= alpha and one.difference.value:
            j_wins = (one.difference.value > 0) == higher_is_better
            winner, loser = (one.j, one.i) if j_wins else (one.i, one.j)
            n_worse[winner] += 1
            n_better[loser] += 1
    return [Rank(1 + better, n_runs - worse) for better, worse in zip(n_better, n_worse, strict=True)]


def _notes(runs: Sequence[RunScores], rows: Sequence[Array | Codes], pairings: Sequence[Pairing]) -> list[str]:
    notes = []
    left_out = [f"{run.n - len(rows[0]):,} of {run.path}" for run in runs if run.n > len(rows[0])]
    if left_out:
        notes.append(f"samples that not all runs scored are left out: {', '.join(left_out)}")
    if any(pairing.n_moved for pairing in pairings):
        notes.append("some samples ask the same under another id: paired by what they ask")
    if any(pairing.by_id_alone for pairing in pairings):
        notes.append("paired by id alone: what they ask was not compared")
    return [*notes, *(f"{run.path} did not end" for run in runs if not run.facts.finished)]
