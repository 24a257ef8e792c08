"""Which samples of two runs are the same question: by id where they ask the same, else by what they ask."""

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
    "Scored samples of a that b does not have, neither by id nor by question."
    only_b: Codes
    changed_a: Codes
    "Samples whose id both runs scored, with different questions: not paired."
    changed_b: Codes
    failed_in_a: int
    "Samples that b scored and that failed in a."
    failed_in_b: int
    n_moved: int
    "Pairs with the same question under another id: rows were put in or taken out before them."
    by_id_alone: bool
    "Whether the questions were not compared: they were not recorded, or that was asked for."

    @property
    def n(self) -> int:
        return len(self.rows_a)


def pair(a: RunScores, b: RunScores, *, by_id: bool = False) -> Pairing:
    """Pair the samples of two runs.

    Runs of one eval over the same data (equal checksums) pair by id. Else what was asked decides: same id and same
    question is a pair; a question that is the only one of its kind in both pairs under another id too; the same id
    with another question is no pair. The question is the dataset's row without labels where both records hold it,
    else the last message sent with the expected answer. by_id: the id alone decides, for data that was reworded.
    """
    asked_a, asked_b = _questions(a, b)
    known = not by_id and bool(np.all(asked_a != 0) and np.all(asked_b != 0))
    same_data = a.facts.data_sha256 is not None and a.facts.data_sha256 == b.facts.data_sha256
    trusted = same_data and a.facts.eval_name == b.facts.eval_name
    rows_of_b = {sample_id: row for row, sample_id in enumerate(b.sample_ids)}
    partner = np.array([rows_of_b.get(sample_id, -1) for sample_id in a.sample_ids], dtype=np.int64)
    shared = np.flatnonzero(partner >= 0)
    equal = np.ones(len(shared), dtype=bool)
    if known and not trusted:
        equal = asked_a[shared] == asked_b[partner[shared]]
    rows_a, rows_b = shared[equal], partner[shared[equal]]
    changed_a, changed_b = shared[~equal], partner[shared[~equal]]
    moved_a, moved_b = rows_a[:0], rows_b[:0]
    if known and not trusted:
        moved_a, moved_b = _moved(asked_a, asked_b, rows_a, rows_b)
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
        by_id_alone=not known and not trusted,
    )


def _questions(a: RunScores, b: RunScores) -> tuple[Codes, Codes]:
    """What was asked, by the same rule in both runs."""
    if np.all(a.row_hashes != 0) and np.all(b.row_hashes != 0):
        return a.row_hashes, b.row_hashes
    return a.question_hashes, b.question_hashes


def _others(n: int, *taken: Codes) -> Codes:
    return np.setdiff1d(np.arange(n), np.concatenate(taken))


def _moved(asked_a: Codes, asked_b: Codes, rows_a: Codes, rows_b: Codes) -> tuple[Codes, Codes]:
    """Questions that are left over in both runs and the only ones of their kind in each."""
    left_a, left_b = _others(len(asked_a), rows_a), _others(len(asked_b), rows_b)
    single_a, single_b = _singles(asked_a, left_a), _singles(asked_b, left_b)
    _, at_a, at_b = np.intersect1d(asked_a[single_a], asked_b[single_b], return_indices=True)
    order = np.argsort(single_a[at_a], kind="stable")
    return single_a[at_a][order], single_b[at_b][order]


def _singles(hashes: Codes, rows: Codes) -> Codes:
    """Those of `rows` whose hash no other row of the run has, so that a copy is never taken for its twin."""
    values, counts = np.unique(hashes, return_counts=True)
    return rows[np.isin(hashes[rows], values[counts == 1])]
