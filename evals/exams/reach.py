"""Which values a paper's scoring steps can take: tables must hold every one of them before anybody sits the paper."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from evals.errors import DataError, listed
from evals.exams.items import MARKED_BY_RULE, Item
from evals.exams.paper import Combine, CountWrong, Cut, Lookup, Paper, PassRule, Percentile, Raw, ScoreStep, Weighted
from evals.exams.pipeline import DIGITS, apply, inputs_of
from evals.exams.sheet import selects
from evals.stats.arrays import Array

MAX_VALUES = 200_000
"Values that are listed one by one; beyond them only the smallest and the largest are known."


@dataclass(frozen=True)
class Reach:
    """What one value of a paper can be."""

    lo: float
    hi: float
    values: Array | None
    "Every one of them, ascending; None where they are too many, or depend on one another."
    raws: frozenset[str]
    "The `raw` and `count_wrong` steps behind it: values with a common one depend on one another."

    @classmethod
    def of(cls, values: Array, raws: frozenset[str]) -> Reach:
        found = np.unique(np.round(values, DIGITS))
        return cls(float(found[0]), float(found[-1]), found if len(found) <= MAX_VALUES else None, raws)

    def ends(self) -> Array:
        return np.array([self.lo, self.hi]) if self.values is None else self.values


def check_counted(steps: Sequence[ScoreStep], passes: Sequence[PassRule], items: Sequence[Item]) -> None:
    """Raise DataError for a scored question that no step and no pass condition reads."""
    counts = [condition.count for rule in passes for condition in rule.conditions]
    readers = [step for step in (*steps, *counts) if isinstance(step, Raw | CountWrong)]
    for item in items:
        if not any(selects(step, item) for step in readers):
            step = f"{{set: NAME, op: raw, section: {item.section}}}"
            fix = f"add `{step}` to `score`, or leave it out by `drop`"
            what = f"question {item.id} of section {item.section!r} counts in no score step"
            raise DataError(what, where=item.where, fix=fix)


@dataclass(frozen=True)
class Averaging:
    """What makes values of a run that lie between those of one reply to each question."""

    repeats: Mapping[str, int] = field(default_factory=dict)
    "Replies to each question, by section; their mean counts. 1 where a section is not named."
    contaminated: Collection[str] = ()
    "Questions and bundles that a clean score leaves out: the rest is scaled to the whole paper."

    @property
    def is_plain(self) -> bool:
        return not self.contaminated and max(self.repeats.values(), default=1) == 1

    @classmethod
    def of(cls, paper: Paper, repeats: int | None, contaminated: Collection[str]) -> Averaging:
        """That of a paper. repeats: in place of the paper's own. Raises DataError as `check_averaging` does."""
        found = cls({one.id: repeats or one.sampling.repeats for one in paper.sections}, contaminated)
        check_averaging(paper, found)
        return found

    def repeated(self, times: int) -> Averaging:
        """The same where each evaluation is made so many times."""
        return replace(self, repeats={name: own * times for name, own in self.repeats.items()})

    def clean(self, items: Sequence[Item]) -> list[Item]:
        """The questions that are not contaminated."""
        found = set(self.contaminated)
        return [one for one in items if one.id not in found and not (one.bundle and one.bundle.id in found)]

    @property
    def words(self) -> str:
        """Why values are no whole numbers."""
        return "of clean questions, scaled," if self.contaminated else "as a mean of repeats"


def check_averaging(paper: Paper, averaging: Averaging) -> None:
    """Raise DataError if a value of such a run can be between the rows of a table with `between: error`."""
    items = [item for item in paper.items if not item.dropped]
    raws = [step for step in paper.score if isinstance(step, Raw)]
    # Without a clean question in each there is no clean score.
    has_clean = all(averaging.clean([item for item in items if selects(step, item)]) for step in raws)
    for one in (replace(averaging, contaminated=()), *([averaging] if has_clean else [])):
        if not one.is_plain:
            check_reach(paper.score, (), items, one, paper.percentiles)


