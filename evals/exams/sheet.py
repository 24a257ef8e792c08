"""What the questions of a paper earned, as arrays, and the raw values that scoring steps start from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from evals.errors import DataError, did_you_mean
from evals.exams.items import Item
from evals.exams.marking import Mark, counts_as_wrong, credit_of
from evals.exams.paper import CountWrong, Paper, Raw
from evals.stats.arrays import Array, Codes

Marks = Mapping[str, Sequence["Mark | None"]]
"Question id to its marks, one a repeat; None where a mark is still pending. A question without marks is pending."


@dataclass(frozen=True)
class Sheet:
    """The scored questions of a paper in order, each averaged over its repeats. Every array has shape (n_items,)."""

    items: tuple[Item, ...]
    points: Array
    wrong: Array
    "Share of the repeats that `count_wrong` counts."
    maxima: Array

    def kept(self, keep: Array) -> Sheet:
        """The questions where `keep` is true."""
        items = tuple(item for item, one in zip(self.items, keep, strict=True) if one)
        return Sheet(items, self.points[keep], self.wrong[keep], self.maxima[keep])


def scored_items(paper: Paper) -> tuple[Item, ...]:
    return tuple(item for item in paper.items if not item.dropped)


def make_sheet(paper: Paper, marks: Marks, *, pending_earns: bool = False) -> Sheet:
    """The sheet of a run. pending_earns: pending marks are full marks; else they earn nothing and count as wrong.

    Raises:
        DataError: a question is marked that the paper does not have.
    """
    items = scored_items(paper)
    known = {item.id for item in paper.items}
    for name in marks:
        if name not in known:
            what = f"paper {paper.id} has no question {name!r}"
            raise DataError(what, where=str(paper.folder), notes=[did_you_mean(name, sorted(known))])
    points, wrong = np.zeros(len(items)), np.zeros(len(items))
    for number, item in enumerate(items):
        given = marks.get(item.id) or (None,)
        pending = item.max_points if pending_earns else 0.0
        points[number] = sum(pending if one is None else credit_of(item, one) for one in given) / len(given)
        counts = [not pending_earns if one is None else counts_as_wrong(item, one) for one in given]
        wrong[number] = sum(counts) / len(given)
    return Sheet(items, points, wrong, np.array([item.max_points for item in items]))


def pending_items(paper: Paper, marks: Marks) -> tuple[str, ...]:
    """The scored questions with a mark still to come."""
    return tuple(item.id for item in scored_items(paper) if None in (marks.get(item.id) or (None,)))


def check_contaminated(paper: Paper, contaminated: Collection[str], where: str) -> None:
    """Raise DataError for an id that is none of a question or bundle. where: of the list."""
    known = {item.id for item in paper.items} | {item.bundle.id for item in paper.items if item.bundle}
    for name in contaminated:
        if name not in known:
            what = f"the list of contaminated questions names {name!r}, which paper {paper.id} does not have"
            raise DataError(
                what, where=where, notes=[did_you_mean(name, sorted(known))], fix="name ids of its questions"
            )


def is_clean(paper: Paper, contaminated: Collection[str]) -> Array:
    """Whether each scored question is none of `contaminated`, ids of questions or bundles. Shape (n_items,), booleans.

    Raises:
        DataError: an id is unknown.
    """
    check_contaminated(paper, contaminated, str(paper.folder))
    found = set(contaminated)
    return np.array(
        [item.id not in found and not (item.bundle and item.bundle.id in found) for item in scored_items(paper)]
    )


def selects(step: Raw | CountWrong, item: Item) -> bool:
    """Whether a step counts a question."""
    if isinstance(step, CountWrong):
        if step.tag is not None:
            return step.tag in item.tags or (step.tag == "critical" and item.critical)
        return item.section == step.section
    if item.section != step.section:
        return False
    return step.item in (None, item.id) or (item.bundle is not None and item.bundle.id == step.item)


class Counter:
    """Adds up a sheet for every `raw` and `count_wrong` of a paper, for all draws at once.

    total: the maximum of each `raw` over all questions of the paper, to which a part of them is scaled up.
    """

    def __init__(self, sheet: Sheet, raws: Sequence[Raw], counts: Sequence[CountWrong], total: Mapping[str, float]):
        self.raws, self.counts, self.total = raws, counts, total
        steps: list[Raw | CountWrong] = [*raws, *counts]
        chosen = [[selects(step, item) for item in sheet.items] for step in steps]
        masks = np.array(chosen, dtype=np.float64).reshape(len(chosen), len(sheet.items))
        n_raw = len(raws)
        parts = [masks[:n_raw] * sheet.points, masks[:n_raw] * sheet.maxima, masks[n_raw:] * sheet.wrong]
        self.columns = np.concatenate(parts).T
        "Shape (n_rows, 2 n_raw + n_counts); a row is a question, or a unit of several."

    def merged(self, codes: Codes) -> Counter:
        """The same counts with the questions of a unit as one row. codes: each question's unit, shape (n_items,)."""
        merged = copy(self)
        merged.columns = np.zeros((int(codes.max()) + 1, self.columns.shape[1]))
        np.add.at(merged.columns, codes, self.columns)
        return merged

    def counted(self, sums: Array | None = None) -> dict[str, Array]:
        """The value of each step by its name. sums: of drawn rows, shape (n_draws, n_columns); None: every row once."""
        sums = self.columns.sum(axis=0, keepdims=True) if sums is None else sums
        found: dict[str, Array] = {}
        n_raw = len(self.raws)
        for number, step in enumerate(self.raws):
            total, possible = self.total[step.set], sums[:, n_raw + number]
            # A sum over all questions is taken as it is: scaling by total / total would add rounding.
            is_whole = np.isclose(possible, total, rtol=1e-12)
            with np.errstate(divide="ignore", invalid="ignore"):
                earned = np.where(is_whole, sums[:, number], sums[:, number] / possible * total)
            found[step.set] = earned / total if step.fraction else earned
        for number, count in enumerate(self.counts):
            found[count.set] = sums[:, 2 * n_raw + number]
        return found
