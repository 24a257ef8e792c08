"""A paper's score from marks: every value, percentile ranges, passes; over all questions and over the clean ones."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evals.exams.items import STATUSES, Status
from evals.exams.paper import FINAL, Condition, CountWrong, Lookup, Paper, PassRule, Raw, ScoreStep, worst
from evals.exams.percentiles import percentile_ranges
from evals.exams.pipeline import inputs_of, run_steps
from evals.exams.sheet import Counter, Marks, Sheet, is_clean, make_sheet, pending_items, scored_items, selects
from evals.stats.arrays import Array


@dataclass(frozen=True)
class PercentileRange:
    """Where a score stands in one population, in percent."""

    low: float
    "Takers below the score."
    high: float
    "Takers at the score or below."
    on: str
    population: str
    year: str
    status: str
    "The worst of TABLE_STATUSES on the way."
    warning: str = ""
    "Why the range is only the nearest one: the score is off the table."


@dataclass(frozen=True)
class ConditionResult:
    """One condition of a pass, and the value that met it."""

    condition: Condition
    value: float
    holds: bool


@dataclass(frozen=True)
class PassResult:
    """Whether a run passes under one rule."""

    name: str
    passed: bool
    conditions: tuple[ConditionResult, ...]


@dataclass(frozen=True)
class Outcome:
    """One way through the scoring steps."""

    values: Mapping[str, float]
    "Every value by the name that its step sets, in the order of the steps."
    percentiles: tuple[PercentileRange, ...]
    passes: tuple[PassResult, ...]

    @property
    def final(self) -> float:
        return self.values[FINAL]


@dataclass(frozen=True)
class SectionScore:
    """What a section earned, its unscored questions left out."""

    id: str
    title: str
    n_items: int
    points: float
    max_points: float
    statuses: Mapping[Status, int]
    "Marks by status, over all repeats."
    n_pending: int
    n_clean: int
    "Scored questions that are not contaminated; n_items where no list was given."


@dataclass(frozen=True)
class ExamScore:
    """The score of one run of a paper."""

    full: Outcome
    "Over all scored questions; pending marks earn nothing here."
    best: Outcome | None
    "With full marks where marks are pending: the score lies between `full` and this. None where none is pending."
    clean: Outcome | None
    "Over the questions that are not contaminated, scaled to the whole paper; None without a list, or where it is N/A."
    clean_missing: tuple[str, ...]
    "Sections without a clean question: then there is no clean score, and the full one stands."
    reported: Outcome
    "The lower of full and clean, or `full`, by the paper's `clean_rule`."
    pending: tuple[str, ...]
    sections: tuple[SectionScore, ...]
    status: str
    "The worst status of the tables on the way to `final`; empty where it goes through none."

    @property
    def reports_clean(self) -> bool:
        return self.reported is self.clean


def score_paper(paper: Paper, marks: Marks, contaminated: Collection[str] | None = None) -> ExamScore:
    """The score of a run. contaminated: ids of questions or bundles found in training data; None where nobody looked.

    Raises:
        DataError: a question is unknown, or a value lies between the rows of a table with `between: error`.
    """
    sheet, scorer = make_sheet(paper, marks), Scorer(paper)
    full = scorer.outcome(sheet)
    pending = pending_items(paper, marks)
    best = scorer.outcome(make_sheet(paper, marks, pending_earns=True)) if pending else None
    clean_items = is_clean(paper, contaminated or ())
    clean, missing = None, scorer.sections_without(sheet.kept(clean_items))
    if contaminated is not None and not missing:
        clean = scorer.outcome(sheet.kept(clean_items), wrong_of=sheet)
    reported = full
    if clean is not None and paper.clean_rule != "full" and _rank(clean) < _rank(full):
        reported = clean
    sections = tuple(_section_scores(paper, sheet, marks, clean_items))
    return ExamScore(full, best, clean, missing, reported, pending, sections, status_of(paper.score, FINAL))


def _rank(outcome: Outcome) -> tuple[float, ...]:
    """What decides which of two outcomes is lower: the final score, then the values before it, from the last back."""
    return tuple(reversed(list(outcome.values.values())))


class Scorer:
    """The steps of a paper, ready for any sheet of it."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.raws = [step for step in paper.score if isinstance(step, Raw)]
        self.counts = [step for step in paper.score if isinstance(step, CountWrong)]
        self.conditions = _counted(paper.passes)
        items = scored_items(paper)
        self.total = {step.set: sum(one.max_points for one in items if selects(step, one)) for step in self.raws}

    def counter(self, sheet: Sheet, *, with_conditions: bool = False) -> Counter:
        """What adds up a sheet. with_conditions: for the counts of pass conditions too."""
        counts = [*self.counts, *(self.conditions.values() if with_conditions else ())]
        return Counter(sheet, self.raws, counts, self.total)

    def sections_without(self, sheet: Sheet) -> tuple[str, ...]:
        """The sections of which some `raw` finds no question on a sheet."""
        empty = [step.section for step in self.raws if not any(selects(step, item) for item in sheet.items)]
        return tuple(dict.fromkeys(empty))

    def outcome(self, sheet: Sheet, wrong_of: Sheet | None = None) -> Outcome:
        """The outcome of a sheet. wrong_of: the sheet in which wrong answers are counted: a clean score counts all."""
        counted = self.counter(sheet, with_conditions=True).counted()
        if wrong_of is not None:
            whole = self.counter(wrong_of, with_conditions=True).counted()
            counted.update({name: whole[name] for name in whole if name not in self.total})
        arrays = run_steps(self.paper.score, counted)
        values = {name: float(value[0]) for name, value in arrays.items()}
        counts = {name: float(counted[count.set][0]) for name, count in self.conditions.items()}
        passes = tuple(_pass(rule, values, counts) for rule in self.paper.passes)
        return Outcome(values, tuple(self._percentiles(arrays)), passes)

    def _percentiles(self, values: Mapping[str, Array]) -> list[PercentileRange]:
        found = []
        for percentile in self.paper.percentiles:
            ranges = percentile_ranges(percentile, values[percentile.on])
            side, score = ranges.off_table[0], values[percentile.on][0]
            way = "above" if side > 0 else "below"
            warning = f"{percentile.on} is {score:g}, {way} the table: the nearest row was taken" if side else ""
            status = worst([status_of(self.paper.score, percentile.on), percentile.origin.status])
            found.append(
                PercentileRange(
                    float(ranges.low[0]),
                    float(ranges.high[0]),
                    percentile.on,
                    percentile.population,
                    percentile.year,
                    status,
                    warning,
                )
            )
        return found


