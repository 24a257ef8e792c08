"""Files of pairwise judgements: annotations of AlpacaEval, and battles of an arena, read row by row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.datasets.samples import open_samples
from evals.errors import BadSample, DataError, listed
from evals.sample import Sample

WINNERS = {"model_a": 1.0, "a": 1.0, "model_b": 0.0, "b": 0.0}
TIES = ("tie", "tie (bothbad)", "both_bad", "bothbad", "draw")
FORMS = "`model_a`, `model_b` and `winner`, or `preference` with `generator_1` and `generator_2`"


@dataclass(frozen=True)
class Judgement:
    """One comparison of two answers. outcome: 1 where `model` won, 0 where `other` did, 0.5 for a tie."""

    model: str
    other: str
    outcome: float
    prompt: str
    lengths: tuple[int, int] | None = None
    "Letters of the answer of `model` and of the other one, where the row holds both."


@dataclass
class Judgements:
    """All judgements of some files."""

    rows: list[Judgement] = field(default_factory=list)
    n_without: Counter[str] = field(default_factory=Counter)
    "Rows that hold no judgement (an empty preference), by file."

    def by_pair(self) -> dict[tuple[str, str], list[Judgement]]:
        """The judgements of each (model, other model), in the order in which pairs first stand in the files."""
        found: dict[tuple[str, str], list[Judgement]] = {}
        for row in self.rows:
            found.setdefault((row.model, row.other), []).append(row)
        return found


def read_judgements(paths: Iterable[str | Path]) -> Judgements:
    """The judgements in files: .json, .jsonl, .csv, .tsv or .parquet.

    AlpacaEval: `preference` is 1 where the first answer (`generator_1`, the baseline) is better, 2 where the second is,
    1.5 or 0 for a draw; numbers between 1 and 2 are the judge's probability. The second model is the one that is
    judged. Arenas: `winner` is `model_a`, `model_b` or a kind of tie.

    Raises:
        DataError: a file cannot be read, or holds no judgement. BadSample: a row of another form.
    """
    found = Judgements()
    for path in paths:
        before = len(found.rows)
        for row in open_samples(path):
            judged = _judgement(row)
            if judged is None:
                found.n_without[str(path)] += 1
            else:
                found.rows.append(judged)
        if len(found.rows) == before:
            raise DataError("no judgement in this file", where=str(path), fix=f"rows need {FORMS}")
    return found


def _judgement(row: Sample) -> Judgement | None:
    if "winner" in row:
        return _battle(row)
    if "preference" in row:
        return _annotation(row)
    raise BadSample("a row without a judgement", row, fix=f"rows need {FORMS}")


def _annotation(row: Sample) -> Judgement | None:
    preference = _number(row["preference"], row)
    if preference is None:
        return None
    if preference == 0:
        preference = 1.5
    if not 1 <= preference <= 2:
        raise BadSample(f"preference is {preference:g}, and lies between 1 (the first) and 2 (the second)", row)
    first, second = str(row.get("generator_1") or "baseline"), str(row.get("generator_2") or "model")
    return Judgement(second, first, preference - 1, _prompt(row), _lengths(row, "output_2", "output_1"))


def _battle(row: Sample) -> Judgement | None:
    for key in ("model_a", "model_b"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise BadSample(f"no {key!r}", row, fix=f"rows need {FORMS}")
    if row["model_a"] == row["model_b"]:
        raise BadSample(f"{row['model_a'][:40]!r} is compared with itself", row)
    winner = row["winner"]
    if winner is None or winner == "":
        return None
    said = str(winner).strip().lower()
    outcome = 0.5 if said in TIES else WINNERS.get(said)
    if outcome is None and winner in (row["model_a"], row["model_b"]):
        outcome = float(winner == row["model_a"])
    if outcome is None:
        raise BadSample(f"winner is {str(winner)[:40]!r}", row, fix=f"model_a, model_b, or {listed(TIES)}")
    return Judgement(row["model_a"], row["model_b"], outcome, _prompt(row), _lengths(row, "output_a", "output_b"))


def _number(value: Any, row: Sample) -> float | None:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadSample(f"preference is {str(value)[:40]!r}, not a number", row) from None


def _prompt(row: Mapping[str, Any]) -> str:
    """What is compared on: an id of the question where there is one, its text else, the row's number at last."""
    for key in ("question_id", "prompt_id", "instruction", "prompt", "question"):
        if row.get(key) not in (None, ""):
            return str(row[key])
    return f"row {getattr(row, 'index', None)} of {getattr(row, 'path', None)}"


def _lengths(row: Mapping[str, Any], model: str, other: str) -> tuple[int, int] | None:
    one, two = row.get(model), row.get(other)
    return (len(one), len(two)) if isinstance(one, str) and isinstance(two, str) else None