def check_reach(
    steps: Sequence[ScoreStep],
    passes: Sequence[PassRule],
    items: Sequence[Item],
    averaging: Averaging = Averaging(),
    percentiles: Sequence[Percentile] = (),
) -> None:
    """Hold tables, cuts and pass marks against every value that a run can reach. items: those that are scored.

    Raises:
        DataError: a table has no row for a reachable score, a cut has no level for one, or no run can pass; with
            file:line.
    """
    known: dict[str, Reach] = {}
    for step in steps:
        if isinstance(step, Lookup) and step.value in known and averaging.is_plain:
            _check_table(step, known[step.value])
        elif isinstance(step, Lookup) and step.between == "error":
            what = f"score step {step.set!r}: {step.value} {averaging.words}"
            _check_rows(what, known.get(step.value), np.asarray(step.table.scores), step.where)
        if isinstance(step, Cut) and step.value in known and known[step.value].lo < step.minima[0] - 1e-9:
            lowest = known[step.value].lo
            what = f"score step {step.set!r}: {step.value} can be {lowest:g}, and the lowest level begins at "
            raise DataError(f"{what}{step.minima[0]:g}", where=step.where, fix="add a level for it")
        found = _reach_of(step, known, items, averaging)
        if found is not None:
            known[step.set] = found
    for condition in (condition for rule in passes for condition in rule.conditions):
        reach = known.get(str(condition.value))
        if reach is not None and condition.at_least is not None and condition.at_least > reach.hi + 1e-9:
            what = f"no run can pass: {condition.value} is at most {reach.hi:g}, and {condition.at_least:g} is wanted"
            raise DataError(what, where=condition.where)
    for percentile in percentiles:
        found = known.get(percentile.on)
        for table in percentile.tables if percentile.between == "error" else ():
            what = f"percentile: {percentile.on} {'' if averaging.is_plain else averaging.words}".rstrip()
            _check_rows(what, found, np.asarray(table.scores), percentile.where)


def _reach_of(step: ScoreStep, known: Mapping[str, Reach], items: Sequence[Item], averaging: Averaging) -> Reach | None:
    """The reach of a step; None where it cannot be told, as its inputs depend on one another."""
    if isinstance(step, Raw):
        return _reach_of_raw(step, [item for item in items if selects(step, item)], averaging)
    if isinstance(step, CountWrong):
        chosen = [item for item in items if selects(step, item)]
        times = max([averaging.repeats.get(item.section, 1) for item in chosen], default=1)
        return Reach.of(np.arange(len(chosen) * times + 1.0) / times, frozenset({step.set}))
    names = inputs_of(step)
    reaches = [known[name] for name in names if name in known]
    raws = frozenset[str]().union(*(one.raws for one in reaches))
    if len(reaches) < len(names) or len(raws) < sum(len(one.raws) for one in reaches):
        return None
    if not isinstance(step, Combine | Weighted):
        return _mapped(step, reaches[0])
    return _combined(step, reaches, raws)


def _reach_of_raw(step: Raw, chosen: Sequence[Item], averaging: Averaging) -> Reach:
    """The reach of the points of some questions of one section."""
    clean = averaging.clean(chosen)
    total, possible = (sum(item.max_points for item in some) for some in (chosen, clean))
    times = averaging.repeats.get(step.section, 1)
    values, is_all = sums_of([possible_points(item) for item in clean for _ in range(times)])
    scale = (total / possible if len(clean) < len(chosen) else 1.0) / times / (total if step.fraction else 1.0)
    found = Reach.of(values * scale, frozenset({step.set}))
    return found if is_all else Reach(found.lo, found.hi, None, found.raws)


def _mapped(step: ScoreStep, reach: Reach) -> Reach:
    """The reach of a step that goes by one value."""
    (name,) = inputs_of(step)
    values = apply(step, {name: reach.ends()}, are_draws=True)
    found = Reach.of(values, reach.raws)
    return found if reach.values is not None else Reach(found.lo, found.hi, None, reach.raws)


def _combined(step: Combine | Weighted, reaches: Sequence[Reach], raws: frozenset[str]) -> Reach:
    """The reach of a step that goes by several values, each independent of the others."""
    names = inputs_of(step)
    size = math.prod(len(one.ends()) for one in reaches)
    is_listed = size <= MAX_VALUES and all(one.values is not None for one in reaches)
    parts = [one.ends() if is_listed else np.array([one.lo, one.hi]) for one in reaches]
    if len(parts) > 16 and not is_listed:
        return Reach(-math.inf, math.inf, None, raws)
    grid = dict(zip(names, (one.ravel() for one in np.meshgrid(*parts, indexing="ij")), strict=True))
    found = Reach.of(apply(step, grid, are_draws=True), raws)
    return found if is_listed else Reach(found.lo, found.hi, None, raws)


