"""Refuses to write a result over what it is made of: a record that was paid for is lost by one wrong name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from evals.errors import UsageError


def check_output(option: str, out: str | None, inputs: Iterable[str | Path]) -> None:
    """Raise UsageError where the file that `option` names is one of the inputs, or any record."""
    if out is None or not os.path.isfile(out):
        return
    if any(os.path.isfile(path) and os.path.samefile(path, out) for path in inputs):
        what = "it is read by this command"
    elif _is_record(Path(out)):
        what = "it is the record of a run"
    else:
        return
    raise UsageError(f"{option} would write over {out}: {what}", fix="name another file")


def _is_record(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(16).replace(b" ", b"").startswith(b'{"spec":')
