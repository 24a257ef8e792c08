"""Rows that are written as JSON lines on their line numbers."""

from __future__ import annotations

import pytest
from data_files import parquet

from evals.data import open_samples
from evals.errors import DataError


def test_a_column_that_json_cannot_hold_is_named(tmp_path):
    parquet(tmp_path / "s.parquet", {"input": "x", "image": b"\x00"})
    with pytest.raises(DataError, match="field 'image'") as caught:
        open_samples(tmp_path / "s.parquet")
    assert caught.value.where == f"{tmp_path}/s.parquet[0]"
