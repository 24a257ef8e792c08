"""What a run leaves behind: written sample by sample, read back whole or torn; the path of openai/evals too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.lazy import lazy_names

if TYPE_CHECKING:
    from evals.record.current import current_sample_id as current_sample_id
    from evals.record.current import pause as pause
    from evals.record.current import record_cond_logp as record_cond_logp
    from evals.record.current import record_embedding as record_embedding
    from evals.record.current import record_error as record_error
    from evals.record.current import record_event as record_event
    from evals.record.current import record_extra as record_extra
    from evals.record.current import record_function_call as record_function_call
    from evals.record.current import record_match as record_match
    from evals.record.current import record_metrics as record_metrics
    from evals.record.current import record_pick_option as record_pick_option
    from evals.record.current import record_raw as record_raw
    from evals.record.current import record_sampling as record_sampling
    from evals.record.current import unpause as unpause
    from evals.record.event import Event as Event
    from evals.record.http import HttpRecorder as HttpRecorder
    from evals.record.local import LocalRecorder as LocalRecorder
    from evals.record.reader import Record as Record
    from evals.record.reader import read_record as read_record
    from evals.record.recorders import DummyRecorder as DummyRecorder
    from evals.record.recorders import RecorderBase as RecorderBase
    from evals.record.recorders import default_recorder as default_recorder
    from evals.record.sample_record import SampleRecord as SampleRecord
    from evals.record.snowflake import Recorder as Recorder
    from evals.specs import RunSpec as RunSpec

_HOMES = {
    "current_sample_id": "evals.record.current",
    "pause": "evals.record.current",
    "record_cond_logp": "evals.record.current",
    "record_embedding": "evals.record.current",
    "record_error": "evals.record.current",
    "record_event": "evals.record.current",
    "record_extra": "evals.record.current",
    "record_function_call": "evals.record.current",
    "record_match": "evals.record.current",
    "record_metrics": "evals.record.current",
    "record_pick_option": "evals.record.current",
    "record_raw": "evals.record.current",
    "record_sampling": "evals.record.current",
    "unpause": "evals.record.current",
    "Event": "evals.record.event",
    "HttpRecorder": "evals.record.http",
    "LocalRecorder": "evals.record.local",
    "Record": "evals.record.reader",
    "read_record": "evals.record.reader",
    "DummyRecorder": "evals.record.recorders",
    "RecorderBase": "evals.record.recorders",
    "default_recorder": "evals.record.recorders",
    "SampleRecord": "evals.record.sample_record",
    "Recorder": "evals.record.snowflake",
    "RunSpec": "evals.specs",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(globals(), _HOMES)
