"""One evaluation of one sample, as a record has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evals.record.event import Event

if TYPE_CHECKING:
    pass


@dataclass
class SampleRecord:
    """One evaluation of one sample, as it was recorded."""

    sample_id: str
    repeat: int = 0
    "0 for the first evaluation."
    events: list[Event] = field(default_factory=list)
    error: dict[str, Any] | None = None
    "`type`, `message` and more of what made the sample fail; None where it did not."
    labels: dict[str, Any] = field(default_factory=dict)
    "Keys that put the sample in a group (category, subject, ...)."

    def data(self, type: str) -> list[Any]:
        """The data of its events of one type, in order."""
        return [event.data for event in self.events if event.type == type]

    @property
    def raw_sample(self) -> dict[str, Any]:
        """The row of the dataset; empty where it was not recorded."""
        rows = [row for row in self.data("raw_sample") if isinstance(row, dict)]
        return rows[0] if rows else {}
