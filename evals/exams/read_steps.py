"""Reads the scoring steps of a paper: fixed operations on named values, so that a data file can never run code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from evals.errors import did_you_mean
from evals.exams.answer_keys import exact_number
from evals.exams.fields import Fields
from evals.exams.files import PaperFolder
from evals.exams.paper import (
    FINAL,
    BandToScale,
    Clamp,
    Combine,
    CountWrong,
    Cut,
    Linear,
    Lookup,
    Raw,
    Round,
    ScoreStep,
    Section,
    Table,
    Weighted,
)
from evals.exams.tables import read_origin, read_rows_wanted, read_table

BETWEEN = ("error", "floor", "interpolate")
ROUND_MODES = ("half_up", "half_even", "floor", "ceil")


@dataclass
class StepContext:
    """What a step may refer to: sections, questions, the values set so far, tables."""

    sections: Sequence[Section]
    folder: PaperFolder
    table_files: Mapping[str, str]
    "File of the paper to the form's own."
    paper: Mapping[str, Any]
    "The top-level keys of the paper, which may state the origin of its tables."
    values: list[str] = field(default_factory=list)

    def known(self, step: Fields, key: str, name: str) -> str:
        """The name of a value that an earlier step sets. Raises DataError for another name."""
        if name not in self.values:
            near = did_you_mean(name, self.values)
            raise step.error(f"no earlier step sets the value {name!r}", key, note=near)
        return name

    def section(self, step: Fields, name: str) -> str:
        names = [section.id for section in self.sections]
        if name not in names:
            raise step.error(f"there is no section {name!r}", "section", note=did_you_mean(name, names))
        return name

    def tag(self, step: Fields, name: str) -> str:
        tags = {tag for section in self.sections for item in section.items for tag in item.tags}
        tags |= {"critical"} if any(item.critical for section in self.sections for item in section.items) else set()
        if name not in tags:
            raise step.error(f"no question has the tag {name!r}", "tag", note=did_you_mean(name, sorted(tags)))
        return name


def read_steps(top: Fields, context: StepContext) -> tuple[ScoreStep, ...]:
    """The steps of `score`, in order.

    Raises:
        DataError: an operation, a value, a section or a table is unknown, or the last step does not set `final`.
    """
    steps = []
    for step in top.mappings("score", "score step"):
        name = step.text("set")
        step.what = f"score step {name!r}"
        if name in context.values:
            raise step.error(f"the value {name!r} is set twice", "set")
        steps.append(_OPS[step.one_of("op", tuple(_OPS))](step, name, context))
        step.close()
        context.values.append(name)
    if not steps:
        raise top.error("'score' has no steps", fix="add `score: [{set: final, op: raw, section: NAME}]`")
    if steps[-1].set != FINAL:
        what = f"the last score step sets {steps[-1].set!r}"
        raise top.error(what, "score", fix="call the value of the last step `final`")
    return tuple(steps)


def _value(step: Fields, context: StepContext) -> str:
    return context.known(step, "value", step.text("value"))


def _raw(step: Fields, name: str, context: StepContext) -> Raw:
    section = context.section(step, step.text("section"))
    item = step.text("item", "") or None
    if item is not None:
        items = next(one.scored for one in context.sections if one.id == section)
        names = {one.id for one in items} | {one.bundle.id for one in items if one.bundle}
        if item not in names:
            near = did_you_mean(item, sorted(names))
            raise step.error(f"section {section!r} has no scored question {item!r}", "item", note=near)
    return Raw(name, step.where, section, item, step.one_of("of", ("points", "fraction"), "points") == "fraction")


def _combine(step: Fields, name: str, context: StepContext) -> Combine:
    op: Any = step.text("op")
    key = "values" if step.has("values") else "of"
    values = tuple(context.known(step, key, value) for value in step.texts(key))
    if not values:
        raise step.error("it needs the names of values", fix="add `values: [a, b]`")
    return Combine(name, step.where, op, values)


def _weighted(step: Fields, name: str, context: StepContext) -> Weighted:
    weights = step.numbers("of")
    for value in weights:
        context.known(step, "of", value)
    if not weights:
        raise step.error("it needs weights", fix="add `of: {a: 0.6, b: 0.4}`")
    stated = step.number_or_none("sum_to")
    total = sum(weights.values())
    if stated is not None and abs(total - stated) > 1e-9:
        raise step.error(f"the weights add up to {total:g}, not to {stated:g}", "of")
    return Weighted(name, step.where, weights)


def _linear(step: Fields, name: str, context: StepContext) -> Linear:
    return Linear(name, step.where, _value(step, context), step.number("mul", 1.0), step.number("add", 0.0))


def _lookup(step: Fields, name: str, context: StepContext) -> Lookup:
    value, between = _value(step, context), step.one_of("between", BETWEEN, "error")
    return Lookup(name, step.where, value, _table(step, context), between)  # type: ignore[arg-type]


def _table(step: Fields, context: StepContext) -> Table:
    named = step.text("table")
    file = context.table_files.get(named, named)
    raw = context.folder.table(file, step.where_of("table")).where(read_rows_wanted(step))
    from_, to = (step.text(key, "") or None for key in ("from", "to"))
    return read_table(raw, file, from_, to, read_origin(step, raw, context.paper))


def _cut(step: Fields, name: str, context: StepContext) -> Cut:
    levels = step.numbers("levels")
    minima = [exact_number(text) for text in levels]
    if not levels or None in minima:
        raise step.error("'levels' maps a minimum to its level", "levels", fix="write `levels: {0: 1, 40: 2}`")
    pairs = sorted((float(minimum or 0), level) for minimum, level in zip(minima, levels.values(), strict=True))
    for before, after in pairwise(pairs):
        if after[0] == before[0] or after[1] < before[1]:
            raise step.error(f"the levels do not rise: {after[0]:g} gives {after[1]:g}", "levels")
    value = _value(step, context)
    return Cut(name, step.where, value, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def _round(step: Fields, name: str, context: StepContext) -> Round:
    to, mode = step.number("to", 1.0), step.one_of("mode", ROUND_MODES, "half_up")
    if not to > 0:
        raise step.error("'to' must be above 0", "to")
    return Round(name, step.where, _value(step, context), to, mode)  # type: ignore[arg-type]


def _clamp(step: Fields, name: str, context: StepContext) -> Clamp:
    lo, hi = step.number("lo"), step.number("hi")
    if lo > hi:
        raise step.error(f"lo is {lo:g}, above hi, {hi:g}", "lo")
    return Clamp(name, step.where, _value(step, context), lo, hi)


def _count_wrong(step: Fields, name: str, context: StepContext) -> CountWrong:
    return read_count(step, name, context)


def read_count(fields: Fields, name: str, context: StepContext) -> CountWrong:
    """Where wrong answers are counted: a section, or the questions with a tag. Raises DataError for none or both."""
    section, tag = fields.text("section", ""), fields.text("tag", "")
    if bool(section) == bool(tag):
        raise fields.error("it counts in a section or by a tag", fix="add `section: NAME` or `tag: NAME`")
    if section:
        return CountWrong(name, fields.where, section=context.section(fields, section))
    return CountWrong(name, fields.where, tag=context.tag(fields, tag))


def _band_to_scale(step: Fields, name: str, context: StepContext) -> BandToScale:
    scales = []
    for key in ("from", "to"):
        scale = step.mapping(key)
        if scale is None:
            raise step.error(
                f"{key!r} is missing", fix="add `from: {mean: 3.5, sd: 0.8}` and `to: {mean: 140, sd: 16}`"
            )
        scales.append((scale.number("mean"), scale.number("sd")))
        scale.close()
        if not scales[-1][1] > 0:
            raise scale.error("'sd' must be above 0", "sd")
    return BandToScale(name, step.where, _value(step, context), *scales[0], *scales[1])


_OPS: dict[str, Callable[[Fields, str, StepContext], ScoreStep]] = {
    "raw": _raw,
    **dict.fromkeys(("sum", "mean", "min", "max"), _combine),
    "weighted": _weighted,
    "linear": _linear,
    "lookup": _lookup,
    "cut": _cut,
    "round": _round,
    "clamp": _clamp,
    "count_wrong": _count_wrong,
    "band_to_scale": _band_to_scale,
}
