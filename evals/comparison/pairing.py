"""Which samples of two runs are the same question: by id where the rows agree, else by the row itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evals.comparison.scores import RunScores
from evals.stats.arrays import Codes


@dataclass(frozen=True)
class Pairing:
    """Row `rows_a[i]` of one run and row `rows_b[i]` of the other are the same question."""

    rows_a: Codes
    rows_b: Codes
    only_a: Codes
    "Scored samples of a that b does not have, neither by id nor by row."
    only_b: Codes
    changed_a: Codes
    "Samples whose id both runs scored, with different rows: not paired."
    changed_b: Codes
    failed_in_a: int
    "Samples that b scored and that failed in a."
    failed_in_b: int
    n_moved: int
    "Pairs with the same row under another id: rows were put in or taken out before them."
    by_id_alone: bool
    "The rows were not compared: not recorded in one of the runs, or so asked for."

    @property
    def n(self) -> int:
        return len(self.rows_a)


def pair(a: RunScores, b: RunScores, *, by_id: bool = False) -> Pairing:
    """Pair the samples of two runs.

    Runs over the same data (equal checksums) pair by id. Else the dataset's rows decide, labels left aside: same id
    and same row is a pair; a row that is the only one of its kind in both pairs under another id too; the same id
    with another row is no pair. by_id: the id alone decides, for data whose rows were reworded.
    """
    same_data = a.facts.data_sha256 is not None and a.facts.data_sha256 == b.facts.data_sha256
    known = _known(a) and _known(b)
    rows_of_b = {sample_id: row for row, sample_id in enumerate(b.sample_ids)}
    partner = np.array([rows_of_b.get(sample_id, -1) for sample_id in a.sample_ids], dtype=np.int64)
    shared = np.flatnonzero(partner >= 0)
    equal = np.ones(len(shared), dtype=bool)
    if known and not by_id and not (same_data and a.facts.eval_name == b.facts.eval_name):
        equal = a.row_hashes[shared] == b.row_hashes[partner[shared]]
    rows_a, rows_b = shared[equal], partner[shared[equal]]
    changed_a, changed_b = shared[~equal], partner[shared[~equal]]
    moved_a, moved_b = _moved(a, b, rows_a, rows_b) if known and not by_id else (rows_a[:0], rows_b[:0])
    all_a, all_b = np.concatenate([rows_a, moved_a]), np.concatenate([rows_b, moved_b])
    changed = ~np.isin(changed_a, moved_a) & ~np.isin(changed_b, moved_b)
    changed_a, changed_b = changed_a[changed], changed_b[changed]
    return Pairing(
        rows_a=all_a,
        rows_b=all_b,
        only_a=_others(a.n, all_a, changed_a),
        only_b=_others(b.n, all_b, changed_b),
        changed_a=changed_a,
        changed_b=changed_b,
        failed_in_a=len(a.failed_ids.intersection(b.sample_ids)),
        failed_in_b=len(b.failed_ids.intersection(a.sample_ids)),
        n_moved=len(moved_a),
        by_id_alone=by_id or not known,
    )


def _known(run: RunScores) -> bool:
    return run.n > 0 and bool(np.all(run.row_hashes != 0))


def _others(n: int, *taken: Codes) -> Codes:
    return np.setdiff1d(np.arange(n), np.concatenate(taken))


def _moved(a: RunScores, b: RunScores, rows_a: Codes, rows_b: Codes) -> tuple[Codes, Codes]:
    """Rows that are left over in both runs and the only ones of their kind in each."""
    left_a, left_b = _others(a.n, rows_a), _others(b.n, rows_b)
    single_a, single_b = _singles(a.row_hashes, left_a), _singles(b.row_hashes, left_b)
    _, at_a, at_b = np.intersect1d(a.row_hashes[single_a], b.row_hashes[single_b], return_indices=True)
    order = np.argsort(single_a[at_a], kind="stable")
    return single_a[at_a][order], single_b[at_b][order]


def _singles(hashes: Codes, rows: Codes) -> Codes:
    """Those of `rows` whose hash no other row of the run has, so that a copy is never taken for its twin."""
    values, counts = np.unique(hashes, return_counts=True)
    return rows[np.isin(hashes[rows], values[counts == 1])]
