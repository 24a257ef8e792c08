"""Forecasts in the terminal: one with its fit, the list of all, a score, and how all have held over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evals.report.words import (
    UNDEFINED,
    counted,
    indented,
    interval_text,
    level_text,
    number,
    one_line,
    p_text,
)

if TYPE_CHECKING:
    from evals.forecasts.document import Forecast
    from evals.forecasts.scoring import Calibration, Score
    from evals.forecasts.store import Entry

SHORT_SEAL = 16
NAME_WIDTH = 22


def forecast_text(forecast: Forecast) -> str:
    """All of a forecast."""
    level = level_text(forecast.confidence)
    unit = f" {forecast.unit}" if forecast.unit else ""
    target = f"{one_line(forecast.target_model)} at {forecast.target_compute_flops:.3g} FLOPs"
    lines = [forecast.name, *indented(f"{one_line(forecast.quantity)} of {target}")]
    lines.append(
        f"  {number(forecast.prediction)}{unit}   {level} interval {interval_text(forecast.low, forecast.high)}; "
        f"{forecast.decades:.2f} decades beyond the fit"
    )
    parameters = ", ".join(f"{name} = {value:.4g}" for name, value in forecast.parameters.items())
    lines += ["", *indented(f"{forecast.law}: {forecast.formula}"), *indented(parameters)]
    lines.append(f"  fitted to {counted(len(forecast.fitted), 'model')}:")
    lines += [
        f"    {_cut(point.model):<{NAME_WIDTH}}{point.compute_flops:>10.3g}{number(point.value):>9}"
        f"{'' if point.n is None else f'   n = {point.n:,}'}"
        for point in forecast.fitted
    ]
    lines += ["", f"  made      {forecast.created_at}", f"  code      oaieval {forecast.code.get('oaieval', '?')}"]
    lines += [f"  data      {forecast.data_sha256}", f"  seal      {forecast.seal}"]
    lines += [line for said in forecast.warnings for line in indented(f"warning: {said}")]
    return "\n".join(lines)


def list_text(entries: Sequence[Entry]) -> str:
    """A line for each forecast, oldest first."""
    lines = [f"{'name':<{NAME_WIDTH}}{'made':<12}{'forecast':>9}  {'interval':<17}{'outcome':>8}  says"]
    for entry in entries:
        made, outcome = entry.forecast, entry.outcome
        if made is None:
            lines.append(f"{_cut(entry.name):<{NAME_WIDTH}}{UNDEFINED:<12}{'':>9}  {'':<17}{'':>8}  {entry.problem}")
            continue
        bounds = interval_text(made.low, made.high)
        actual = UNDEFINED if outcome is None else number(outcome.value)
        inside = "" if outcome is None else "inside" if made.low <= outcome.value <= made.high else "OUTSIDE"
        said = entry.problem or inside or "open"
        day = made.created_at[:10]
        lines.append(
            f"{_cut(entry.name):<{NAME_WIDTH}}{day:<12}{number(made.prediction):>9}  {bounds:<17}{actual:>8}  {said}"
        )
    return "\n".join(lines)


def _cut(name: str) -> str:
    text = one_line(name)
    return text if len(text) < NAME_WIDTH else f"{text[: NAME_WIDTH - 4]}..."


def score_text(score: Score) -> str:
    """A forecast beside its outcome."""
    level = level_text(score.confidence)
    lines = [score.name, f"  {'inside' if score.is_inside else 'OUTSIDE'} the {level} interval"]
    bounds = interval_text(score.low, score.high)
    lines.append(f"  forecast   {number(score.prediction)}   {bounds}, made {score.created_at[:19]}Z")
    relative = (
        "" if math.isnan(score.relative_error) else f"; the forecast is off by {100 * score.relative_error:+.1f} %"
    )
    lines.append(f"  outcome    {number(score.actual)}{relative}")
    lines.append(f"  distance   {score.decades:.2f} decades beyond the fit")
    lines += [line for said in score.objections for line in indented(f"does not count: {said}")]
    lines += [line for said in score.remarks for line in indented(f"note: {said}")]
    return "\n".join(lines)


def calibration_text(scores: Sequence[Score], found: Calibration, n_open: int, broken: Sequence[Entry]) -> str:
    """How one's forecasts have held, in the order in which they were scored."""
    lines = [f"{counted(found.n, 'forecast')} scored, {n_open:,} open"]
    if found.n:
        low, high = found.coverage_ci95
        lines += [
            f"  coverage     {number(found.coverage)}   95 % interval {interval_text(low, high)}   n = {found.n}",
            f"  expected     {number(found.expected)}   {p_text(found.p)} for this count, if levels are kept",
            f"  mean error   {100 * found.mean_relative_error:+.1f} %   (a positive one: forecasts too high)",
            f"  mean size    {100 * found.mean_absolute_relative_error:.1f} %",
            f"  interval score {number(found.mean_interval_score)}   (smaller is better)",
            "",
            f"  {'scored':<12}{'name':<{NAME_WIDTH}}{'forecast':>9}{'outcome':>9}{'off by':>9}  {'':<9}so far",
        ]
        by_name = {one.name: one for one in scores}
        lines += [_running(by_name[name], n, inside) for name, _, n, inside in found.running]
    for one in scores:
        lines += indented(f"left out: {one.name}: {one.objections[0]}") if one.objections else []
    lines += [line for entry in broken for line in indented(f"{one_line(entry.name)}: {entry.problem}")]
    return "\n".join(lines)


