"""The samples of records as one Parquet table, a row each, for notebooks and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from evals.comparison.run_list import conditioned, images_of, model_of, prompt_of
from evals.errors import MissingExtra
from evals.json_text import dumps
from evals.record.reader import Record, read_record
from evals.record.rows import COLUMNS, row_of
from evals.record.scores import score_of
from evals.report.html.sample_state import FLAGS, flags, verdict

ROWS_AT_ONCE = 5000
"Rows in memory, and of a row group."

RUN_COLUMNS = ("record", "eval", "model", "run_id")
_NUMBERS = {bool, int, float}


def write_parquet(records: Sequence[str | Path], out: str | Path) -> int:
    """Write the samples of these records, and return how many rows there are.

    Columns: RUN_COLUMNS, `verdict`, `score` (empty where a sample failed or has none), FLAGS, those of
    `evals.record.rows.COLUMNS`, a `label.KEY` for each label, and the metrics. Lists and objects are JSON text. The
    records are read twice, so that memory stays flat.

    Raises:
        DataError: a file is no record.
        MissingExtra: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("a Parquet table of samples", "data") from None
    opened = [read_record(path) for path in records]
    kinds = _kinds(_rows(opened))
    types = {"bool": pyarrow.bool_(), "int": pyarrow.int64(), "float": pyarrow.float64(), "text": pyarrow.string()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    n, rows = 0, _rows(opened)
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while part := list(islice(rows, ROWS_AT_ONCE)):
            columns = [[_cell(row.get(name), kind) for row in part] for name, kind in kinds.items()]
            writer.write_table(pyarrow.table(columns, schema=schema))
            n += len(part)
    return n


def _rows(records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    for record in records:
        config = record.spec.get("run_config")
        name = conditioned(str(record.spec.get("eval_name") or "?"), prompt_of(config), images_of(config))
        run = dict(zip(RUN_COLUMNS, (str(record.path), name, model_of(record.spec), record.run_id), strict=True))
        for sample in record.samples():
            found = flags(sample)
            yield {
                **run,
                "verdict": verdict(sample),
                "score": score_of(sample.events) if sample.error is None else None,
                **{flag: flag in found for flag in FLAGS},
                **{f"label.{key}": value for key, value in sample.labels.items()},
                **{name if name not in FLAGS else f"metric.{name}": value for name, value in _own(row_of(sample))},
            }


def _own(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The cells of a row, metrics under names that no column of ours has."""
    taken = {*RUN_COLUMNS, "verdict", "score"}
    for name, value in row.items():
        yield (f"metric.{name}" if name in taken and name not in COLUMNS else name), value


def _kinds(rows: Iterator[dict[str, Any]]) -> dict[str, str]:
    """The kind of each column: `bool`, `int` or `float` where all its values are numbers, else `text`."""
    types: dict[str, set[type]] = {}
    for row in rows:
        for name, value in row.items():
            seen = types.setdefault(name, set())
            if value is not None:
                seen.add(type(value) if not isinstance(value, int) or abs(value) < 1 << 63 else str)
    return {name: _kind(name, seen) for name, seen in types.items()}


def _kind(name: str, seen: set[type]) -> str:
    if name == "score":
        return "float"
    if len(seen) == 1 and seen <= _NUMBERS:
        return next(iter(seen)).__name__
    return "float" if seen <= _NUMBERS and float in seen else "text"


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "text":
        text = value if isinstance(value, str) else dumps(value)
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return float(value) if kind == "float" else value
