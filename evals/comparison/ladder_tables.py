"""Reads the models of a ladder from CSV and Parquet tables: one row a model, or one row a model and problem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evals.comparison.ladder import Rung, check_number
from evals.comparison.table_cells import Row, column_of, plain_title, table_rows
from evals.errors import DataError, UsageError, did_you_mean, listed

COMPUTE = ("compute_flops", "training_flops", "compute", "flops")
MODEL = ("model", "name", "run")
VALUE = ("loss", "loss_nats", "nats_per_token", "bits_per_byte", "value")
PASSED, DRAWN = ("n_passed", "c", "passes"), ("n_draws", "n", "draws")
PROBLEM = ("problem", "task_id", "sample_id", "item")
STDERR, SAMPLES, FAMILY = ("stderr",), ("n", "n_samples"), "family"
UNIT, CONVENTION = ("unit", "units"), "flop_convention"
KNOWN = (*COMPUTE, *MODEL, *VALUE, *PASSED, *DRAWN, *PROBLEM, *STDERR, *SAMPLES, FAMILY, *UNIT, CONVENTION)
ENDINGS = (".csv", ".tsv", ".parquet")
IN_FLOPS = ", in FLOPs: a PF-day is 8.64e19"
_FLOPS = re.compile(r"\s*flops?$", re.IGNORECASE)


def is_table(path: str) -> bool:
    """Whether the name is that of a table."""
    return path.lower().endswith(ENDINGS)


def read_table(path: str, value: str | None) -> tuple[str, list[Rung]]:
    """The name of the value's column and a rung for each row.

    Columns: compute (`compute_flops`, ...), the value (the column named, else `loss`, ...), and where there are such
    `model`, `family`, `n`, `stderr`, `unit`, `flop_convention`.

    Raises:
        DataError: no such column, or a cell that is no number, with file and line.
        UsageError: the column that was named is not there.
    """
    rows = table_rows(path, KNOWN)
    titles = list(rows[0][1])
    compute, column = column_of(titles, COMPUTE, "compute", path, IN_FLOPS), _value_column(titles, value, path)
    conventions = {str(row[CONVENTION]) for _, row in rows if CONVENTION in titles}
    if len(conventions) > 1:
        raise DataError(
            f"FLOPs are counted in {len(conventions)} ways: {listed(sorted(conventions), 4)}", where=path,
            fix="count those of all runs alike",
        )  # fmt: skip
    found = []
    for where, row in rows:
        n, stderr = _count(row, where), _optional(row, (f"{column}_stderr", *STDERR), where)
        if stderr is not None and stderr < 0:
            raise DataError(f"the error of {column} is {stderr:g}", where=where, fix="an error is 0 or above")
        rung = _rung(row, compute, where)
        found.append(replace(rung, value=check_number(row[column], column, where), n=n, stderr=stderr))
    return column, found


def read_pass_table(path: str) -> list[Rung]:
    """A rung for each model of a table with one row a model and problem: passes and draws of it.

    Raises:
        DataError: a column is missing, a count is none, or a problem appears twice for one model.
    """
    rows = table_rows(path, KNOWN)
    titles = list(rows[0][1])
    other = "; a table with one row a model has no passes: leave out --law pass-rate"
    compute, problem = (
        column_of(titles, COMPUTE, "compute", path, IN_FLOPS),
        column_of(titles, PROBLEM, "problem", path, other),
    )
    passed, drawn = column_of(titles, PASSED, "passes", path), column_of(titles, DRAWN, "draws", path)
    models: dict[tuple[str, str], tuple[Rung, dict[str, tuple[int, int]], dict[str, str]]] = {}
    for where, row in rows:
        rung = _rung(row, compute, where)
        first, cells, seen = models.setdefault((rung.family, rung.model), (rung, {}, {}))
        if first.compute_flops != rung.compute_flops:
            raise DataError(
                f"{rung.model} has two amounts of compute",
                where=where,
                notes=[f"the other: {first.where}"],
                fix=_OWN_NAME,
            )
        name, c, n = str(row[problem]), check_number(row[passed], passed, where), check_number(row[drawn], drawn, where)
        if not (0 <= c <= n and n > 0 and c == int(c) and n == int(n)):
            raise DataError(f"{c:g} passes of {n:g} draws", where=where, fix="both are whole, and passes at most draws")
        if name in cells:
            raise DataError(
                f"problem {name} of {rung.model} appears twice", where=where, notes=[f"see also {seen[name]}"],
                fix=f"add the passes and the draws of both up in one row; of two runs: {_OWN_NAME}",
            )  # fmt: skip
        cells[name], seen[name] = (int(c), int(n)), where
    return [
        replace(rung, n=len(cells), passes=tuple((name, c, n) for name, (c, n) in cells.items()))
        for rung, cells, _ in models.values()
    ]


_OWN_NAME = "give each run a name of its own in the column model"


def _rung(row: Row, compute: str, where: str) -> Rung:
    """The model of a row, without a value yet."""
    model = next((str(row[name]) for name in MODEL if row.get(name) not in (None, "")), where)
    unit = next((str(row[name]) for name in UNIT if row.get(name)), "")
    given = _FLOPS.sub("", row[compute]) if isinstance(row[compute], str) else row[compute]
    flops = check_number(given, compute, where, positive=True)
    return Rung(model, flops, float("nan"), where, family=str(row.get(FAMILY) or ""), unit=unit)


def _optional(row: Row, names: Sequence[str], where: str) -> float | None:
    name = next((name for name in names if row.get(name) not in (None, "")), None)
    return None if name is None else check_number(row[name], name, where)


def _count(row: Row, where: str) -> int | None:
    n = _optional(row, SAMPLES, where)
    if n is not None and (n < 1 or n != int(n)):
        raise DataError(f"n is {n:g}", where=where, fix="n counts samples: a whole number from 1, or an empty cell")
    return None if n is None else int(n)


def _value_column(titles: Sequence[str], given: str | None, path: str) -> str:
    if given is None:
        return column_of(titles, VALUE, "the value", path, ", or name it: --value COLUMN")
    same = [title for title in titles if title.casefold() == plain_title(given, KNOWN).casefold()]
    if given in titles or same:
        return given if given in titles else same[0]
    note = did_you_mean(given, titles)
    fix = f"name one of the columns: {listed(titles, 10)}"
    raise UsageError(f"no column is called {given!r}", where=f"{path}:1", notes=[note], fix=fix)
