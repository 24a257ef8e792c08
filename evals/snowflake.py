"""Says what to use instead of the Snowflake connection of openai/evals."""

from __future__ import annotations

from typing import Any

from evals.errors import UsageError


class SnowflakeConnection:
    """Only its name is here, for plug-ins that import it: making one is an error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UsageError(
            "there is no Snowflake connection here",
            notes=["a record is one JSON lines file; Snowflake loads it with COPY INTO"],
            fix="connect with the package snowflake-connector-python, and load the record's file",
        )
