"""Marks of graders, people and models alike: read, combined, adjudicated, and what is still missing."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.data import iter_jsonls
from evals.errors import DataError, did_you_mean, listed
from evals.exams.items import Item
from evals.exams.marking import rubric_points

logger = logging.getLogger(__name__)

HUMAN = "human"
MODEL_PREFIX = "model:"
CLOSE = 1e-9
_COMBINE: Mapping[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "max": max,
}


@dataclass(frozen=True)
class LineMark:
    """The points of one rubric line, or of a whole essay where `line` is empty."""

    line: str
    points: float
    words: str = ""
    "The words of the reply that the grader relied on."
    is_quoted: bool | None = None
    "Whether these words stand in the reply; None where none were given."


@dataclass(frozen=True)
class GraderMark:
    """What one grader gave one reply."""

    grader: str
    points: float
    lines: tuple[LineMark, ...] = ()

    def data(self) -> dict[str, Any]:
        """For the record."""
        lines = [{key: value for key, value in vars(line).items() if value not in (None, "")} for line in self.lines]
        return {"grader": self.grader, "points": self.points, "lines": lines}


@dataclass(frozen=True)
class Verdict:
    """What the graders of one reply came to."""

    points: float | None
    "None while a mark is missing."
    marks: tuple[GraderMark, ...] = ()
    missing: tuple[str, ...] = ()
    "What is missing: a grader's mark, or an adjudication."
    gap: float | None = None
    "Between the highest and the lowest mark; None for a single one."
    adjudicated_by: str | None = None
    unused: tuple[str, ...] = ()
    "People whose marks were not asked for."


@dataclass
class Marking:
    """The graders of one reply, and their marks so far.

    wanted: `human` or a model, one for each mark that the paper asks for. of_models: what model graders gave, None for
    one whose answers could not be read. of_people: marks of people by their names.
    """

    item: Item
    wanted: Sequence[str]
    of_models: dict[str, GraderMark | None] = field(default_factory=dict)
    of_people: Sequence[GraderMark] = ()

    def verdict(self, adjudicator: GraderMark | None = None) -> Verdict:
        """The points, once all marks are there.

        People fill the places of people, then those of models whose answers could not be read. Marks that lie
        `adjudicate_if_gap` or more apart need one more, which stands: that of a further person, else `adjudicator`.
        People beyond these are `unused`: those whose names come last.
        """
        marks = [mark for name in self.wanted if name != HUMAN and (mark := self.of_models.get(name)) is not None]
        people = list(self.of_people)
        n_open = len(self.wanted) - len(marks)
        marks, further = [*marks, *people[:n_open]], people[n_open:]
        gap = max(mark.points for mark in marks) - min(mark.points for mark in marks) if len(marks) > 1 else None
        if len(marks) < len(self.wanted):
            return Verdict(None, tuple(marks), self._missing(len(self.wanted) - len(marks)), gap)
        limit = self.item.graders.adjudicate_if_gap
        if limit is not None and gap is not None and gap >= limit - CLOSE:
            judge = further[0] if further else adjudicator
            if judge is None:
                return Verdict(None, tuple(marks), ("adjudication",), gap)
            return Verdict(judge.points, (*marks, judge), (), gap, judge.grader, _names(further[1:]))
        points = _COMBINE[self.item.graders.combine]([mark.points for mark in marks])
        return Verdict(points, tuple(marks), (), gap, unused=_names(further))

    def _missing(self, n: int) -> tuple[str, ...]:
        unread = [name for name in self.wanted if name != HUMAN and self.of_models.get(name) is None]
        return tuple([*(f"{name} (unreadable)" for name in unread), *[HUMAN] * n][:n])


def _names(marks: Sequence[GraderMark]) -> tuple[str, ...]:
    return tuple(mark.grader for mark in marks)


def unused_marks(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """People whose marks were not asked for, each with the questions: `carol (A1, A4)`. events: of the kind `exam`."""
    found: dict[str, list[str]] = {}
    for data in events:
        for name in data.get("unused") or ():
            found.setdefault(str(name), []).append(str(data.get("item")))
    return [f"{name} ({listed(list(dict.fromkeys(items)), 3)})" for name, items in sorted(found.items())]


def warn_of_unused(names: Sequence[str], wanted: Sequence[str]) -> None:
    """Warn of graders of the run that no question asks. wanted: the graders of all questions, each one's together."""
    unused = [name for name in names if name.removeprefix(MODEL_PREFIX) not in wanted]
    if unused:
        logger.warning("graders that no question of this paper asks for, not used: %s", listed(unused))


