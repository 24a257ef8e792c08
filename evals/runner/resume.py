"""Finds the record of an interrupted run and reads back what it has finished."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import DataError, UsageError
from evals.record.reader import read_record
from evals.record.sample_record import SampleRecord
from evals.runner.recorded_fingerprint import first_difference, recorded_fingerprint
from evals.runner.request import RunRequest


@dataclass
class Earlier:
    """A record that may be gone on with."""

    path: Path
    fingerprint: dict[str, Any]
    finished: set[tuple[str, int]]
    n_failed: int
    final_report: dict[str, Any] | None

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.final_report is not None and self.n_failed == 0

    def samples(self) -> Iterator[SampleRecord]:
        """The finished samples, read from disk one by one."""
        return (sample for sample in read_record(self.path).samples() if sample.error is None)


def find_earlier(request: RunRequest, fingerprint: dict[str, Any]) -> Earlier | None:
    """The unfinished record that a run goes on with, as its request says; None for a new run.

    Raises:
        UsageError: the record that the request names is of another run.
    """
    named = request.resume_from
    if named is None and request.resume and request.record_path and Path(request.record_path).exists():
        named = request.record_path
    if named is not None:
        earlier = read_earlier(Path(named))
        difference = first_difference(earlier.fingerprint, fingerprint)
        if difference is not None:
            raise UsageError(
                "this record is of another run and cannot be resumed",
                where=str(named),
                notes=[difference],
                fix="give the arguments of that run, or "
                + ("leave --resume out to start anew" if request.shard is None else "name another folder with --out"),
            )
        return earlier
    if request.resume:
        return find_unfinished(request.records_folder, fingerprint)
    return None


def read_earlier(path: Path) -> Earlier:
    """What a record says of the run that wrote it.

    Raises:
        DataError: no such file, no record, or one that holds no fingerprint (openai/evals wrote it).
    """
    if not path.is_file():
        raise DataError("there is no record to resume", where=str(path), fix="give the path of a record")
    log = read_record(path)
    fingerprint = recorded_fingerprint(log.spec)
    if fingerprint is None:
        raise DataError(
            "this record cannot be resumed: it does not say what it was run with",
            where=str(path),
            fix="records of openai/evals cannot be resumed; run anew",
        )
    finished: set[tuple[str, int]] = set()
    n_failed = 0
    for sample in log.samples():
        if sample.error is None:
            finished.add((sample.sample_id, sample.repeat or 0))
        else:
            n_failed += 1
    return Earlier(path, fingerprint, finished, n_failed, log.final_report)


def find_unfinished(folder: Path, fingerprint: dict[str, Any]) -> Earlier | None:
    """The newest record of the same run in `folder` that is not complete, else the newest complete one, else None."""
    newest_complete: Earlier | None = None
    for path in sorted(folder.glob("*.jsonl"), key=lambda p: p.stat().st_mtime, reverse=True):
        recorded = _fingerprint_in(path)
        if recorded is None or first_difference(recorded, fingerprint) is not None:
            continue
        earlier = read_earlier(path)
        if not earlier.complete:
            return earlier
        newest_complete = newest_complete or earlier
    return newest_complete


def why_none_fits(folder: Path, fingerprint: dict[str, Any]) -> str | None:
    """`PATH has other data: ...` for the newest record of the same eval and models; None without one."""
    for path in sorted(folder.glob("*.jsonl"), key=lambda p: p.stat().st_mtime, reverse=True):
        recorded = _fingerprint_in(path)
        if recorded is None or recorded.get("eval") != fingerprint["eval"]:
            continue
        if list(recorded.get("completion_fns") or ()) == list(fingerprint["completion_fns"]):
            return f"{path.name} has {first_difference(recorded, fingerprint)}"
    return None


def _fingerprint_in(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            line = json.loads(file.readline())
    except (OSError, ValueError):
        return None
    spec = line.get("spec") if isinstance(line, dict) else None
    return recorded_fingerprint(spec) if isinstance(spec, dict) else None
