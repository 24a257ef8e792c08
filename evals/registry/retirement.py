"""Says of a model that its provider has shut it down, or will soon, and what takes its place."""

from __future__ import annotations

import datetime

from evals.specs import ModelInfo

SOON_DAYS = 60
"Days before its end in which a run with the model is warned: a comparison takes some weeks."


def is_retired(info: ModelInfo, today: datetime.date) -> bool:
    """Whether the model is shut down on that day."""
    end = _day(info.retires)
    return end is not None and end <= today


def retirement_warning(info: ModelInfo, today: datetime.date) -> str | None:
    """The warning before a run; None for a model without a known end, or with one that is far away."""
    end = _day(info.retires)
    if end is None or end > today + datetime.timedelta(days=SOON_DAYS):
        return None
    instead = f"; its provider names {info.successor} in its place" if info.successor else ""
    if end <= today:
        return f"{info.name} was shut down on {end}{instead}"
    n_days = (end - today).days
    when = "tomorrow" if n_days == 1 else f"in {n_days} days"
    return f"{info.name} will be shut down on {end}, {when}{instead}"


def _day(text: str | None) -> datetime.date | None:
    """A day as YYYY-MM-DD; None for what is no day."""
    try:
        return None if text is None else datetime.date.fromisoformat(text)
    except ValueError:
        return None