def graders_of(item: Item, given: Sequence[str], instead: Sequence[str] = ()) -> list[str]:
    """Who marks a question, `human` or a model each: as the paper says, else as the run says, else people.

    given: the graders of the run; of them as many as the paper wants, the first ones. instead: models in place of all
    models that the paper or the run names, and of nobody; people stay.
    """
    if instead and not item.graders.by:
        return list(instead)
    if instead:
        return [name for name in item.graders.by if name == HUMAN] + list(instead) * any(
            name != HUMAN for name in item.graders.by
        )
    by = list(item.graders.by) or list(given)[: item.graders.n]
    by = by or [HUMAN] * item.graders.n
    return [name.removeprefix(MODEL_PREFIX) for name in by]


def mark_of(item: Item, grader: str, lines: Iterable[LineMark]) -> GraderMark:
    """The mark that lines add up to: rubric lines with what they need, or the level of an essay."""
    found = tuple(lines)
    if item.rubric:
        return GraderMark(grader, rubric_points(item.rubric, {line.line: line.points for line in found}), found)
    return GraderMark(grader, found[0].points, found)


class HumanMarks:
    """Marks of people, from a file of JSON lines: `item`, `run` (from 0), `grader`, `line`, `points`.

    An essay has one row without `line`. A grader who has not marked all lines of a rubric has not marked yet.

    Raises:
        DataError: a row names no such question, line or points, or appears twice; with file:line.
    """

    def __init__(self, path: Any, items: Mapping[str, Item]) -> None:
        self._found: dict[tuple[str, int], dict[str, dict[str, float]]] = {}
        self._items = items
        for number, row in enumerate(iter_jsonls(path), start=1):
            self._add(row, f"{path}:{number}")

    def of(self, item: Item, run: int) -> list[GraderMark]:
        """The whole marks of a reply, by the names of the graders."""
        wanted = [line.id for line in item.rubric] or [""]
        by_grader = self._found.get((item.id, run), {})
        return [
            mark_of(item, grader, [LineMark(line, points) for line, points in lines.items()])
            for grader, lines in sorted(by_grader.items())
            if set(lines) == set(wanted)
        ]

    def without_reply(self, replies: Iterable[tuple[str, int]]) -> list[str]:
        """The marks of runs that the questions did not have, of those that were asked: `q5 run 3`.

        replies: question and run of each reply.
        """
        known = set(replies)
        asked = {item for item, _ in known}
        return [f"{item} run {run}" for item, run in self._found if item in asked and (item, run) not in known]

    def _add(self, row: Any, where: str) -> None:
        if not isinstance(row, dict) or not isinstance(row.get("grader"), str):
            raise DataError("a mark needs item, run, grader, line and points", where=where, fix="see docs/exams.md")
        item = self._items.get(str(row.get("item")))
        if item is None or item.kind not in ("free", "essay"):
            near = did_you_mean(str(row.get("item")), [one.id for one in self._items.values() if one.rubric])
            raise DataError(f"{row.get('item')!r} is no question that graders mark", where=where, notes=[near])
        run, line = row.get("run", 0), row.get("line") or ""
        points: Any = row.get("points")
        most = {one.id: one.points for one in item.rubric} or {"": item.points}
        if line not in most:
            what = f"question {item.id} has no rubric line {line!r}"
            raise DataError(what, where=where, notes=[f"lines: {', '.join(most) or 'none'}"])
        if not isinstance(points, int | float) or isinstance(points, bool):
            raise DataError(f"points is {points!r}, which is no number", where=where, fix="write it without quotes")
        if not 0 <= points <= most[line]:
            raise DataError(f"points is {points!r}, outside 0 to {most[line]:g}", where=where)
        if isinstance(run, bool) or not isinstance(run, int) or run < 0:
            raise DataError(f"run is {run!r}, not a number from 0", where=where)
        lines = self._found.setdefault((item.id, run), {}).setdefault(row["grader"], {})
        if line in lines:
            raise DataError(f"{row['grader']} has marked this line of {item.id} twice", where=where, fix="remove one")
        lines[line] = float(points)
