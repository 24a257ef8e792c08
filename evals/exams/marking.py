"""From an answer that was read to its status, and from a status to points: letters, places, rubrics, credit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evals.exams.items import Item, RubricLine, Status


@dataclass(frozen=True)
class Mark:
    """What came of one reply to one question."""

    status: Status
    share: float = 0.0
    "Of the points of a right answer, in [0, 1]; 1 if right, between for `partial`, else 0."
    picked: str | None = None
    "The answer as it was read; None if none was found."

    @classmethod
    def of_share(cls, share: float, picked: str | None = None) -> Mark:
        """Right at 1, wrong at 0, else partial. Raises ValueError outside [0, 1]."""
        if not 0 <= share <= 1:
            raise ValueError(f"a share of the points lies in [0, 1], got {share}")
        status: Status = "right" if share == 1 else "partial" if share > 0 else "wrong"
        return cls(status, share, picked)


def credit_of(item: Item, mark: Mark) -> float:
    """The points that a mark earns: `credit` of the status times `points`; a part of `right` for `partial`."""
    credit = item.credit
    parts = {
        "right": credit.right,
        "partial": credit.right * mark.share,
        "wrong": credit.wrong,
        "blank": credit.blank,
        "invalid": credit.wrong if credit.invalid is None else credit.invalid,
    }
    return parts[mark.status] * item.points


def counts_as_wrong(item: Item, mark: Mark) -> bool:
    """Whether `count_wrong` counts a mark: wrong, unreadable, or left blank where a blank earns no more than wrong."""
    return mark.status in ("wrong", "invalid") or (mark.status == "blank" and not item.credit.pays_blank)


def share_of_letters(item: Item, picked: Collection[str]) -> float:
    """The share that a choice of letters earns, for mcq and mselect.

    `all_or_nothing`: 1 or 0. `per_option`: options that were rightly taken or rightly left, over all options.
    `right_minus_wrong`: right letters minus wrong ones, over the right ones, and at least 0.
    """
    right, taken = set(item.key), set(picked)
    if item.rule == "per_option":
        decided = sum((letter in right) == (letter in taken) for letter in item.options)
        return decided / len(item.options)
    if item.rule == "right_minus_wrong":
        return max(0.0, (len(taken & right) - len(taken - right)) / len(right))
    return float(taken == right)


def share_of_order(item: Item, picked: Sequence[str]) -> float:
    """The share that a sequence earns: 1 or 0 for `exact`, for `share` the places that hold the right letter."""
    return _share_of_places(item, [one == two for one, two in zip(item.key, picked, strict=False)], len(item.key))


def share_of_pairs(item: Item, picked: Mapping[str, str]) -> float:
    """The share that pairs earn: 1 or 0 for `exact`, for `share` the left-hand names with the right option."""
    return _share_of_places(item, [picked.get(name) == letter for name, letter in item.pairs.items()], len(item.pairs))


def _share_of_places(item: Item, right: Sequence[bool], n: int) -> float:
    share = sum(right) / n
    return share if item.rule == "share" else float(share == 1)


def rubric_points(rubric: Sequence[RubricLine], given: Mapping[str, float]) -> float:
    """The sum of a rubric. given: the points of each line, 0 where a line is not named.

    A line earns nothing while a line that it needs earns nothing; that holds on through lines that need lines.

    Raises:
        ValueError: a line is unknown, or its points lie outside 0 and the line's own.
    """
    by_id = {line.id: line for line in rubric}
    for name, points in given.items():
        if name not in by_id:
            raise ValueError(f"there is no rubric line {name!r}; lines: {', '.join(by_id)}")
        if not 0 <= points <= by_id[name].points:
            raise ValueError(f"rubric line {name!r} earns 0 to {by_id[name].points:g}, got {points:g}")

    def earns(name: str) -> bool:
        return given.get(name, 0.0) > 0 and all(map(earns, by_id[name].needs))

    return sum(points for name, points in given.items() if earns(name))
