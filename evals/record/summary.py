"""The first and the last line of a record, read without what lies between: thousands are listed at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.record.file import is_being_written
from evals.record.raw_lines import parsed_line, raw_lines, refuse_pipe

MAX_SPEC_BYTES = 16 << 20
"A longer first line is that of another file."
TAIL_BYTES = 1 << 14
MAX_TAIL_BYTES = 64 << 20
ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_REPORT = b'{"final_report"'


@dataclass(frozen=True)
class RecordSummary:
    """What the ends of a record say of its run."""

    path: Path
    spec: Mapping[str, Any]
    report: Mapping[str, Any] | None = None
    "The final report; None if the run has not ended."
    extras: Mapping[str, Any] = field(default_factory=dict)
    "The further keys of the last line, such as `run`."
    is_running: bool = False
    "Whether a process holds the record's lock and has written no report. Always False where files have no locks."
    is_ours: bool = True
    "False for a record that openai/evals wrote, which cannot be resumed."


def read_summary(path: Path) -> RecordSummary | None:
    """The summary of one record; None if the file is no record.

    Raises:
        OSError, DataError: the file cannot be read, or is a pipe.
    """
    refuse_pipe(path)
    first, last = _ends_of_compressed(path) if path.suffix in (".gz", ".zst") else _ends(path)
    head = parsed_line(first) or {}
    spec = head.get("spec")
    if not isinstance(spec, Mapping):
        return None
    ending = parsed_line(last) or {}
    is_ours = "record_format" in head
    if "final_report" not in ending and not is_ours:
        ending = _report_within(path)
    report = ending.pop("final_report", None)
    if isinstance(report, Mapping):
        return RecordSummary(path, spec, report, ending, is_ours=is_ours)
    return RecordSummary(path, spec, is_running=is_being_written(path), is_ours=is_ours)


def _report_within(path: Path) -> dict[str, Any]:
    """The line of the final report, which openai/evals writes before the events that it still holds; empty if none."""
    lines = (raw for _, _, raw in raw_lines(path) if raw.startswith(_REPORT))
    return next((line for raw in lines if (line := parsed_line(raw)) is not None), {})


def _ends(path: Path) -> tuple[bytes, bytes]:
    """The first line, and the last one that is not blank; the last one may be torn."""
    with path.open("rb") as file:
        first = file.readline(MAX_SPEC_BYTES)
        size, length = file.seek(0, os.SEEK_END), TAIL_BYTES
        while True:
            start = max(0, size - length)
            file.seek(start)
            tail = file.read(length).rstrip()
            at = tail.rfind(b"\n")
            if at >= 0 or start == 0 or length >= MAX_TAIL_BYTES:
                return first, tail[at + 1 :]
            length *= 8


def _ends_of_compressed(path: Path) -> tuple[bytes, bytes]:
    first = last = b""
    for _, _, raw in raw_lines(path):
        first = first or raw
        last = raw if raw.strip() else last
    return first, last
