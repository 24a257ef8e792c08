"""Pairs the samples of two runs that are the same question: by id, or by what they ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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

    Runs over the same data (equal checksums) are paired by row, whatever eval asked, and runs of two evals whose rows
    all have ids of their own by these. Otherwise the question decides: equal ids are a pair if they ask the same, and a
    question that both runs have is a pair under different ids too. Ids are the rows' own where all rows of both runs
    have one, else the positional ones. Copies of a question are paired by id if one run has the ids of the other, else
    by their order: the first with the first.
    The question is the dataset's row without labels if both records hold it, else the last message that was sent, with
    the expected answer. by_id: the id alone decides, for data that was reworded.
    """
    asked_a, asked_b = _questions(a, b)
    known = not by_id and bool(np.all(asked_a != 0) and np.all(asked_b != 0))
    ids = _ids_of(a, b)
    trusted = ids.trusted
    partner = _partners(ids)
    shared = np.flatnonzero(partner >= 0)
    rows_a, rows_b = shared, partner[shared]
    changed_a, changed_b, moved_a, moved_b = (rows_a[:0] for _ in range(4))
    if known and not trusted:
        equal = asked_a[rows_a] == asked_b[rows_b]
        changed_a, changed_b = rows_a[~equal], rows_b[~equal]
        copies = _copies(a, b, ids, asked_a, asked_b)
        apart = equal & ~np.isin(asked_a[rows_a], [hash_ for hash_, _, _ in copies])
        rows_a, rows_b = rows_a[apart], rows_b[apart]
        moved_a, moved_b = _moved(asked_a, asked_b, rows_a, rows_b)
        for _, of_a, of_b in copies:
            stayed = np.array([ids.a[i] == ids.b[j] for i, j in zip(of_a, of_b, strict=True)], dtype=bool)
            rows_a, rows_b = np.append(rows_a, of_a[stayed]), np.append(rows_b, of_b[stayed])
            moved_a, moved_b = np.append(moved_a, of_a[~stayed]), np.append(moved_b, of_b[~stayed])
        rows_a, rows_b = _sorted(rows_a, rows_b)
        moved_a, moved_b = _sorted(moved_a, moved_b)
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
        failed_in_a=len(_failed(a, ids).intersection(ids.b)),
        failed_in_b=len(_failed(b, ids).intersection(ids.a)),
        n_moved=len(moved_a),
        by_id_alone=not known and not trusted,
    )


@dataclass(frozen=True)
class _Ids:
    """The ids by which the rows of both runs are compared."""

    a: Sequence[str]
    b: Sequence[str]
    trusted: bool
    "Equal ids are the same row, so that questions need not be compared."
    by_row: bool = False
    "They are the numbers of rows."


def _ids_of(a: RunScores, b: RunScores) -> _Ids:
    same_data = a.facts.data_sha256 is not None and a.facts.data_sha256 == b.facts.data_sha256
    same_eval = a.facts.eval_name == b.facts.eval_name
    if same_data and not same_eval:
        rows = [_row_number(name) for name in a.sample_ids], [_row_number(name) for name in b.sample_ids]
        if all(text.isdecimal() for text in (*rows[0], *rows[1])):
            return _Ids(*rows, trusted=True, by_row=True)
    if not same_data and _all_own(a) and _all_own(b):
        return _Ids(a.names, b.names, trusted=not same_eval)
    return _Ids(a.sample_ids, b.sample_ids, trusted=same_data and same_eval)


def _partners(ids: _Ids) -> Codes:
    """The row of b with the id of each row of a; -1 where b has none."""
    if ids.a == ids.b:
        return np.arange(len(ids.a))
    rows_of_b = {name: row for row, name in enumerate(ids.b)}
    return np.array([rows_of_b.get(name, -1) for name in ids.a], dtype=np.int64)


def _row_number(sample_id: str) -> str:
    return sample_id.rpartition(".")[2]


def _all_own(run: RunScores) -> bool:
    """Whether every row gives itself an id, and no two the same."""
    own = all(name != sample_id for name, sample_id in zip(run.names, run.sample_ids, strict=True))
    return own and len(set(run.names)) == run.n


def _failed(run: RunScores, ids: _Ids) -> set[str]:
    """The ids of samples that failed, as far as they can be told: failed rows keep their positional ids alone."""
    return {_row_number(name) for name in run.failed_ids} if ids.by_row else set(run.failed_ids)


def _questions(a: RunScores, b: RunScores) -> tuple[Codes, Codes]:
    """The hash of each row's question, by the same rule in both runs."""
    if np.all(a.row_hashes != 0) and np.all(b.row_hashes != 0):
        return a.row_hashes, b.row_hashes
    return a.question_hashes, b.question_hashes


def _others(n: int, *taken: Codes) -> Codes:
    return np.setdiff1d(np.arange(n), np.concatenate(taken))


def _sorted(rows_a: Codes, rows_b: Codes) -> tuple[Codes, Codes]:
    order = np.argsort(rows_a, kind="stable")
    return rows_a[order], rows_b[order]


def _copies(a: RunScores, b: RunScores, ids: _Ids, asked_a: Codes, asked_b: Codes) -> list[tuple[int, Codes, Codes]]:
    """For each question that a run has several times: its hash, and the rows of a and of b that are pairs."""
    several = {int(value) for asked in (asked_a, asked_b) for value in _repeated(asked)}
    if not several:
        return []
    rows_a, rows_b = (_rows_by_question(run.sample_ids, asked, several) for run, asked in ((a, asked_a), (b, asked_b)))
    found = []
    for hash_ in sorted(rows_a.keys() & rows_b.keys()):
        of_a, of_b = rows_a[hash_], rows_b[hash_]
        ids_a, ids_b = {ids.a[row]: row for row in of_a}, {ids.b[row]: row for row in of_b}
        if ids_a.keys() <= ids_b.keys() or ids_b.keys() <= ids_a.keys():
            both = [name for name in ids_a if name in ids_b]
            of_a, of_b = [ids_a[name] for name in both], [ids_b[name] for name in both]
        n = min(len(of_a), len(of_b))
        found.append((hash_, np.array(of_a[:n], dtype=np.int64), np.array(of_b[:n], dtype=np.int64)))
    return found


def _repeated(asked: Codes) -> Codes:
    values, counts = np.unique(asked, return_counts=True)
    repeated: Codes = values[counts > 1]
    return repeated


def _rows_by_question(sample_ids: Sequence[str], asked: Codes, hashes: set[int]) -> dict[int, list[int]]:
    """The rows of each of these questions, in the order of the data."""
    rows: dict[int, list[int]] = defaultdict(list)
    found: list[int] = np.flatnonzero(np.isin(asked, list(hashes))).tolist()
    for row in sorted(found, key=lambda row: _place(sample_ids[row])):
        rows[int(asked[row])].append(row)
    return rows


def _place(sample_id: str) -> tuple[int, str]:
    """Sample ids end in the number of their row."""
    number = sample_id.rpartition(".")[2]
    return (int(number) if number.isdecimal() else 0, sample_id)


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
