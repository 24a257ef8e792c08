"""The Snowflake names of openai/evals."""

from __future__ import annotations

import pytest
from small_records import run_spec

from evals.errors import UsageError
from evals.record import Recorder
from evals.record.snowflake import SnowflakeConnection


def test_the_snowflake_recorder_says_what_to_use_instead():
    with pytest.raises(UsageError, match="Snowflake"):
        Recorder("x.jsonl", run_spec())


def test_a_snowflake_connection_says_what_to_use_instead():
    with pytest.raises(UsageError, match="snowflake-connector-python"):
        SnowflakeConnection()
