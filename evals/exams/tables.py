"""Reads conversion tables and score distributions from CSV, with the origin that each of them must state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from evals.errors import DataError, did_you_mean, listed
from evals.exams.fields import Fields
from evals.exams.files import PaperFolder, RawTable
from evals.exams.paper import TABLE_STATUSES, Origin, PercentileTable, Table

_LOW = ("low", "below", "percent_below", "percentile")
_HIGH = ("high",)
_COUNT, _SHARE = ("count", "n", "n_takers"), ("share", "percent", "pct_of_takers")
COLUMN_NAMES = {"score": ("score",), "low": _LOW, "high": _HIGH, "count": _COUNT, "share": _SHARE}
"What the columns of a percentile table may be called, unless `columns` names them; without `score` it is the first."
FULL_SHARE = 1.0
"Percent that shares may miss 100 by, which rounding to whole numbers explains."


def read_table(raw: RawTable, name: str, from_: str | None, to: str | None, origin: Origin) -> Table:
    """A conversion: `from_` and `to` name its columns, by default the first and the second one.

    Raises:
        DataError: a column is absent, a cell is no number, a score appears twice, or the values fall; with file:line.
    """
    columns = list(raw.columns)
    if len(columns) < 2:
        raise DataError("a conversion needs two columns, a score and its value", where=f"{raw.shown}:1")
    names = (from_ or columns[0], to or columns[1])
    raw = raw.filled(names)
    scores, values = (numbers(raw, one) for one in names)
    order = ascending(raw, scores)
    ordered = [values[row] for row in order]
    for (_, before), (row, after) in pairwise(zip(order, ordered, strict=True)):
        if after < before:
            what = f"the values fall from {before:g} to {after:g} where the score rises to {scores[row]:g}"
            raise DataError(what, where=raw.at(row), fix="correct the table")
    return Table(name, tuple(scores[row] for row in order), tuple(ordered), origin, raw.shown)


def ascending(raw: RawTable, scores: Sequence[float]) -> list[int]:
    """The rows by rising score. Raises DataError if a score appears twice."""
    order = sorted(range(len(scores)), key=lambda row: scores[row])
    for before, after in pairwise(order):
        if scores[before] == scores[after]:
            raise DataError(f"the score {scores[after]:g} appears twice", where=raw.at(max(before, after)))
    return order


def numbers(raw: RawTable, column: str) -> list[float]:
    """A column as numbers; `99+` and `>99` are 99, `<1` and `1-` are 0.

    Raises:
        DataError: another text, or no such column.
    """
    if column not in raw.columns:
        near = did_you_mean(column, raw.columns)
        there = f"columns found: {listed(list(raw.columns), 8)}"
        raise DataError(f"the table has no column {column!r}", where=f"{raw.shown}:1", notes=[there, near])
    found = []
    for row, text in enumerate(raw.columns[column]):
        try:
            number = float(text.rstrip("+%").removeprefix(">"))
        except ValueError:
            number = 0.0 if text in ("<1", "1-") else math.nan
        if not math.isfinite(number):
            fix = "write a point before decimals" if "," in text else ""
            raise DataError(f"{column!r} is {text!r}, not a number", where=raw.at(row), fix=fix)
        found.append(number)
    return found


def read_origin(stated: Fields, raw: RawTable, paper: Mapping[str, Any]) -> Origin:
    """Where a table's numbers come from: said in the step, in its `# key: value` lines, its columns, or the paper.

    Raises:
        DataError: source or status is said nowhere, or the status is unknown.
    """
    found = {key: _said(key, stated, raw, paper) for key in ("source", "status", "year", "url")}
    for key in ("source", "status"):
        if not found[key]:
            fix = "begin the file with lines such as `# source: NAME OF THE BODY, YEAR` and `# status: official`"
            raise DataError(f"the table does not say its {key}", where=f"{raw.shown}:1", fix=fix)
    if found["status"] not in TABLE_STATUSES:
        near = did_you_mean(found["status"], TABLE_STATUSES)
        fix = f"write one of: {', '.join(TABLE_STATUSES)}"
        raise DataError(f"the status is {found['status']!r}", where=f"{raw.shown}:1", notes=[near], fix=fix)
    return Origin(**found)


def _said(key: str, stated: Fields, raw: RawTable, paper: Mapping[str, Any]) -> str:
    if stated.has(key):
        return stated.text(key)
    stated.take(key)
    if raw.notes.get(key):
        return raw.notes[key]
    column = [text for text in raw.columns.get(key, []) if text]
    if key == "status" and column:
        return max(column, key=lambda one: TABLE_STATUSES.index(one) if one in TABLE_STATUSES else len(TABLE_STATUSES))
    return column[0] if column else str(paper.get(key) or "")


def read_rows_wanted(stated: Fields) -> dict[str, str]:
    """`where: {column: text}` of a step or a percentile: which rows of its table it reads."""
    inner = stated.mapping("where")
    return {} if inner is None else {name: inner.text(name) for name in inner.values}


def read_percentile_table(
    name: str, where: str, stated: Fields, columns: Mapping[str, str], folder: PaperFolder, paper: Mapping[str, Any]
) -> PercentileTable:
    """The percentile range of each score: from `low` and `high`, `low` alone, counts, or shares of takers in percent.

    `low` alone is "percent below": `high` is then the `low` of the next score up, and 100 at the top.

    Raises:
        DataError: the columns are not there, cells are no percentages, shares do not add up to 100, or the percentages
            fall; with file:line.
    """
    raw = folder.table(name, where).where(read_rows_wanted(stated))
    named = {kind: _column(raw, kind, columns) for kind in COLUMN_NAMES}
    raw = raw.filled([one for one in named.values() if one is not None])
    scores = numbers(raw, str(named["score"]))
    order = ascending(raw, scores)
    low, high = _ranges(raw, named, order)
    _check_ranges(raw, order, low, high)
    _refuse_shares_of_one(raw, order, [low, *([high] if named["high"] is not None else [])])
    origin = read_origin(stated, raw, paper)
    return PercentileTable(name, tuple(scores[row] for row in order), tuple(low), tuple(high), origin, raw.shown)


def _column(raw: RawTable, kind: str, columns: Mapping[str, str]) -> str | None:
    if kind in columns:
        if columns[kind] not in raw.columns:
            numbers(raw, columns[kind])
        return columns[kind]
    if columns and kind != "score":
        return None
    found = next((name for name in COLUMN_NAMES[kind] if name in raw.columns), None)
    return next(iter(raw.columns)) if found is None and kind == "score" else found


def _ranges(raw: RawTable, named: Mapping[str, str | None], order: Sequence[int]) -> tuple[list[float], list[float]]:
    """Low and high in percent, by rising score."""

    def column(kind: str) -> list[float] | None:
        name = named[kind]
        values = None if name is None else numbers(raw, name)
        return None if values is None else [values[row] for row in order]

    low, high = column("low"), column("high")
    if low is not None:
        return low, high if high is not None else [*low[1:], 100.0]
    parts = column("count") or column("share")
    if parts is None:
        fix = "add `low` (percent below), `low` and `high`, `count`, or `share` in percent"
        raise DataError("no column says how takers are spread", where=f"{raw.shown}:1", fix=fix)
    return ranges_of_parts(raw, parts, is_share=named["count"] is None)


def ranges_of_parts(raw: RawTable, parts: Sequence[float], *, is_share: bool) -> tuple[list[float], list[float]]:
    """Low and high in percent from counts, or shares, of takers by rising score.

    Raises:
        DataError: a part is negative, all are 0, or shares miss 100 by more than FULL_SHARE.
    """
    total = math.fsum(parts)
    if min(parts) < 0 or total <= 0:
        raise DataError("counts and shares are at least 0, and not all 0", where=f"{raw.shown}:1")
    if is_share and abs(total - 100) > FULL_SHARE:
        what = f"the shares add up to {total:g}, not 100"
        raise DataError(what, where=f"{raw.shown}:1", fix="give shares in percent, or call the column `count`")
    upto = [0.0, *accumulate(parts)]
    scaled = [100.0 * part / total for part in upto]
    scaled[-1] = 100.0
    return scaled[:-1], scaled[1:]


def _refuse_shares_of_one(raw: RawTable, order: Sequence[int], ends: Sequence[Sequence[float]]) -> None:
    """Raise DataError for 0.5 that means 50 %. Percents below 1 alone would put nearly all takers at the top score."""
    given = [end for one in ends for end in one]
    if len(order) > 1 and 0 < max(given) <= 1 and any(end % 1 for end in given):
        what = f"the largest percentage is {max(given):g}: these look like shares of 1"
        raise DataError(what, where=raw.at(order[-1]), fix="write percent: 50 and not 0.5")


def _check_ranges(raw: RawTable, order: Sequence[int], low: Sequence[float], high: Sequence[float]) -> None:
    for ends in (low, high):
        before = 0.0
        for row, end in zip(order, ends, strict=True):
            if not 0 <= end <= 100:
                raise DataError(f"{end:g} is no percentage; it lies within 0 and 100", where=raw.at(row))
            if end < before:
                what = f"the percentages fall from {before:g} to {end:g} where the score rises"
                raise DataError(what, where=raw.at(row), fix="correct the table")
            before = end
    for row, one_low, one_high in zip(order, low, high, strict=True):
        if one_low > one_high:
            raise DataError(f"the percentile range is {one_low:g} to {one_high:g}, low first", where=raw.at(row))
    for above, below in pairwise(range(len(order))):
        if high[above] > low[below] + FULL_SHARE:
            what = f"the ranges overlap: {high[above]:g} % have one score or less, {low[below]:g} % less than the next"
            fix = "`low` is the percent below a score, `high` the percent at it or below"
            raise DataError(what, where=raw.at(order[below]), fix=fix)
