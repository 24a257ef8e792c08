"""The ledger of holdout runs: how often a form that is to be sat once was sat, and with how many specs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from evals.errors import RecordError
from evals.project import current_project

LEDGER = "holdout-runs.jsonl"


@dataclass(frozen=True)
class HoldoutRuns:
    """The runs of a form so far, this one among them."""

    n_runs: int
    n_specs: int
    "Different specs among them; more than one says that something was tuned between runs."


def spec_hash(facts: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of everything that decides how a paper is sat."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def ledger_path() -> Path:
    """The file, beside the records: in `EVALS_LOG_DIR`, else in the project's `log_dir`, else in `evallogs`."""
    return Path(os.environ.get("EVALS_LOG_DIR") or current_project().get("log_dir") or "evallogs") / LEDGER


def add_run(path: Path, paper: str, form: str, spec: str) -> HoldoutRuns:
    """Write a run into the ledger, and count those of the form.

    Raises:
        RecordError: the ledger cannot be written.
    """
    row = {"paper": paper, "form": form, "spec": spec, "at": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    except OSError as error:
        raise RecordError(f"the ledger of holdout runs cannot be written: {error.strerror}", where=str(path)) from error
    return count_runs(path, paper, form)


def count_runs(path: Path, paper: str, form: str) -> HoldoutRuns:
    """The runs of a form in the ledger; lines that are damaged do not count."""
    specs = []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and (row.get("paper"), row.get("form")) == (paper, form):
            specs.append(row.get("spec"))
    return HoldoutRuns(len(specs), len(set(specs)))
