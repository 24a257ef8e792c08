"""Whether an eval that `oaievalset` has done is still the same: its data, its YAML, its code, its server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import EvalsError


def change_since(task: Sequence[str], result: Mapping[str, Any]) -> str | None:
    """What differs now from the run that made `result`, as `other data: there X, here Y`; None if nothing is known to.

    task: the command `oaieval MODEL EVAL ...`. Without its record, or with one of an earlier version, less can be told.
    """
    from evals.record.reader import read_record
    from evals.runner.prepare import fingerprint_now
    from evals.runner.recorded_fingerprint import first_difference, recorded_fingerprint

    path = result.get("record_path")
    if not isinstance(path, str) or not Path(path).is_file():
        return None
    try:
        recorded = recorded_fingerprint(read_record(path).spec)
    except EvalsError:
        return "a record that cannot be read any more"
    if recorded is None:
        return None
    try:
        return first_difference(recorded, fingerprint_now(_request_of(task)))
    except EvalsError as error:
        return f"something that keeps it from beginning: {error.what}"


def _request_of(task: Sequence[str]) -> Any:
    from evals.cli.oaieval import arguments, request_of

    return request_of(arguments(list(task[1:])))
