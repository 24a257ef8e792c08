"""Models of one ladder as points (compute and a value) or as counts of passes: what laws of scaling are fitted to."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evals.errors import DataError, UsageError, did_you_mean, listed
from evals.stats.arrays import Array


@dataclass(frozen=True)
class Rung:
    """One model of a ladder with what was measured of it."""

    model: str
    compute_flops: float
    value: float
    "Of the quantity; NaN where only passes are known."
    where: str
    "`file:line`, or the record."
    n: int | None = None
    stderr: float | None = None
    family: str = ""
    unit: str = ""
    observed_at: str | None = None
    "UTC, as 2026-11-30T12:00:00.000000Z: when its record began."
    data: str = ""
    "Of a record: SHA-256 of its dataset, else the eval's name; and --max_samples."
    passes: tuple[tuple[str, int, int], ...] = ()
    "(problem, draws that passed, draws) of each problem, where those were asked for."


@dataclass(frozen=True)
class Ladder:
    """The models of some files, by ascending compute."""

    quantity: str
    rungs: tuple[Rung, ...]
    sources: tuple[tuple[str, str], ...]
    "File name and SHA-256 of each file."
    notes: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit of the values, empty where no file says it."""
        return next((rung.unit for rung in self.rungs if rung.unit), "")

    @property
    def compute(self) -> Array:
        """Shape (n_rungs,): FLOPs, ascending."""
        return np.array([rung.compute_flops for rung in self.rungs])

    @property
    def values(self) -> Array:
        """Shape (n_rungs,)."""
        return np.array([rung.value for rung in self.rungs])

    @property
    def families(self) -> list[str]:
        return sorted({rung.family for rung in self.rungs})

    def of_family(self, family: str | None) -> Ladder:
        """The rungs of one family; with None all, which must be of one.

        Raises:
            UsageError: there are several families and none is named, or none of the name.
        """
        if family is None:
            if len(self.families) > 1:
                raise UsageError(
                    f"these are {len(self.families)} families, and a law holds within one: {listed(self.families, 8)}",
                    fix=f"choose one: --family {self.families[0] or self.families[1]}",
                )
            return self
        if family not in self.families:
            raise UsageError(
                f"--family {family}: there is no such family", notes=[did_you_mean(family, self.families)],
                fix=f"there are: {listed(self.families, 8)}",
            )  # fmt: skip
        return replace(self, rungs=tuple(rung for rung in self.rungs if rung.family == family))

    def find(self, model: str) -> Rung | None:
        """The rung of a model; where there are several of that name, the one of the largest compute."""
        return next((rung for rung in reversed(self.rungs) if rung.model == model), None)

    def up_to(self, compute_flops: float) -> Ladder:
        """The rungs with at most so much compute."""
        limit = compute_flops * (1 + 1e-9)
        return replace(self, rungs=tuple(rung for rung in self.rungs if rung.compute_flops <= limit))

    def without(self, rung: Rung) -> Ladder:
        return replace(self, rungs=tuple(one for one in self.rungs if one is not rung))


def ladder_of(quantity: str, rungs: Sequence[Rung], sources: Sequence[tuple[str, str]]) -> Ladder:
    """A ladder by ascending compute, with notes about models that are there twice.

    Raises:
        DataError: there is no rung, or rungs are in several units or of several datasets.
    """
    if not rungs:
        raise DataError("there is no model with a value in these files")
    units = sorted({rung.unit for rung in rungs if rung.unit})
    if len(units) > 1:
        where = next(rung.where for rung in rungs if rung.unit == units[1])
        raise DataError(
            f"values are in {listed(units, 4)}, and one law needs one unit", where=where,
            fix="convert them, or leave the others out; nats = bits x ln 2",
        )  # fmt: skip
    if len({rung.data for rung in rungs if rung.data}) > 1:
        first = next(rung for rung in rungs if rung.data)
        other = next(rung for rung in rungs if rung.data not in ("", first.data))
        raise DataError(
            f"this record and {first.where} are of different samples", where=other.where,
            fix="give records of one eval, with the same --max_samples",
        )  # fmt: skip
    ordered = tuple(sorted(rungs, key=lambda rung: (rung.compute_flops, rung.model)))
    return Ladder(quantity, ordered, tuple(sources), tuple(_said_of_names(ordered)))


def _said_of_names(rungs: Sequence[Rung]) -> list[str]:
    """Models that are there more than once: two seeds of one size, or one result that was given twice."""
    said = []
    by_name: dict[tuple[str, str], list[Rung]] = {}
    for rung in rungs:
        by_name.setdefault((rung.family, rung.model), []).append(rung)
    for (_, model), same in by_name.items():
        if len(same) > 1:
            places = listed([rung.where for rung in same], 3)
            said.append(f"{model} is there {len(same)} times ({places}): each counts as a run of its own")
    return said


def check_number(text: Any, name: str, where: str, *, positive: bool = False) -> float:
    """A cell as a finite number; commas part thousands. Raises DataError with column, place and fix."""
    if text is None or (isinstance(text, str) and not text.strip()):
        raise DataError(f"{name} is empty", where=where, fix=_LEAVE_OUT)
    try:
        value = float(_without_thousands(text.strip()) if isinstance(text, str) else text)
    except (TypeError, ValueError):
        what = f"{name} is {str(text)[:40]!r}, not a number"
        raise DataError(what, where=where, fix=_number_fix(str(text).strip())) from None
    if not math.isfinite(value):
        raise DataError(f"{name} is {value}", where=where, fix=_LEAVE_OUT)
    if positive and value <= 0:
        raise DataError(f"{name} is {value:g}, and must be above 0", where=where, fix=_LEAVE_OUT)
    return value


_LEAVE_OUT = "leave the row out, or give the number: none is dropped in silence"
DECIMAL_COMMA = re.compile(r"^([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)$")
_THOUSANDS = re.compile(r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$")


def _without_thousands(text: str) -> str:
    # "2,5" is 2.5 in half of the world: without its comma it would be 25.
    return text.replace(",", "") if _THOUSANDS.match(text) else text


def _number_fix(text: str) -> str:
    if DECIMAL_COMMA.match(text):
        return f"write {text.replace(',', '.')}, with a decimal point"
    if text.endswith("%"):
        return "write a share, such as 0.25 for 25 %"
    if (found := re.match(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?(?=\s*[A-Za-z/])", text)) is not None:
        return f"write the number alone: {found[0]}; the unit belongs in the column unit, and compute is in FLOPs"
    return "write a number, such as 2.5 or 1e21, or leave the row out"


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes. Raises DataError where it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from None