def possible_points(item: Item) -> tuple[Fraction, ...]:
    """What an item can earn in one run, each exactly."""
    credit, points = item.credit, Fraction(str(item.points))
    right = Fraction(str(credit.right))
    ends = (credit.right, credit.wrong, credit.blank, credit.wrong if credit.invalid is None else credit.invalid)
    values = {Fraction(str(end)) for end in ends}
    n = _n_parts(item)
    values |= {right * part / n for part in range(n + 1)} if n > 1 else set()
    return tuple(sorted(value * points for value in values))


def _n_parts(item: Item) -> int:
    """Into how many equal parts the points of an item can fall."""
    if item.rule == "per_option":
        return len(item.options)
    if item.rule == "right_minus_wrong":
        return len(item.key)
    if item.rule == "share":
        return len(item.pairs) or len(item.key)
    if item.kind in MARKED_BY_RULE or item.kind == "code":
        return 1
    steps = [Fraction(str(item.step)), *(Fraction(str(line.points)) for line in item.rubric)]
    whole = math.lcm(*(step.denominator for step in steps))
    unit = Fraction(math.gcd(*(int(step * whole) for step in steps)), whole)
    shared = item.graders.n if item.graders.combine in ("mean", "median") else 1
    return max(1, round(Fraction(str(item.points)) / unit) * shared)


def sums_of(choices: Sequence[Sequence[Fraction]]) -> tuple[Array, bool]:
    """Every sum of one value from each of some sets, ascending, and whether it is every one: else the two ends.

    A sum is a bit of one large number, in units of the common divisor, so that adding a set is a few shifts.
    """
    units = [value.denominator for values in choices for value in values]
    unit = math.lcm(*units) if units else 1
    scaled = [[int(value * unit) for value in values] for values in choices]
    lo, hi = sum(map(min, scaled)), sum(map(max, scaled))
    if hi - lo > MAX_VALUES * 8:
        return np.array([lo, hi], dtype=np.float64) / unit, False
    bits = 1
    for values in scaled:
        least = min(values)
        added = 0
        for value in set(values):
            added |= bits << (value - least)
        bits = added
    return (np.array(list(_set_bits(bits)), dtype=np.float64) + lo) / unit, True


def _set_bits(bits: int) -> Iterator[int]:
    text = bin(bits)[2:]
    return (len(text) - 1 - at for at in range(len(text) - 1, -1, -1) if text[at] == "1")


def _check_table(step: Lookup, reach: Reach) -> None:
    rows = np.asarray(step.table.scores)
    what = f"score step {step.set!r}: {step.value} can be "
    fix = f"add the row to {step.table.where}"
    if reach.lo < rows[0] or reach.hi > rows[-1]:
        off = reach.lo if reach.lo < rows[0] else reach.hi
        raise DataError(
            f"{what}{off:g}, and the table runs from {rows[0]:g} to {rows[-1]:g}", where=step.where, fix=fix
        )
    if reach.values is None:
        return
    is_whole = bool(np.all(rows == np.round(rows)))
    wanted = reach.values[reach.values == np.round(reach.values)] if is_whole else reach.values
    missing = wanted[~np.isin(wanted, np.round(rows, DIGITS))]
    if len(missing) and (is_whole or step.between == "error"):
        rest = listed([f"{value:g}" for value in missing])
        raise DataError(f"{what}{rest}, for which the table has no row", where=step.where, fix=fix)
    if step.between == "error" and len(wanted) < len(reach.values):
        odd = reach.values[reach.values != np.round(reach.values)][0]
        fix = "write `between: floor` or `between: interpolate`"
        raise DataError(f"{what}{odd:g}, for which the table has no row", where=step.where, fix=fix)


def _check_rows(what: str, reach: Reach | None, rows: Array, where: str) -> None:
    """Raise DataError for a reachable value within a table that has no row of its own."""
    if reach is None or reach.values is None:
        return
    inside = reach.values[(reach.values >= rows[0]) & (reach.values <= rows[-1])]
    missing = inside[~np.isin(inside, np.round(rows, DIGITS))]
    if len(missing):
        said = f"{what} can be {missing[0]:g}, for which the table has no row"
        raise DataError(said, where=where, fix="write `between: floor` or `between: interpolate`")
