"""A fitted law in the terminal: its numbers with their intervals, each model beside the law, the forecast, warnings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evals.forecasts.fitting import verdict
from evals.report.words import counted, indented, level_text, number, one_line

if TYPE_CHECKING:
    from evals.comparison.ladder import Rung
    from evals.forecasts.fitting import Fit, Prediction
    from evals.forecasts.targets import Split

MODEL_WIDTH = 22


def flops(value: float) -> str:
    """`5.93e+10`."""
    return f"{value:.3g}"


def law_text(fit: Fit, split: Split, prediction: Prediction | None) -> str:
    """All of a fit."""
    ladder = fit.ladder
    span = math.log10(ladder.compute[-1] / ladder.compute[0])
    unit = f" in {ladder.unit}" if ladder.unit else ""
    lines = [f"{fit.name}: {fit.formula}"]
    lines += indented(
        f"{one_line(ladder.quantity)}{unit}; {counted(len(ladder.rungs), 'model')}, {flops(ladder.compute[0])} to "
        f"{flops(ladder.compute[-1])} FLOPs ({span:.1f} decades)"
    )
    lines += ["", *_parameters(fit), "", *_rungs(fit, split)]
    if prediction is not None:
        lines += ["", *_forecast(prediction, split)]
    said = [*(prediction or fit.law).warnings, *fit.cautions(split.target_compute_flops)]
    notes = [f"warning: {one}" for one in said] + [f"note: {one}" for one in (*ladder.notes, *split.notes)]
    if fit.dropped:
        notes.insert(0, f"note: left out as --drop-smallest says: {', '.join(one.model for one in fit.dropped)}")
    lines += ["", *(line for note in notes for line in indented(note))] if notes else []
    return "\n".join(lines)


def _parameters(fit: Fit) -> list[str]:
    title = f"{level_text(fit.options.confidence)} interval"
    lines = [f"  {'':<10}{'value':>10}   {title}"]
    for name, value in fit.law.parameters.items():
        interval = fit.law.intervals.get(f"{name}_profile", fit.law.intervals.get(name))
        bounds = "" if interval is None or not interval.defined else f"{interval.low:.4g} to {interval.high:.4g}"
        lines.append(f"  {name:<10}{value:>10.4g}   {bounds}".rstrip())
    rms = math.sqrt(float((fit.residuals**2).mean()))
    lines.append(f"  {'misfit':<10}{rms:>10.4f}   root mean square of log(value / law)")
    if math.isfinite(fit.law.aicc):
        lines.append(f"  {'AICc':<10}{fit.law.aicc:>10.1f}")
    return lines


def _rungs(fit: Fit, split: Split) -> list[str]:
    lines = [f"  {'model':<{MODEL_WIDTH}}{'FLOPs':>10}{'value':>9}{'stderr':>9}{'law':>9}{'off by':>9}{'n':>8}"]
    for rung, value in zip(fit.fitted_rungs, fit.values, strict=True):
        lines.append(_rung(rung, float(value), float(fit.law.predict(rung.compute_flops))))
    shown = [one for one in (*fit.dropped, *split.shown) if math.isfinite(one.value)]
    lines += [_rung(one, one.value, float(fit.law.predict(one.compute_flops)), "*") for one in shown]
    return [*lines, "  * not fitted"] if shown else lines


def _rung(rung: Rung, value: float, law: float, mark: str = "") -> str:
    name = one_line(rung.model)
    name = (name if len(name) < MODEL_WIDTH - 1 else f"{name[: MODEL_WIDTH - 4]}...") + mark
    off = f"{100 * (law / value - 1):+.1f} %" if value else "-"
    error, n = number(rung.stderr), "-" if rung.n is None else f"{rung.n:,}"
    numbers = f"{number(value):>9}{error:>9}{number(law):>9}{off:>9}{n:>8}"
    return f"  {name:<{MODEL_WIDTH}}{flops(rung.compute_flops):>10}{numbers}"


def _forecast(found: Prediction, split: Split) -> list[str]:
    level = level_text(found.interval.confidence)
    bounds = (
        f"{number(found.interval.low)} to {number(found.interval.high)}" if found.interval.defined else "not defined"
    )
    size = f"{flops(found.compute_flops)} FLOPs"
    name = one_line(split.target_model or "?")
    lines = [f"forecast of {name}" if name == size else f"forecast of {name} ({size})"]
    lines.append(f"  {number(found.value)}   {level} interval {bounds}; {found.decades:.2f} decades beyond the fit")
    said = verdict(found, split)
    if said is not None and split.target is not None:
        value = split.target.value
        off = f"; forecast off by {100 * (found.value / value - 1):+.1f} %" if value else ""
        words = {"OUTSIDE": "OUTSIDE the interval", "not told": "inside or not cannot be told"}
        least = " or more" if said == "not told" else ""
        lines.append(f"  outcome {number(value)}{least}: {words.get(said, said)}{off}")
    return lines


def law_json(fit: Fit, split: Split, prediction: Prediction | None) -> dict[str, Any]:
    """All of a fit in plain values."""
    rows = [
        {**_rung_json(rung), "value": float(value), "law": float(fit.law.predict(rung.compute_flops)), "fitted": True}
        for rung, value in zip(fit.fitted_rungs, fit.values, strict=True)
    ]
    others = [
        {**_rung_json(rung), "law": float(fit.law.predict(rung.compute_flops)), "fitted": False}
        for rung in (*fit.dropped, *split.shown)
    ]
    found = None
    if prediction is not None:
        bounds = prediction.interval
        found = {
            "model": split.target_model,
            "compute_flops": prediction.compute_flops,
            "value": prediction.value,
            "interval": [_finite(bounds.low), _finite(bounds.high)],
            "confidence": bounds.confidence,
            "decades_beyond": prediction.decades,
            "verdict": verdict(prediction, split),
            "outcome": None if split.target is None else _finite(split.target.value),
            "warnings": list(prediction.warnings),
        }
    cautions = fit.cautions(split.target_compute_flops)
    told = {"quantity": fit.ladder.quantity, "unit": fit.ladder.unit, "law": fit.law.to_dict(), "models": rows + others}
    return {**told, "forecast": found, "cautions": cautions, "notes": [*fit.ladder.notes, *split.notes]}


def _rung_json(rung: Rung) -> dict[str, Any]:
    return {
        "model": rung.model,
        "family": rung.family,
        "compute_flops": rung.compute_flops,
        "value": _finite(rung.value),
        "stderr": rung.stderr,
        "n": rung.n,
        "where": rung.where,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
