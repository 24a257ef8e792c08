"""How far several raters agree on pairs of answers: people with people, and people with a grader."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evals.interchange.preferences import Judgement
from evals.stats.agreement import Agreement, cohens_kappa, krippendorff_alpha

WON, TIED, LOST = 1.0, 0.5, 0.0
VERDICTS = (LOST, TIED, WON)
MOST_PAIRS = 10
"Pairs of raters that are compared, those with the most pairs of answers in common first."
MOST_COMPARED = 50
"Of more raters no two are compared: there are too many pairs of them."

Item = tuple[str, str, str]
"(model, other model, question)"
Verdicts = dict[str, dict[Item, float]]


@dataclass(frozen=True)
class TwoRaters:
    """The agreement of two raters on the pairs of answers that both judged."""

    one: str
    other: str
    same: float
    "Share of equal verdicts: won, tied or lost."
    kappa: Agreement
    "Cohen's kappa, unweighted."


@dataclass(frozen=True)
class RatersAgreement:
    """The agreement of all raters."""

    n_raters: int
    alpha: Agreement
    "Krippendorff's alpha of lost, tied, won on the ordinal scale."
    pairs: tuple[TwoRaters, ...]


def raters_agreement(rows: Iterable[Judgement]) -> RatersAgreement:
    """The agreement of the raters of some judgements. Of a rater's several judgements of one item the last one counts.

    Judgements without a rater are left out. A judgement between counts as won above 0.5, as lost below.
    """
    verdicts: Verdicts = {}
    for row in rows:
        if row.rater is not None:
            one = row if row.model <= row.other else row.turned()
            item = (one.model, one.other, one.item or one.prompt)
            verdicts.setdefault(row.rater, {})[item] = _verdict(one.outcome)
    alpha = krippendorff_alpha(_slots(verdicts), rng=np.random.default_rng(0), scale="ordinal")
    two = _two_and_two(verdicts) if len(verdicts) <= MOST_COMPARED else ()
    return RatersAgreement(len(verdicts), alpha, two)


def _slots(verdicts: Verdicts) -> list[list[float | None]]:
    """Ratings by slot and item: the first rating of each item, the second ... Alpha does not ask who gave which."""
    ratings: dict[Item, list[float]] = {}
    for found in verdicts.values():
        for item, verdict in found.items():
            ratings.setdefault(item, []).append(verdict)
    depth = max(map(len, ratings.values()), default=0)
    return [[given[slot] if slot < len(given) else None for given in ratings.values()] for slot in range(depth)]


def _verdict(outcome: float) -> float:
    return WON if outcome > 0.5 else LOST if outcome < 0.5 else TIED


def _two_and_two(verdicts: Verdicts) -> tuple[TwoRaters, ...]:
    found = []
    for one, other in itertools.combinations(verdicts, 2):
        common = [item for item in verdicts[one] if item in verdicts[other]]
        if common:
            a, b = [verdicts[one][item] for item in common], [verdicts[other][item] for item in common]
            same = sum(x == y for x, y in zip(a, b, strict=True)) / len(common)
            found.append(TwoRaters(one, other, same, cohens_kappa(a, b, categories=VERDICTS)))
    found.sort(key=lambda pair: -pair.kappa.n)
    return tuple(found[:MOST_PAIRS])
