"""The records among files and folders: each run once, where a record and its packed copies lie in one folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from evals.errors import DataError, EvalsError
from evals.record.file import is_being_written
from evals.record.raw_lines import raw_lines
from evals.record.reader import Record
from evals.record.summary import ENDINGS, RecordSummary, read_summary

_NO_RECORDS = (".parts", ".segments")
"Folders beside a record that hold pieces of it."


def summaries(paths: Iterable[Path]) -> Iterator[RecordSummary]:
    """The records among files and folders, in the order of names; a folder is searched with all that is in it.

    Of a record and its packed copies one is read: see `without_copies`. Files in folders that are no records, or
    cannot be read, are left out.

    Raises:
        OSError, DataError: a file that was named itself cannot be read.
    """
    for path in without_copies(paths):
        if path.is_dir():
            yield from filter(None, map(_readable, without_copies(_files_below(path))))
        elif (found := read_summary(path)) is not None:
            yield found


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.endswith(_NO_RECORDS))
        yield from (Path(place, name) for name in sorted(files) if name.endswith(ENDINGS))


def _readable(path: Path) -> RecordSummary | None:
    try:
        return read_summary(path) if path.is_file() else None
    except (OSError, DataError):
        return None


class _Copy(NamedTuple):
    path: Path
    run_id: str
    has_report: bool


def without_copies(paths: Iterable[Path]) -> list[Path]:
    """The paths in their order, of each record and its packed copies one alone.

    Copies are files of one folder whose names differ in `.gz` and `.zst` alone, and that say the same run id. The one
    with a report is kept; of several, the one with the fewest damaged lines and the most samples; of equal ones, the
    plain one. A copy that cannot be read goes, too, where another can. Folders and all other files stay.
    """
    found = list(dict.fromkeys(paths))
    groups: dict[Path, list[Path]] = {}
    for path in found:
        groups.setdefault(stem_of(path), []).append(path)
    left_out = {path for group in groups.values() if len(group) > 1 for path in _copies_in(group)}
    return [path for path in found if path not in left_out]


def stem_of(path: Path) -> Path:
    """The path of a record without `.gz` or `.zst`; of any other file its own path."""
    return path.with_suffix("") if path.suffix in (".gz", ".zst") and path.name.endswith(ENDINGS) else path


def _copies_in(group: Sequence[Path]) -> list[Path]:
    """Those of a group of files that are not read, since another one holds the same run."""
    read = {path: _copy_at(path) for path in group}
    known = [copy for copy in read.values() if copy is not None]
    left_out = [path for path, copy in read.items() if copy is None and known]
    for run_id in dict.fromkeys(copy.run_id for copy in known):
        copies = [copy for copy in known if copy.run_id == run_id]
        kept = _best_copy(copies) if len(copies) > 1 else copies[0].path
        left_out += [copy.path for copy in copies if copy.path != kept]
    return left_out


def _copy_at(path: Path) -> _Copy | None:
    """What the ends of a file say; None for one that is no record of a named run, or cannot be read."""
    try:
        summary = read_summary(path)
    except (OSError, EvalsError):
        return None
    run_id = summary.spec.get("run_id") if summary is not None else None
    if summary is None or not isinstance(run_id, str):
        return None
    return _Copy(path, run_id, summary.report is not None)


def _best_copy(copies: Sequence[_Copy]) -> Path:
    """The copy to read of files that hold one run."""
    plain_first = sorted(copies, key=lambda copy: copy.path.suffix in (".gz", ".zst"))
    ended = [copy for copy in plain_first if copy.has_report]
    if len(ended) == 1:
        return ended[0].path
    running = [copy for copy in plain_first if not ended and is_being_written(copy.path)]
    candidates = running or ended or plain_first
    if len(candidates) == 1 or len({_digest(copy.path) for copy in candidates}) == 1:
        return candidates[0].path
    return max(candidates, key=lambda copy: _soundness(copy.path)).path


def _digest(path: Path) -> bytes | Path:
    """Of the lines; the path itself for a file that cannot be read to its end."""
    found = hashlib.blake2b(digest_size=16)
    try:
        for _, _, raw in raw_lines(path):
            found.update(raw)
    except (OSError, EvalsError):
        return path
    return found.digest()


def _soundness(path: Path) -> tuple[bool, int, int]:
    """What copies with other bytes are compared by: readable, few damaged lines, many samples."""
    try:
        record = Record(path)
        return True, -record.n_damaged, sum(1 for _ in record.samples())
    except (OSError, EvalsError):
        return False, 0, 0
