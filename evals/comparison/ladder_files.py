"""Reads a ladder from the files of a command line, tables or records, as values or as counts of passes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.comparison.ladder import Ladder, Rung, file_hash, ladder_of
from evals.comparison.ladder_records import read_passes, read_rung
from evals.comparison.ladder_tables import is_table, read_pass_table, read_table
from evals.errors import UsageError, listed
from evals.record.folders import without_copies
from evals.registry.lookup import Registry

PASS_RATE = "mean negative log pass rate"


def read_ladder(
    paths: Sequence[str], value: str | None = None, registry: Registry | None = None, *, passes: bool = False
) -> Ladder:
    """The ladder of these tables and records.

    value: the column or the metric; without it the first loss that is there. passes: read passes and draws of each
    problem, in place of one value a model.

    Raises:
        EvalsError: a file cannot be read, with file and line; or files hold different quantities.
    """
    registry = registry or Registry()
    paths = [str(path) for path in without_copies(map(Path, paths))]
    quantities: dict[str, str] = {}
    rungs: list[Rung] = []
    for path in paths:
        name, found = _one(path, value, registry, passes)
        quantities.setdefault(name, path)
        rungs += found
    if len(quantities) > 1:
        raise UsageError(
            f"these files hold {listed(list(quantities), 4)}, and a law needs one quantity",
            fix=f"name one: --value {next(iter(quantities))}",
        )
    sources = [(Path(path).name, file_hash(path)) for path in paths]
    return ladder_of(next(iter(quantities), ""), rungs, sources)


def _one(path: str, value: str | None, registry: Registry, passes: bool) -> tuple[str, list[Rung]]:
    if passes:
        return PASS_RATE, read_pass_table(path) if is_table(path) else [read_passes(path, registry)]
    if is_table(path):
        return read_table(path, value)
    name, rung = read_rung(path, value, registry)
    return name, [rung]
