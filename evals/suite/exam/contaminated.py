"""Reads the list of questions that were found in training data."""

from __future__ import annotations

import json
from pathlib import Path

from evals.datasets.opening import open_text, reading
from evals.errors import DataError
from evals.exams.paper import Paper
from evals.exams.sheet import check_contaminated


def contaminated_of(paper: Paper, path: Path | str | None) -> tuple[str, ...] | None:
    """The ids in a file (`read_contaminated`) of questions and bundles of a paper; DataError for another id too.

    None without a file: nobody looked.
    """
    if path is None:
        return None
    found = read_contaminated(path)
    check_contaminated(paper, found, str(path))
    return found


def read_contaminated(path: Path | str) -> tuple[str, ...]:
    """The ids in a file: one a line, as plain texts or as JSON objects with `item` or `id`.

    An object with `contaminated: false` is passed over.

    Raises:
        DataError: the file cannot be read, or a line holds no id; with file:line.
    """
    with reading(name := str(path)), open_text(name) as file:
        lines = [line.strip() for line in file]
    found = []
    for number, line in enumerate(lines, start=1):
        if line:
            found += _ids(line, f"{name}:{number}")
    return tuple(dict.fromkeys(found))


def _ids(line: str, where: str) -> list[str]:
    if not line.startswith(("{", '"')):
        return [line]
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if isinstance(row, str):
        return [row]
    name = row.get("item", row.get("id")) if isinstance(row, dict) else None
    if not isinstance(name, str) or row is None:
        raise DataError("no id of a question", where=where, fix='write the id, or {"item": "ID"}')
    return [] if row.get("contaminated") is False else [name]
