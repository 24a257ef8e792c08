"""Reads the confidence of a model from records: option probabilities, or one stated confidence a question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evals.comparison.facts import facts_of
from evals.errors import DataError, UsageError
from evals.record.reader import Record, read_record
from evals.record.sample_record import SampleRecord
from evals.sample import id_order
from evals.stats.arrays import Array, Codes
from evals.stats.calibration import Calibration, choice_calibration, choice_probabilities, confidence_calibration
from evals.stats.calibration_change import brier_change
from evals.stats.calibration_errors import Points, option_points
from evals.stats.paired import PairedDifference

Kind = Literal["choice", "verbal", "agreement"]
MIN_MASS = 0.9
"If the letters hold less of the probability than this, the model would mostly say something else."

SAYS = {
    "choice": "probability of each option",
    "verbal": "stated confidence (not a probability of the model)",
    "agreement": "agreement of several completions (not a probability of the model)",
}


@dataclass(frozen=True)
class Confidences:
    """The confidences of one record, a row a question."""

    path: str
    eval_name: str
    model: str
    kind: Kind
    ids: tuple[str, ...]
    values: Array
    "For choices: log probabilities, shape (n, n_options), NaN for missing options. Else in [0, 1], shape (n,)."
    outcomes: Codes
    "For choices: the column of the right option. Else 1 for a right answer, 0 for a wrong one. Shape (n,)."
    prompts: tuple[str, ...]
    "SHA-256 of each prompt, empty where it was not recorded."
    n_left_out: int
    "Samples that failed, or whose confidence is not known."
    n_low_mass: int = 0
    n_floored: int = 0
    "Questions with an option whose probability the server did not give."

    def rows(self, ids: Sequence[str]) -> Confidences:
        """The rows of these samples, in this order."""
        where = {name: row for row, name in enumerate(self.ids)}
        kept = [where[name] for name in ids]
        return Confidences(
            self.path, self.eval_name, self.model, self.kind, tuple(ids), self.values[kept], self.outcomes[kept],
            tuple(self.prompts[row] for row in kept), self.n_left_out, self.n_low_mass, self.n_floored,
        )  # fmt: skip


def read_confidences(path: str) -> Confidences:
    """The confidences of a record, by sample id: from `choice` events, else from `confidence` events.

    Of several repeats, or several orders of one question, the first counts.

    Raises:
        DataError: the record has neither, mixes both, or its choices were read from text and have no probabilities.
    """
    log = read_record(path)
    kept: dict[str, tuple[int, dict[str, Any], str]] = {}
    n_left_out = n_parsed = 0
    for sample in log.samples():
        data, kind = _confidence_of(sample)
        n_parsed += kind == "parsed"
        if not kind or kind == "parsed":
            n_left_out += 1
        else:
            one = (sample.repeat, data, kind)
            kept[sample.sample_id] = min(kept.get(sample.sample_id, one), one, key=lambda known: known[0])
    found = {name: kept[name][1:] for name in sorted(kept, key=id_order)}
    kinds = sorted({kind for _, kind in found.values()})
    if not found:
        raise _nothing(path, n_parsed)
    if len(kinds) > 1:
        raise DataError(f"the record mixes {' and '.join(kinds)}", where=path, fix="plot one quantity at a time")
    return _arrays(log, path, found, kinds[0], n_left_out)


def shared(runs: Sequence[Confidences]) -> list[Confidences]:
    """Each run cut to the questions that all runs have, in the same order.

    Raises:
        UsageError: the runs hold different quantities, or share no question.
    """
    if len({run.kind for run in runs}) > 1:
        said = ", ".join(f"{run.path}: {SAYS[run.kind]}" for run in runs)
        raise UsageError("these are different quantities and do not belong in one plot", notes=[said])
    common = set(runs[0].ids).intersection(*(run.ids for run in runs[1:]))
    if not common:
        raise UsageError("the records share no sample", fix="plot each alone")
    ids = [name for name in runs[0].ids if name in common]
    return [run.rows(ids) for run in runs]


def calibrate(run: Confidences, n_bins: int, seed: int, n_draws: int = 2000) -> Calibration:
    """The calibration of a run. Methods and sources: `evals.stats.calibration`. seed: of its bootstrap draws."""
    measure = choice_calibration if run.kind == "choice" else confidence_calibration
    return measure(run.values, run.outcomes, rng=np.random.default_rng(seed), n_bins=n_bins, n_draws=n_draws)


def change(before: Confidences, after: Confidences) -> PairedDifference:
    """The Brier score of a run less that of an earlier one on the same questions: `shared` makes them so."""
    return brier_change(_points(before), _points(after))


def _points(run: Confidences) -> Points:
    if run.kind == "choice":
        return option_points(choice_probabilities(run.values), run.outcomes)
    n = len(run.ids)
    return Points(run.values, run.outcomes.astype(np.float64), np.arange(n), n)


def _confidence_of(sample: SampleRecord) -> tuple[dict[str, Any], str]:
    if sample.error is not None:
        return {}, ""
    for data in sample.data("choice"):
        if isinstance(data, dict):
            return (data, "choice") if data.get("logprobs") and data.get("way") != "parsed" else (data, "parsed")
    for data in sample.data("confidence"):
        if isinstance(data, dict) and data.get("confidence") is not None:
            return data, str(data.get("kind"))
    return {}, ""


def _arrays(
    log: Record, path: str, found: dict[str, tuple[dict[str, Any], str]], kind: str, n_left_out: int
) -> Confidences:
    facts, rows = facts_of(log), [data for data, _ in found.values()]
    outcomes = np.array([row["answer"] if kind == "choice" else bool(row["correct"]) for row in rows], dtype=np.int64)
    if kind != "choice":
        values = np.array([row["confidence"] for row in rows], dtype=np.float64)
    else:
        lists = [row["scores"] if row.get("style") == "completion" else row["logprobs"] for row in rows]
        values = np.full((len(rows), max(map(len, lists))), np.nan)
        for row, numbers in enumerate(lists):
            values[row, : len(numbers)] = numbers
    masses = [row.get("mass") for row in rows]
    return Confidences(
        path=path,
        eval_name=facts.eval_name,
        model=", ".join(facts.completion_fns),
        kind=kind,  # type: ignore[arg-type]
        ids=tuple(found),
        values=values,
        outcomes=outcomes,
        prompts=tuple(str(row.get("prompt_sha256", "")) for row in rows),
        n_left_out=n_left_out,
        n_low_mass=sum(mass is not None and not math.isnan(mass) and mass < MIN_MASS for mass in masses),
        n_floored=sum(any(row.get("floored") or ()) for row in rows),
    )


def _nothing(path: str, n_parsed: int) -> DataError:
    if n_parsed:
        return DataError(
            "the letters were read from text: this record holds no probabilities",
            where=path,
            fix="use a model with log probabilities, or ask for a confidence: docs/calibration.md",
        )
    return DataError(
        "no sample says how sure the model was",
        where=path,
        fix="`choice` events come from multiple-choice evals, `confidence` events: see docs/calibration.md",
    )
