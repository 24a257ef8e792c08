"""Reads the models of a ladder from CSV and Parquet tables: one row a model, or one row a model and problem."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.comparison.ladder import Rung, check_number
from evals.errors import DataError, MissingExtra, UsageError, did_you_mean, listed
from evals.record.special_files import refuse_special

COMPUTE = ("compute_flops", "training_flops", "compute", "flops")
MODEL = ("model", "name", "run")
VALUE = ("loss", "loss_nats", "nats_per_token", "bits_per_byte", "value")
PASSED, DRAWN = ("n_passed", "c", "passes"), ("n_draws", "n", "draws")
PROBLEM = ("problem", "task_id", "sample_id", "item")
STDERR, SAMPLES, FAMILY = ("stderr",), ("n", "n_samples"), "family"
UNIT, CONVENTION = ("unit", "units"), "flop_convention"
ENDINGS = (".csv", ".tsv", ".parquet")
Row = Mapping[str, Any]


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
    rows = list(_rows(path))
    titles = _titles(rows, path)
    compute, column = _column(titles, COMPUTE, "compute", path), _value_column(titles, value, path)
    conventions = {str(row[CONVENTION]) for _, row in rows if CONVENTION in titles}
    if len(conventions) > 1:
        raise DataError(
            f"FLOPs are counted in {len(conventions)} ways: {listed(sorted(conventions), 4)}", where=path,
            fix="count those of all runs alike",
        )  # fmt: skip
    found = []
    for where, row in rows:
        n, stderr = _optional(row, SAMPLES, where), _optional(row, (f"{column}_stderr", *STDERR), where)
        rung = _rung(row, compute, where)
        number = check_number(row[column], column, where)
        found.append(replace(rung, value=number, n=None if n is None else int(n), stderr=stderr))
    return column, found


def read_pass_table(path: str) -> list[Rung]:
    """A rung for each model of a table with one row a model and problem: passes and draws of it.

    Raises:
        DataError: a column is missing, a count is none, or a problem appears twice for one model.
    """
    rows = list(_rows(path))
    titles = _titles(rows, path)
    compute, problem = _column(titles, COMPUTE, "compute", path), _column(titles, PROBLEM, "problem", path)
    passed, drawn = _column(titles, PASSED, "passes", path), _column(titles, DRAWN, "draws", path)
    models: dict[tuple[str, str], tuple[Rung, dict[str, tuple[int, int]]]] = {}
    for where, row in rows:
        rung = _rung(row, compute, where)
        first, cells = models.setdefault((rung.family, rung.model), (rung, {}))
        if first.compute_flops != rung.compute_flops:
            raise DataError(f"{rung.model} has two amounts of compute", where=where, fix=f"see also {first.where}")
        name, c, n = str(row[problem]), check_number(row[passed], passed, where), check_number(row[drawn], drawn, where)
        if not (0 <= c <= n and n > 0 and c == int(c) and n == int(n)):
            raise DataError(f"{c:g} passes of {n:g} draws", where=where, fix="both are whole, and passes at most draws")
        if name in cells:
            raise DataError(f"problem {name} of {rung.model} appears twice", where=where)
        cells[name] = (int(c), int(n))
    return [
        replace(rung, n=len(cells), passes=tuple((name, c, n) for name, (c, n) in cells.items()))
        for rung, cells in models.values()
    ]


def _rung(row: Row, compute: str, where: str) -> Rung:
    """The model of a row, without a value yet."""
    model = next((str(row[name]) for name in MODEL if row.get(name) not in (None, "")), where)
    unit = next((str(row[name]) for name in UNIT if row.get(name)), "")
    flops = check_number(row[compute], compute, where, positive=True)
    return Rung(model, flops, float("nan"), where, family=str(row.get(FAMILY) or ""), unit=unit)


def _optional(row: Row, names: Sequence[str], where: str) -> float | None:
    name = next((name for name in names if row.get(name) not in (None, "")), None)
    return None if name is None else check_number(row[name], name, where)


def _titles(rows: Sequence[tuple[str, Row]], path: str) -> list[str]:
    if not rows:
        raise DataError("the table has no rows", where=path)
    return list(rows[0][1])


def _column(titles: Sequence[str], names: Sequence[str], what: str, path: str) -> str:
    found = next((name for name in names if name in titles), None)
    if found is None:
        raise DataError(
            f"no column for {what}", where=f"{path}:1", notes=[f"columns found: {', '.join(titles)}"],
            fix=f"call it {' or '.join(names)}",
        )  # fmt: skip
    return found


def _value_column(titles: Sequence[str], given: str | None, path: str) -> str:
    if given is None:
        return _column(titles, VALUE, "the value", path)
    if given not in titles:
        note = did_you_mean(given, titles)
        raise UsageError(
            f"no column is called {given!r}", where=f"{path}:1", notes=[note], fix=f"there are: {listed(titles, 10)}"
        )
    return given


def _rows(path: str) -> Iterator[tuple[str, Row]]:
    """`file:line` and the cells of each row."""
    return _parquet_rows(path) if path.lower().endswith(".parquet") else _csv_rows(path)


def _csv_rows(path: str) -> Iterator[tuple[str, Row]]:
    refuse_special(path, pipes=True)
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error.reason} at byte {error.start}", where=path) from None
    kept = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and line[0] != "#"]
    cells = csv.reader([line for _, line in kept], delimiter="\t" if path.lower().endswith(".tsv") else ",")
    titles: list[str] | None = None
    for (number, _), row in zip(kept, cells, strict=False):
        if titles is None:
            titles = [title.strip() for title in row]
            continue
        if len(row) != len(titles):
            raise DataError(f"{len(row)} cells, and {len(titles)} titles", where=f"{path}:{number}")
        yield f"{path}:{number}", dict(zip(titles, (cell.strip() for cell in row), strict=True))


def _parquet_rows(path: str) -> Iterator[tuple[str, Row]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("reading Parquet", "data") from None
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"cannot be read as Parquet: {error}"[:200], where=path) from None
    for number, row in enumerate(table.to_pylist(), start=1):
        yield f"{path}:row {number}", row
