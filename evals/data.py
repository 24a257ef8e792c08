"""Reads data files: the readers of openai/evals, and `open_samples`, the lazy sequence that runs use."""

from __future__ import annotations

import csv
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evals.datasets.compression import gzip_open, lz4_open, zstd_open
from evals.datasets.json_rows import bad_row, universal_lines
from evals.datasets.locate import locate_dataset
from evals.datasets.opening import open_binary, open_by_file_pattern, open_text, reading
from evals.datasets.samples import SampleSequence, jsonl_files, open_samples
from evals.errors import DataError
from evals.json_text import EnhancedJSONEncoder, jsondump, jsondumps, jsonload, jsonloads

__all__ = [
    "EnhancedJSONEncoder",
    "SampleSequence",
    "get_csv",
    "get_json",
    "get_jsonl",
    "get_jsonls",
    "get_lines",
    "gzip_open",
    "iter_jsonls",
    "jsondump",
    "jsondumps",
    "jsonload",
    "jsonloads",
    "locate_dataset",
    "lz4_open",
    "open_by_file_pattern",
    "open_samples",
    "zstd_open",
]


def get_jsonl(path: str | Path) -> list[Any]:
    """All rows of a file of JSON lines, or of all .jsonl files in a folder."""
    return list(iter_jsonls(path))


def get_jsonls(paths: str | Sequence[str], line_limit: int | None = None) -> list[Any]:
    """The rows of several files or folders, `line_limit` of them in all."""
    return list(iter_jsonls(paths, line_limit))


def iter_jsonls(paths: str | Path | Sequence[str | Path], line_limit: int | None = None) -> Iterator[Any]:
    """The rows of several files or folders, one at a time; blank lines are passed over."""
    named = [paths] if isinstance(paths, (str, Path)) else paths
    rows = (row for path in named for file in _files_of(os.fspath(path)) for row in _rows_of(file))
    return itertools.islice(rows, line_limit)


def get_json(path: str | Path) -> Any:
    """The value of a JSON file."""
    with reading(name := os.fspath(path)), open_text(name) as file:
        text = file.read()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        raise DataError(f"not JSON: {error.msg}", where=where, fix="correct the file there") from None


def get_lines(path: str | Path) -> list[str]:
    """The lines of a text file, each with its newline."""
    with reading(name := os.fspath(path)), open_text(name) as file:
        return file.readlines()


def get_csv(path: str | Path, fieldnames: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The rows of a CSV file (.tsv: separated by tabs) by the names in its first line, or by `fieldnames`."""
    name = os.fspath(path)
    stem = name.removesuffix(".gz").removesuffix(".zst").removesuffix(".lz4")
    with reading(name), open_text(name) as file:
        return list(csv.DictReader(file, fieldnames=fieldnames, delimiter="\t" if stem.endswith(".tsv") else ","))


def _files_of(path: str) -> list[str]:
    return jsonl_files(path) if os.path.isdir(path) else [path]


def _rows_of(path: str) -> Iterator[Any]:
    import jsonlines

    with reading(path), open_binary(path) as file:
        rows = jsonlines.Reader(universal_lines(file), loads=json.loads)
        try:
            yield from rows.iter(allow_none=True, skip_empty=True)
        except jsonlines.InvalidLineError as error:
            line = error.line if isinstance(error.line, bytes) else error.line.encode("utf-8", "replace")
            raise bad_row(error.__cause__ or error, line, path, error.lineno) from None
