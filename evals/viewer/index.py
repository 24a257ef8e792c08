"""The runs in one folder of records, each under an id of its own; a record is read again only when it has changed."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evals.comparison.run_list import RunLine, run_line
from evals.errors import DataError
from evals.record.file import is_being_written
from evals.record.folders import stem_of, without_copies
from evals.record.summary import ENDINGS, RecordSummary, read_summary
from evals.report_keys import as_count

Stamp = tuple[int, int, int]
"Inode, time of change in nanoseconds, and size: a file with the same three is taken for the same."


@dataclass(frozen=True)
class IndexedRun:
    """One run of the folder."""

    id: str
    "Opaque: made from the path inside the folder, and known to the index alone."
    path: Path
    line: RunLine
    n_planned: int | None
    "Evaluations that the run wants: samples times repeats. None where the record does not say."
    has_report: bool
    stamp: Stamp

    @property
    def is_running(self) -> bool:
        return self.line.state == "running"

    @property
    def is_packed(self) -> bool:
        """Whether the file is compressed: it does not grow, and holds more than its size."""
        return self.path.suffix in (".gz", ".zst")


class RecordIndex:
    """The runs under `folder`. Links that lead out of it, pipes and devices are left out. Safe to call from threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._real = folder.resolve()
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[Stamp, IndexedRun | None]] = {}
        self._runs: dict[str, IndexedRun] = {}
        self._kept: dict[frozenset[tuple[Path, Stamp]], list[Path]] = {}
        "By files that may be copies of one run, as they were when they were compared: those that are shown."

    def runs(self) -> list[IndexedRun]:
        """All runs as they are now, the newest first."""
        with self._lock:
            found = {path: self._indexed(path, stamp) for path, stamp in _files(self.folder, self._real)}
            self._known = {path: self._known[path] for path in found}
            self._runs = {run.id: run for run in self._without_copies(found)}
            return sorted(self._runs.values(), key=lambda run: (run.line.created_at, run.line.path), reverse=True)

    def _without_copies(self, found: Mapping[Path, IndexedRun | None]) -> Iterator[IndexedRun]:
        """The runs, each from one file: comparing a record with its packed copy reads both, so it is done once."""
        groups: dict[Path, list[IndexedRun]] = {}
        for run in found.values():
            if run is not None:
                groups.setdefault(stem_of(run.path), []).append(run)
        known, self._kept = self._kept, {}
        for runs in groups.values():
            if len(runs) == 1:
                yield runs[0]
                continue
            key = frozenset((run.path, run.stamp) for run in runs)
            kept = self._kept[key] = known.get(key) or without_copies([run.path for run in runs])
            yield from (run for run in runs if run.path in kept)

    def find(self, run_id: str) -> IndexedRun | None:
        """The run of an id as it is now; None where the folder has none, or no longer has it inside."""
        run = self._runs.get(run_id)
        if run is None:
            self.runs()
            run = self._runs.get(run_id)
        if run is None:
            return None
        with self._lock:
            stamp = _stamp_of(run.path, self._real)
            return None if stamp is None else self._indexed(run.path, stamp)

    def _indexed(self, path: Path, stamp: Stamp) -> IndexedRun | None:
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, self._read(path, stamp))
            self._known[path] = known
        run = known[1]
        if run is None or run.has_report:
            return run
        # The lock of a record without a report may come and go while its bytes stay.
        return replace(run, line=replace(run.line, state="running" if is_being_written(path) else "stopped"))

    def _read(self, path: Path, stamp: Stamp) -> IndexedRun | None:
        try:
            summary = read_summary(path)
        except (OSError, DataError):
            return None
        if summary is None:
            return None
        return IndexedRun(
            id=id_of(path.relative_to(self.folder)),
            path=path,
            line=run_line(summary),
            n_planned=planned(summary),
            has_report=summary.report is not None,
            stamp=stamp,
        )


def id_of(inside: Path) -> str:
    """The id of a record by its path inside the folder: 16 hexadecimal digits, the same at every start."""
    return hashlib.blake2b(inside.as_posix().encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def planned(summary: RecordSummary) -> int | None:
    """Evaluations that a run wants, by its first line: samples (at most `max_samples`) times repeats."""
    config = summary.spec.get("run_config")
    config = config if isinstance(config, dict) else {}
    n_samples, limit = as_count(config.get("n_samples")), as_count(config.get("max_samples"))
    if n_samples is None:
        return None
    n_samples = min(n_samples, limit) if limit else n_samples
    return n_samples * (as_count(config.get("repeats")) or 1)


def _files(folder: Path, real: Path) -> Iterator[tuple[Path, Stamp]]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(place, name)
            if name.endswith(ENDINGS) and (stamp := _stamp_of(path, real)) is not None:
                yield path, stamp


def _stamp_of(path: Path, real: Path) -> Stamp | None:
    """The stamp of a file that lies in the folder `real`, also behind links; None for all others."""
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            if not path.resolve(strict=True).is_relative_to(real):
                return None
            found = path.stat()
    except (OSError, RuntimeError):  # RuntimeError: a circle of links, in Python 3.12 and older
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None