def _counted(rules: Sequence[PassRule]) -> dict[str, CountWrong]:
    """The counts of pass conditions, each by its name."""
    conditions = [condition for rule in rules for condition in rule.conditions]
    return {condition.count.set: condition.count for condition in conditions if condition.count is not None}


def _pass(rule: PassRule, values: Mapping[str, float], counts: Mapping[str, float]) -> PassResult:
    results = []
    for condition in rule.conditions:
        value = counts[condition.count.set] if condition.count else values[str(condition.value)]
        rounded = float(np.round(value, 9))
        low, high = condition.at_least, condition.at_most
        holds = (low is None or rounded >= low) and (high is None or rounded <= high)
        results.append(ConditionResult(condition, value, holds))
    return PassResult(rule.name, all(one.holds for one in results), tuple(results))


def status_of(steps: Sequence[ScoreStep], name: str) -> str:
    """The worst status of the tables that a value goes through; empty where it goes through none."""
    return worst([step.table.origin.status if isinstance(step, Lookup) else "" for step in _behind(steps, name)])


def sections_beside(paper: Paper) -> tuple[str, ...]:
    """The sections with scored questions of which none counts in the final score."""
    behind = [step for step in _behind(paper.score, FINAL) if isinstance(step, Raw | CountWrong)]
    scored = [section for section in paper.sections if section.scored]
    return tuple(one.id for one in scored if not any(selects(step, item) for step in behind for item in one.scored))


def _behind(steps: Sequence[ScoreStep], name: str) -> list[ScoreStep]:
    """The steps that a value goes through, its own first; one that it goes through twice stands twice."""
    by_name = {step.set: step for step in steps}
    found, left = [], [name]
    while left:
        step = by_name[left.pop()]
        left.extend(inputs_of(step))
        found.append(step)
    return found


def _section_scores(paper: Paper, sheet: Sheet, marks: Marks, clean: Array) -> list[SectionScore]:
    found = []
    for section in paper.sections:
        rows = [number for number, item in enumerate(sheet.items) if item.section == section.id]
        given = [mark for number in rows for mark in marks.get(sheet.items[number].id) or (None,)]
        tally = Tally(mark.status for mark in given if mark is not None)
        found.append(
            SectionScore(
                section.id,
                section.title,
                len(rows),
                float(sheet.points[rows].sum()),
                float(sheet.maxima[rows].sum()),
                {status: tally[status] for status in STATUSES},
                given.count(None),
                int(clean[rows].sum()),
            )
        )
    return found
