"""Recorders as third parties write them for openai/evals."""

from collections.abc import Sequence

from evals.record import Event, LocalRecorder, RecorderBase


class Mirrored(LocalRecorder):
    """Writes the local record, and the types of all events to a list beside it."""

    def __init__(self, log_path, run_spec, hidden_data_fields: Sequence[str] = ()):
        super().__init__(log_path, run_spec, hidden_data_fields)
        self.mirrored: list[str] = []

    def _flush_events_internal(self, events_to_write: Sequence[Event]):
        super()._flush_events_internal(events_to_write)
        self.mirrored += [event.type for event in events_to_write]


class InMemory(RecorderBase):
    """Sends events to a list, the report too."""

    def __init__(self, run_spec):
        super().__init__(run_spec)
        self.sent: list[Event] = []
        self.report = None

    def _flush_events_internal(self, events_to_write):
        self.sent.extend(events_to_write)

    def record_final_report(self, final_report):
        self.report = final_report
