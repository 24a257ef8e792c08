"""The Snowflake names of openai/evals: using one raises an error that says what to use instead."""

from __future__ import annotations

from typing import Any

from evals.errors import UsageError
from evals.record.recorders import RecorderBase
from evals.specs import RunSpec


class SnowflakeConnection:
    """A name for plug-ins that import it. Calling it raises UsageError."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UsageError(
            "there is no Snowflake connection here",
            notes=["a record is one JSON lines file; Snowflake loads it with COPY INTO"],
            fix="connect with the package snowflake-connector-python, and load the record's file",
        )


class Recorder(RecorderBase):
    """The name of openai/evals' Snowflake recorder, for annotations in plug-ins. Calling it raises UsageError."""

    def __init__(self, log_path: str | None, run_spec: RunSpec, snowflake_connection: Any = None) -> None:
        raise UsageError(
            "records cannot be written to Snowflake",
            fix="record locally (the default) and load the JSON lines file, or use --http-run",
        )
