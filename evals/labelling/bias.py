"""Known biases of graders, measured where the data allow it: a preferred place, longer answers, its own family."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from evals.labelling.graded_record import GradedRecord, GradedSample
from evals.labelling.grader_check import Pair
from evals.stats.estimate import Estimate
from evals.stats.means import estimate
from evals.stats.two_groups import GroupDifference, group_difference

FEWEST = 2
"Samples in each of two groups, so that a difference has an error."


@dataclass(frozen=True)
class Position:
    """How often two orders gave two verdicts."""

    inconsistent: Estimate
    prefers_first: Estimate | None
    "Among these, the share in which what was shown first was preferred; None where scores do not say."


@dataclass(frozen=True)
class Length:
    """How much kinder than people the grader is to the longer half of the answers, beyond the shorter half."""

    difference: GroupDifference
    median_length: float
    "Characters: answers above it are the longer half."
    compares: bool = False
    "Of two answers: the length is what the first one has beyond the second."


@dataclass(frozen=True)
class SelfPreference:
    """How much kinder than people the grader is to its own family, beyond other families."""

    difference: GroupDifference
    own: str
    others: Sequence[str]


Missing = str
"Why a bias is not measured."


def position_bias(samples: Sequence[GradedSample], scores: Mapping[str, float | None]) -> Position | Missing:
    """The verdicts on both orders of all samples that have them."""
    orders = [one for sample in samples for one in sample.orders if len(one) == 2 and "__invalid__" not in one]
    if not orders:
        return "not measured: graders saw one order; a pairwise eval with swap: true shows both"
    differ = [one for one in orders if one[0] != one[1]]
    known = [(scores.get(one), scores.get(other)) for one, other in differ]
    prefers = [float(a > b) for a, b in known if a is not None and b is not None and a != b]
    inconsistent = estimate([float(one[0] != one[1]) for one in orders])
    return Position(inconsistent, estimate(prefers) if prefers else None)


def length_bias(pairs: Sequence[Pair], *, compares: bool = False) -> Length | Missing:
    """Gaps between grader and people on the longer and on the shorter half of the labelled answers.

    compares: of two answers the first one counts as long where it is longer than the second.
    """
    gaps = [(pair.sample.length, pair.gap) for pair in pairs if pair.gap is not None]
    if not gaps:
        return "not measured: the choices have no scores"
    middle = median(length for length, _ in gaps)
    longer = [gap for length, gap in gaps if length > middle]
    shorter = [gap for length, gap in gaps if length <= middle]
    if min(len(longer), len(shorter)) < FEWEST:
        return "not measured: the labelled answers are of one length, or too few"
    if all(gap == 0 for _, gap in gaps):
        return "none seen: grader and people never differ on the labelled samples"
    return Length(group_difference(longer, shorter), middle, compares)


def family_of(name: str) -> str:
    """The family of a model by its name: the first word, `gpt` of `openai/gpt-6-luna`."""
    words = [word for word in re.split(r"[-_/:. \d]+", name.rpartition("/")[2].casefold()) if word]
    return words[0] if words else name.casefold()


def self_preference(
    record: GradedRecord, pairs: Sequence[Pair], others: Sequence[tuple[GradedRecord, Sequence[Pair]]]
) -> SelfPreference | Missing:
    """Gaps between grader and people on answers of the grader's family, and on those of other families.

    others: further labelled records, of other models.
    """
    if record.compares_answers:
        return "not measured: each verdict is about answers of two models"
    graders = sorted({family_of(str(one.get("model") or one.get("name"))) for one in record.graders})
    if len(graders) != 1:
        why = "graders of several families judged" if graders else "the record names no grader"
        return f"not measured: {why}"
    own: list[float] = []
    foreign: list[float] = []
    names: set[str] = set()
    for one, of_it in [(record, pairs), *others]:
        family = family_of(one.models[0]) if one.models else "?"
        (own if family == graders[0] else foreign).extend(pair.gap for pair in of_it if pair.gap is not None)
        names |= {family} - {graders[0]}
    if min(len(own), len(foreign)) < FEWEST:
        missing = "another family" if own else "the grader's family"
        return (
            f"not measured: the grader's family is {graders[0]}, and no labelled answer is of {missing}: add a record "
            "of another model with --other RECORD --other-labels FILE"
        )
    if not any([*own, *foreign]):
        return "none seen: grader and people never differ on the labelled samples"
    return SelfPreference(group_difference(own, foreign), graders[0], sorted(names))
