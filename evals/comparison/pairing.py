"""Pairs the samples of two runs that are the same question: by id, or by what they ask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evals.comparison.scores import RunScores
from evals.stats.arrays import Codes


@dataclass(frozen=True)
class Pairing:
    """Row `rows_a[i]` of run a and row `rows_b[i]` of run b are the same question."""

    rows_a: Codes
    rows_b: Codes
    only_a: Codes
    "Rows of a whose sample b did not score, by id or by question."
    only_b: Codes
    "Rows of b whose sample a did not score."
    changed_a: Codes
    "Rows of a whose id b scored too, with another question. They are not paired."
    changed_b: Codes
    "The rows of b for `changed_a`."
    failed_in_a: int
    "Samples that failed in a and that b scored."
    failed_in_b: int
    "Samples that failed in b and that a scored."
    n_moved: int
    "Pairs with the same question under different ids, because rows before them were added or removed."
    by_id_alone: bool
    "True if the questions were not compared: they were not recorded, or `by_id` was given."

    @property
    def n(self) -> int:
        return len(self.rows_a)


def pair(a: RunScores, b: RunScores, *, by_id: bool = False) -> Pairing:
    """Pair the samples of two runs.

    Runs of the same eval over the same data (equal checksums) are paired by id. Otherwise the question decides: equal
    ids are a pair if they ask the same, and a question that occurs once in each run is a pair under different ids too.
    The question is the dataset's row without labels if both records hold it, else the last message that was sent, with
    the expected answer. by_id: the id alone decides, for data that was reworded.
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
    """The hash of each row's question, by the same rule in both runs."""
    if np.all(a.row_hashes != 0) and np.all(b.row_hashes != 0):
        return a.row_hashes, b.row_hashes
    return a.question_hashes, b.question_hashes


def _others(n: int, *taken: Codes) -> Codes:
    return np.setdiff1d(np.arange(n), np.concatenate(taken))


def _moved(asked_a: Codes, asked_b: Codes, rows_a: Codes, rows_b: Codes) -> tuple[Codes, Codes]:
    """Rows (of a, of b) of the unpaired questions that occur exactly once in each run."""
    left_a, left_b = _others(len(asked_a), rows_a), _others(len(asked_b), rows_b)
    single_a, single_b = _singles(asked_a, left_a), _singles(asked_b, left_b)
    _, at_a, at_b = np.intersect1d(asked_a[single_a], asked_b[single_b], return_indices=True)
    order = np.argsort(single_a[at_a], kind="stable")
    return single_a[at_a][order], single_b[at_b][order]


def _singles(hashes: Codes, rows: Codes) -> Codes:
    """The rows among `rows` whose hash no other row of the run has: copies of a question are not told apart."""
    values, counts = np.unique(hashes, return_counts=True)
    return rows[np.isin(hashes[rows], values[counts == 1])]
