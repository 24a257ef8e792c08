"""Refuses to write a result over what it is made of, over paid or human work, or into a pipe that nobody reads."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from evals.errors import UsageError
from evals.record.special_files import is_of_the_system

LINES = (".jsonl", ".ndjson")
PACKED = (".gz", ".zst", ".lz4")
SOURCES = (".yaml", ".yml", ".toml", ".py")

_kept_open: list[int] = []
"Of pipes: whoever reads one would take the end of a look at it for the end of the result."


def check_output(option: str, out: str | None, inputs: Iterable[str | Path], *, own: str = "") -> None:
    """Raise UsageError where the file that `option` names must not be written.

    That is one of the inputs; any record, and any file of votes, labels, baselines or forecasts; a data or source file,
    by its name; a pipe that nobody reads, a disk, or a file of the system.
    own: what the option itself writes, and may replace: `lines` (of JSON) or `a baseline`.
    """
    if out is None:
        return
    try:
        found = os.stat(out)
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(found.st_mode):
        _check_special(option, out, found.st_mode)
        return
    if is_of_the_system(found):
        raise UsageError(f"{option} {out} is a file of the system", fix="name another file")
    what = _read_by(inputs, found) or _kind_by_content(Path(out), own) or _kind_by_name(Path(out), own)
    if what:
        raise UsageError(f"{option} would write over {out}: {what}", fix="name another file")


def _check_special(option: str, out: str, mode: int) -> None:
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise UsageError(f"{option} {out} is a device or a socket", fix="name a file")
    if not stat.S_ISFIFO(mode):
        return
    try:
        _kept_open.append(os.open(out, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)))
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise UsageError(f"{option} {out} is a pipe that nobody reads", fix="start its reader first") from None


def _read_by(inputs: Iterable[str | Path], found: os.stat_result) -> str | None:
    is_read = any(os.path.isfile(path) and os.path.samestat(os.stat(path), found) for path in inputs)
    return "it is read by this command" if is_read else None


_BEGINS = {
    b'{"spec":': "the record of a run",
    b'{"vote":': "a file of votes",
    b'{"labels_of":': "a file of labels",
    b'{"format":1,"eval_name":': "a baseline",
    b'{"code":{"oaieval":': "a forecast",
}
"The first bytes, without blanks, of files that nobody can make again for nothing."


def _kind_by_content(path: Path, own: str) -> str | None:
    with open(path, "rb") as file:
        begin = b"".join(file.read(64).split())
    kind = next((kind for first, kind in _BEGINS.items() if begin.startswith(first)), own)
    return None if kind == own else f"it is {kind}"


def _kind_by_name(path: Path, own: str) -> str | None:
    if path.suffix in PACKED + SOURCES:
        return f"files that end in {path.suffix} are not written here"
    return "it holds rows of data" if path.suffix in LINES and own != "lines" and path.stat().st_size else None
