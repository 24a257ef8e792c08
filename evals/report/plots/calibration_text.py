"""Calibration as text and as plain values: every number with its n and its interval."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evals.comparison.confidences import MIN_MASS, SAYS, Confidences
from evals.stats.calibration import Bin, Calibration, Measure

NAMES = {
    "ece": "ECE",
    "top_label_ece": "top-label ECE",
    "equal_mass_ece": "equal-mass ECE",
    "l2_debiased": "L2, debiased",
    "max_bin_error": "largest bin error",
    "brier": "Brier score",
    "nll": "neg. log likelihood",
    "auroc": "AUROC",
    "accuracy": "accuracy",
}
FEW = 10
"Points below which a bin is marked, and drawn hollow."


def calibration_text(run: Confidences, found: Calibration, name: str) -> str:
    """One run: its numbers, then its bins."""
    lines = [f"{name}   {run.eval_name} on {run.model}", f"  x is the {SAYS[run.kind]}; {_counts(found)}"]
    lines += [f"  {line}" for line in _warnings(run)]
    lines += ["", f"  {'':<22}{'value':>8}   95 % interval      n"]
    names = NAMES | ({"ece": "ECE, per choice"} if run.kind == "choice" else {"ece": "ECE, per question"})
    for key, measure in found.measures.items():
        lines.append(_measure_line(names[key], measure))
    lines.append(_measure_line("ECE if calibrated", found.ece_if_calibrated) + f"   p = {found.p_calibrated:.3f}")
    if found.temperature is not None:
        refit = found.temperature
        said = f"  temperature {refit.temperature:.2f} fitted to {refit.n_fitted:,} questions; ECE of the others:"
        lines += ["", said, _measure_line("  before", refit.before), _measure_line("  after", refit.after)]
    bins = "each option a point" if run.kind == "choice" else "each question a point"
    lines += ["", f"  bin ({bins})   points  questions  said   correct  95 % interval"]
    lines += [_bin_line(one) for one in found.bins]
    if any(one.n < FEW for one in found.bins):
        lines.append(f"  * fewer than {FEW} points")
    return "\n".join(lines)


def calibration_json(run: Confidences, found: Calibration, name: str) -> dict[str, Any]:
    """One run in plain values; None for what is not defined."""
    values: dict[str, Any] = _defined(asdict(found))
    facts = {"name": name, "record": run.path, "eval": run.eval_name, "model": run.model, "quantity": run.kind}
    return {**facts, "n_left_out": run.n_left_out, "n_low_mass": run.n_low_mass, "n_floored": run.n_floored, **values}


def calibration_csv(names: Sequence[str], found: Sequence[Calibration]) -> str:
    """The bins that are drawn, as a table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["run", "bin_low", "bin_high", "n_points", "n_questions", "confidence", "accuracy", "ci_low", "ci_high"]
    )
    for name, one in zip(names, found, strict=True):
        for b in one.bins:
            ends = (b.interval.low, b.interval.high)
            writer.writerow([name, b.low, b.high, b.n, b.n_questions, b.confidence, b.accuracy, *ends])
    return out.getvalue()


def _counts(found: Calibration) -> str:
    questions = f"{found.n_questions:,} questions"
    return questions if found.n_points == found.n_questions else f"{questions}, {found.n_points:,} points"


def _warnings(run: Confidences) -> list[str]:
    lines = []
    if run.n_low_mass:
        lines.append(
            f"warning: of {run.n_low_mass:,} questions the letters hold less than {MIN_MASS} of the probability"
        )
    if run.n_floored:
        lines.append(f"warning: of {run.n_floored:,} questions a letter was not in the reply and has a floor")
    if run.n_left_out:
        lines.append(f"left out: {run.n_left_out:,} samples without a score or a confidence")
    return lines


def _measure_line(name: str, measure: Measure) -> str:
    return f"  {name:<22}{_number(measure.value):>8}   {_interval(measure):<16} {measure.n:,}".rstrip()


def _interval(measure: Measure | Bin) -> str:
    interval = measure.interval
    return f"{_number(interval.low)} to {_number(interval.high)}" if interval.defined else "-"


def _bin_line(one: Bin) -> str:
    mark = "*" if one.n < FEW else " "
    edges = f"{one.low:.2f} to {one.high:.2f}"
    numbers = f"{one.n:>16,}{mark} {one.n_questions:>9,}  {one.confidence:.3f}  {one.accuracy:.3f}    {_interval(one)}"
    return f"  {edges:<18}{numbers}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
