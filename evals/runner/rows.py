"""Rows in memory as an eval: written beside the records as data and YAML, so that the run can be repeated."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evals.datasets.guess_columns import guess_columns
from evals.errors import UsageError

NAME = "rows.dev.v0"
MAX_GUESSED_ROWS = 200


def eval_of_rows(rows: Any, cls: str, args: Mapping[str, Any], folder: Path) -> Path:
    """A registry folder under `folder` with an eval called `rows` over these rows.

    rows: objects, or a DataFrame of pandas, polars or the like (anything with `to_dicts` or `to_dict("records")`).
    cls: the eval class, such as `Includes` or `evals.suite:Includes`. args: its arguments; columns that they do not
    name are guessed by their names. The folder's name follows from the content, so the same rows are the same data.

    Raises:
        UsageError: there are no rows, one is not an object, or a value cannot be written as JSON.
    """
    found = list(_objects(rows))
    if not found:
        raise UsageError("there are no rows", fix='give objects: [{"input": "2 + 2 = ", "ideal": "4"}]')
    text = "".join(_line(row, number) for number, row in enumerate(found, start=1))
    guessed = _guessed(found[:MAX_GUESSED_ROWS], args)
    body = {
        "class": cls if ":" in cls else f"evals.suite:{cls}",
        "args": {"samples_jsonl": "rows/samples.jsonl", **guessed},
    }
    entry = f"rows: {{id: {NAME}}}\n{NAME}: {json.dumps(body)}\n"
    root = folder / "rows" / hashlib.sha256(f"{entry}{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    for path, content in ((root / "data" / "rows" / "samples.jsonl", text), (root / "evals" / "rows.yaml", entry)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    return root


def _guessed(rows: list[Mapping[str, Any]], args: Mapping[str, Any]) -> dict[str, str]:
    """The arguments for columns that `args` do not name; a column that they name is not guessed for something else."""
    taken = {args[key] for key in ("input_key", "ideal_key", "id_key") if isinstance(args.get(key), str)}
    rest = [{name: value for name, value in row.items() if name not in taken} for row in rows]
    given = {*args, "input_key"} if not {"prompt", "prompts"}.isdisjoint(args) else set(args)
    return {key: column for key, column in guess_columns(rest).as_args().items() if key not in given}


def _objects(rows: Any) -> Iterable[Any]:
    if hasattr(rows, "to_dicts"):
        return rows.to_dicts()  # type: ignore[no-any-return]
    if hasattr(rows, "to_dict") and not isinstance(rows, Mapping):
        return rows.to_dict("records")  # type: ignore[no-any-return]
    if isinstance(rows, str | Mapping) or not isinstance(rows, Iterable):
        raise UsageError(
            f"rows must be a list of objects, got {type(rows).__name__}", fix='[{"input": ..., "ideal": ...}]'
        )
    return rows


def _line(row: Any, number: int) -> str:
    if not isinstance(row, Mapping):
        raise UsageError(f"row {number} is a {type(row).__name__}, not an object", fix='{"input": ..., "ideal": ...}')
    plain = {str(key): _plain(value) for key, value in row.items()}
    try:
        return json.dumps(plain, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"row {number} cannot be written as JSON: {error}", fix="use texts, numbers and lists"
        ) from error


def _plain(value: Any) -> Any:
    """A missing number of a DataFrame as None, a scalar of NumPy as Python's, a date as text."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, datetime.date):
        return value.isoformat() if value == value else None
    return None if isinstance(value, float) and value != value else value
