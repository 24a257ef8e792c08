"""The folder of forecasts: one file each, written once, with its outcome beside it."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.errors import DataError, UsageError, did_you_mean
from evals.forecasts.document import BrokenSeal, Forecast, Outcome, read_forecast, read_outcome
from evals.json_text import reviewable
from evals.record.special_files import refuse_special

FOLDER_VARIABLE = "EVALS_FORECAST_DIR"
DEFAULT_FOLDER = "forecasts"
FORECAST_END, OUTCOME_END = ".forecast.json", ".outcome.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


@dataclass(frozen=True)
class Entry:
    """A forecast of the folder, as far as it can be read."""

    name: str
    path: Path
    forecast: Forecast | None
    outcome: Outcome | None
    problem: str = ""
    "Why it counts for nothing: a broken seal, an unreadable file."


def now() -> str:
    """The time in UTC, as 2026-11-30T12:00:00.000000Z."""
    when = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    return when.isoformat(timespec="microseconds") + "Z"


def folder_of(given: str | None, environment: Mapping[str, str] | None = None) -> Path:
    """The folder of forecasts: the one given, else `EVALS_FORECAST_DIR`, else `forecasts` in the working folder."""
    environment = os.environ if environment is None else environment
    return Path(given or environment.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def check_name(name: str) -> None:
    """Raise UsageError for a name that makes no file name."""
    if not _NAME.match(name):
        raise UsageError(f"--name {name}: letters, digits, dots, dashes and underscores, at most 100 characters")


def add(folder: Path, forecast: Forecast) -> tuple[Path, Forecast]:
    """Store a new forecast behind those that are there; its path, and the forecast with `previous` set.

    Raises:
        UsageError: the name is taken, or makes no file name.
        DataError: the folder cannot be written.
    """
    check_name(forecast.name)
    path = folder / f"{forecast.name}{FORECAST_END}"
    if path.exists():
        raise UsageError(
            f"there is a forecast called {forecast.name!r}",
            where=str(path),
            fix="give another --name: none is replaced",
        )
    known = [entry.forecast for entry in entries(folder) if entry.forecast is not None]
    last = max(known, key=lambda one: one.created_at, default=None)
    stored = replace(forecast, previous=None if last is None else last.seal)
    _write(path, stored.document())
    return path, stored


def add_outcome(folder: Path, name: str, outcome: Outcome) -> Path:
    """Store what came of a forecast. Raises UsageError where an outcome is stored already."""
    path = folder / f"{name}{OUTCOME_END}"
    if path.exists():
        raise UsageError(
            f"the outcome of {name!r} is stored already", where=str(path), fix=f"evals forecast show {name}"
        )
    _write(path, outcome.document())
    return path


def entries(folder: Path) -> list[Entry]:
    """All forecasts of the folder by time of creation; those that cannot be read come last."""
    if not folder.is_dir():
        return []
    found = [_entry(path) for path in sorted(folder.glob(f"*{FORECAST_END}"))]
    seals = {entry.forecast.seal for entry in found if entry.forecast is not None}
    found = [_with_missing_previous(entry, seals) for entry in found]
    return sorted(
        found, key=lambda one: (one.forecast is None, one.forecast.created_at if one.forecast else "", one.name)
    )


def find(folder: Path, name: str) -> Entry:
    """The forecast of a name, or of a path to its file. Raises UsageError with near misses."""
    if name.endswith(FORECAST_END) and Path(name).is_file():
        folder, name = Path(name).parent, Path(name).name.removesuffix(FORECAST_END)
    known = {entry.name: entry for entry in entries(folder)}
    if name in known:
        return known[name]
    raise UsageError(
        f"no forecast in {folder} is called {name!r}",
        notes=[did_you_mean(name, known)],
        fix="see all: evals forecast list"
        if known
        else "make one: evals forecast make TABLE --target FLOPS --name NAME",
    )


def read_entry(entry: Entry) -> Forecast:
    """The forecast of an entry once more. Raises BrokenSeal or DataError that says what is wrong with its file."""
    return read_forecast(_read(entry.path), str(entry.path))


def _entry(path: Path) -> Entry:
    name = path.name.removesuffix(FORECAST_END)
    try:
        forecast = read_forecast(_read(path), str(path))
    except DataError as error:
        return Entry(name, path, None, None, "broken seal" if isinstance(error, BrokenSeal) else error.what)
    if forecast.name != name:
        return Entry(name, path, None, None, f"the file is that of {forecast.name!r}")
    beside = path.with_name(f"{name}{OUTCOME_END}")
    if not beside.is_file():
        return Entry(name, path, forecast, None)
    try:
        outcome = read_outcome(_read(beside), str(beside))
    except DataError as error:
        said = "broken seal of the outcome" if isinstance(error, BrokenSeal) else f"outcome: {error.what}"
        return Entry(name, path, forecast, None, said)
    if outcome.forecast_seal != forecast.seal:
        return Entry(name, path, forecast, None, "the outcome is that of another forecast")
    return Entry(name, path, forecast, outcome)


def _with_missing_previous(entry: Entry, seals: set[str]) -> Entry:
    if entry.forecast is None or entry.forecast.previous is None or entry.forecast.previous in seals:
        return entry
    said = f"the forecast made before it ({entry.forecast.previous[:12]}) is missing or was changed"
    return replace(entry, problem=entry.problem or said)


def _read(path: Path) -> Any:
    refuse_special(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=str(path)) from None


def _write(path: Path, document: Mapping[str, Any]) -> None:
    text = reviewable(document, sort_keys=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=str(path)) from None
