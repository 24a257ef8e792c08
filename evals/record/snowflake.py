"""Names of openai/evals for Snowflake, which say what to use instead."""

from __future__ import annotations

from typing import Any

from evals.errors import UsageError
from evals.record.recorders import RecorderBase
from evals.specs import RunSpec


class SnowflakeConnection:
    """Only its name is here, for plug-ins that import it: making one is an error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UsageError(
            "there is no Snowflake connection here",
            notes=["a record is one JSON lines file; Snowflake loads it with COPY INTO"],
            fix="connect with the package snowflake-connector-python, and load the record's file",
        )


class Recorder(RecorderBase):
    """The Snowflake recorder of openai/evals; only its name is here, for annotations in plug-ins."""

    def __init__(self, log_path: str | None, run_spec: RunSpec, snowflake_connection: Any = None) -> None:
        raise UsageError(
            "records cannot be written to Snowflake",
            fix="record locally (the default) and load the JSON lines file, or use --http-run",
        )