def _running(score: Score, n: int, inside: int) -> str:
    off = UNDEFINED if math.isnan(score.relative_error) else f"{100 * score.relative_error:+.1f} %"
    said = "inside" if score.is_inside else "OUTSIDE"
    numbers = f"{number(score.prediction):>9}{number(score.actual):>9}{off:>9}"
    so_far = f"{said:<9}{inside} of {n}"
    return f"  {score.scored_at[:10]:<12}{_cut(score.name):<{NAME_WIDTH}}{numbers}  {so_far}"


def score_json(score: Score) -> dict[str, Any]:
    """A score in plain values."""
    return {
        "name": score.name,
        "created_at": score.created_at,
        "scored_at": score.scored_at,
        "prediction": score.prediction,
        "interval": [score.low, score.high],
        "confidence": score.confidence,
        "outcome": score.actual,
        "error": score.error,
        "relative_error": _finite(score.relative_error),
        "inside": score.is_inside,
        "interval_score": score.interval_score,
        "decades_beyond": score.decades,
        "counts": score.counts,
        "objections": list(score.objections),
        "remarks": list(score.remarks),
    }


def calibration_json(
    scores: Sequence[Score], found: Calibration, n_open: int, broken: Sequence[Entry]
) -> dict[str, Any]:
    """The calibration in plain values; None for what is not defined."""
    return {
        "n": found.n,
        "n_inside": found.n_inside,
        "n_open": n_open,
        "n_left_out": found.n_left_out,
        "coverage": _finite(found.coverage),
        "coverage_ci95": [_finite(end) for end in found.coverage_ci95],
        "expected": _finite(found.expected),
        "p": _finite(found.p),
        "mean_relative_error": _finite(found.mean_relative_error),
        "mean_absolute_relative_error": _finite(found.mean_absolute_relative_error),
        "mean_interval_score": _finite(found.mean_interval_score),
        "scores": [score_json(one) for one in scores],
        "problems": {entry.name: entry.problem for entry in broken},
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """A forecast of the folder in plain values."""
    return {
        "name": entry.name,
        "path": str(entry.path),
        "problem": entry.problem or None,
        "forecast": None if entry.forecast is None else entry.forecast.document(),
        "outcome": None if entry.outcome is None else entry.outcome.document(),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
