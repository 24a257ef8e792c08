"""Finds the files of a corpus, and divides them into units of work: whole lines of plain files, whole other files."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.datasets.compression import COMPRESSIONS
from evals.datasets.opening import is_url, reading
from evals.errors import DataError, UsageError, listed
from evals.record.special_files import refuse_special

UNIT_BYTES = 64 << 20
"Of a plain file of lines. A killed scan loses the units that were in work."

LINES, TEXT, LINE_TEXT, TABLE, PARQUET = "jsonl", "text", "lines", "table", "parquet"
FORMS = {
    ".jsonl": LINES,
    ".ndjson": LINES,
    ".txt": TEXT,
    ".text": TEXT,
    ".md": TEXT,
    ".json": TABLE,
    ".csv": TABLE,
    ".tsv": TABLE,
    ".parquet": PARQUET,
}


@dataclass(frozen=True)
class Reading:
    """How documents are read from files."""

    text_keys: tuple[str, ...] = ()
    "Keys of a row that hold its text; without any, the first of `text`, `content`, `raw_content` that it has."
    by_line: bool = False
    "Each line of a text file is a document, not the whole file."
    skip_broken: bool = False
    "Leave out rows that cannot be read, and count them."


@dataclass(frozen=True)
class Unit:
    """A part of the corpus that is scanned in one go."""

    path: str
    form: str
    start: int
    "In bytes of the file; with `end` it covers whole lines."
    end: int

    @property
    def is_compressed(self) -> bool:
        return self.path.endswith(COMPRESSIONS)

    @property
    def n_bytes(self) -> int:
        return self.end - self.start


def corpus_files(paths: Iterable[str], reading_as: Reading) -> list[tuple[str, str]]:
    """(path, form) of all files that `paths` name: files, folders at any depth, patterns with `*`. No file comes twice.

    In folders only names with a known ending count; a file that is named itself is text where its ending is unknown.

    Raises:
        DataError: a path leads to nothing.
        UsageError: a URL.
    """
    found: dict[str, str] = {}
    for path in paths:
        if is_url(path):
            raise UsageError("a corpus must lie on this machine", where=path, fix="fetch it first")
        for file in _files_of(path):
            found.setdefault(os.path.realpath(file), file)
    return [(file, _form(file, reading_as)) for file in found.values()]


def _files_of(path: str) -> list[str]:
    if os.path.isdir(path):
        names = [os.path.join(folder, name) for folder, _, files in os.walk(path) for name in files]
        known = sorted(name for name in names if _ending(name) in FORMS)
        if not known:
            held = f"it holds: {listed(sorted(map(os.path.basename, names)))}" if names else "it is empty"
            raise DataError(f"no {', '.join(FORMS)} file in this folder", where=path, notes=[held])
        for name in known:
            refuse_special(name)
        return known
    if os.path.exists(path):
        refuse_special(path)
        return [path]
    matches = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []
    if not matches:
        raise DataError("no such file or folder", where=path, fix="name files, folders, or patterns in quotes")
    return [file for match in matches for file in _files_of(match)]


def _ending(name: str) -> str:
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return Path(name).suffix.lower()


def _form(path: str, reading_as: Reading) -> str:
    form = FORMS.get(_ending(path), TEXT)
    return LINE_TEXT if form == TEXT and reading_as.by_line else form


def units_of(files: Sequence[tuple[str, str]], unit_bytes: int = UNIT_BYTES) -> list[Unit]:
    """The units of the files, in their order.

    Raises:
        DataError: a file cannot be read.
    """
    return [unit for path, form in files for unit in _units_of_file(path, form, unit_bytes)]


def _units_of_file(path: str, form: str, unit_bytes: int) -> Iterator[Unit]:
    with reading(path), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = 0
        if form in (LINES, LINE_TEXT) and not path.endswith(COMPRESSIONS):
            while size - start > unit_bytes:
                file.seek(start + unit_bytes - 1)
                file.readline()
                yield Unit(path, form, start, min(file.tell(), size))
                start = min(file.tell(), size)
        if start < size or not size:
            yield Unit(path, form, start, size)


def unit_digest(unit: Unit, reading_as: Reading) -> str:
    """A hash of the unit's bytes and of how they are read, in hex; the file's name and place do not matter.

    Raises:
        DataError: the file cannot be read.
    """
    digest = hashlib.sha256(repr([unit.form, unit.is_compressed and unit.path[-4:], reading_as]).encode())
    left = unit.n_bytes
    with reading(unit.path), open(unit.path, "rb") as file:
        file.seek(unit.start)
        while left > 0 and (chunk := file.read(min(left, 1 << 20))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()
