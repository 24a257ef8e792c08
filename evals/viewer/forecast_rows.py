"""What the page of forecasts shows: each sealed forecast with its interval, its outcome and its state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evals.forecasts.store import Entry
from evals.texts.number_text import UNDEFINED, interval_text, number
from evals.texts.safe_text import one_line


def forecast_rows(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """One row a forecast, in the order of the folder."""
    return [forecast_row(entry) for entry in entries]


def forecast_row(entry: Entry) -> dict[str, Any]:
    """One forecast as texts. `state`: open, inside, outside, or a problem, by which it counts for nothing."""
    made, outcome = entry.forecast, entry.outcome
    row = {"name": one_line(entry.name), "state": state_of(entry), "problem": one_line(entry.problem)}
    if made is None:
        return {
            **row,
            "when": "",
            "what": "",
            "prediction": UNDEFINED,
            "interval": "",
            "outcome": UNDEFINED,
            "seal": "",
        }
    unit = f" {made.unit}" if made.unit else ""
    return {
        **row,
        "when": made.created_at[:10],
        "what": one_line(f"{made.quantity} of {made.target_model} at {made.target_compute_flops:.3g} FLOPs"),
        "prediction": one_line(f"{number(made.prediction)}{unit}"),
        "interval": f"{interval_text(made.low, made.high)} ({made.confidence:.0%})",
        "outcome": UNDEFINED if outcome is None else number(outcome.value),
        "seal": made.seal[:16],
    }


def state_of(entry: Entry) -> str:
    """`problem`, `open`, `inside` or `outside`."""
    if entry.problem or entry.forecast is None:
        return "problem"
    if entry.outcome is None:
        return "open"
    return "inside" if entry.forecast.low <= entry.outcome.value <= entry.forecast.high else "outside"
