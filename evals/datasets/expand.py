"""Expands compressed, remote and tabular data into plain JSON lines in the cache, once for each source."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evals.datasets.cache_folder import CacheFile, data_cache, written_whole
from evals.datasets.compression import COMPRESSIONS
from evals.datasets.hugging_face import expand_hugging_face
from evals.datasets.json_rows import refuse_wrong_kind, universal_lines
from evals.datasets.opening import is_url, open_binary, reading, shown_name
from evals.datasets.plain_rows import write_rows
from evals.datasets.tables import TABLE_FORMS, rows_of_table

EXPANSION = "1"
"Part of the name of each expanded file. Raise it if the same source is expanded in another way."


@dataclass(frozen=True)
class Expanded:
    """A plain file of JSON lines. has_lines: whether its line numbers are those of the source."""

    path: Path
    has_lines: bool


def expand(name: str) -> Expanded:
    """The plain form of a local file or a URL; from the cache if the source has not changed.

    Blank lines are added so that each row keeps its line number. `has_lines` is False for a source without lines (a
    JSON array, Parquet, Hugging Face).

    Raises:
        DataError: the source or a row cannot be read, or the cache cannot be written.
        MissingExtra: a package for this form is not installed.
    """
    if name.startswith("hf://"):
        return Expanded(expand_hugging_face(name), has_lines=False)
    source = name
    if is_url(name):
        from evals.datasets.remote import fetch_remote

        source = str(fetch_remote(name))
    form = os.path.splitext(without_compression(name.partition("?")[0] if is_url(name) else name))[1]
    has_lines = form not in (".json", ".parquet")
    target = data_cache("expanded") / f"{_key(source, form)}.jsonl"
    if not target.exists():
        shown = shown_name(name)
        with reading(shown), written_whole(target) as file:
            _write_plain(source, shown, form, file)
    return Expanded(target, has_lines)


def without_compression(name: str) -> str:
    """The name without the suffix of a compression: `rows.csv` for `rows.csv.gz`."""
    stem, suffix = os.path.splitext(name)
    return stem if suffix in COMPRESSIONS else name


def _write_plain(source: str, shown: str, form: str, file: CacheFile) -> None:
    if form in TABLE_FORMS:
        write_rows(rows_of_table(source, shown, form), file, shown, has_lines=form in (".csv", ".tsv"))
        return
    with open_binary(source) as raw:
        for line in _checked(universal_lines(raw), shown):
            file.write(line.rstrip(b"\r\n") + b"\n")


def _checked(lines: Iterator[bytes], shown: str) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        if number == 0:
            refuse_wrong_kind(line, shown)
        yield line


def _key(source: str, form: str) -> str:
    with reading(source):
        found = os.stat(source)
    identity = [EXPANSION, form, os.path.realpath(source), found.st_size, found.st_mtime_ns]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]
