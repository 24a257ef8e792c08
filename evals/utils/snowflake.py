"""Door: the Snowflake connection of openai/evals, which says what to do instead."""

from __future__ import annotations

from evals.record.snowflake import SnowflakeConnection as SnowflakeConnection
