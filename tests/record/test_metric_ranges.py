"""Declared ranges of metrics: what a class may say, and what a record keeps of it."""

from __future__ import annotations

from typing import Any

import pytest

from evals.errors import UsageError
from evals.record.metric_ranges import checked_ranges, names_beyond_unit, recorded_beyond_unit


def test_metrics_without_bounds_or_beyond_0_and_1_are_told_from_shares() -> None:
    declared = {"loss": None, "grade": (0, 10), "gain": [-1, 1], "f1": (0, 1), "narrow": (0.2, 0.8)}
    assert names_beyond_unit(checked_ranges(declared, "e.dev.v0")) == {"loss", "grade", "gain"}
    assert checked_ranges({"grade": [0, 10]}, "e.dev.v0") == {"grade": (0.0, 10.0)}


@pytest.mark.parametrize("declared", [7, {"a": 7}, {"a": (1,)}, {"a": (2, 1)}, {"a": ("0", "1")}, {"a": (True, 5)}])
def test_what_is_no_range_is_an_error_that_shows_the_form(declared: Any) -> None:
    with pytest.raises(UsageError, match="metric_ranges") as caught:
        checked_ranges(declared, "e.dev.v0")
    assert "e.dev.v0" in str(caught.value)
    assert "fix" in str(caught.value)


@pytest.mark.parametrize("config", [None, 3, {}, {"metric_ranges": 3}, {"metric_ranges": {"a": "x", "f1": [0, 1]}}])
def test_records_without_ranges_or_with_damaged_ones_declare_nothing(config: Any) -> None:
    assert recorded_beyond_unit({"run_config": config}) == frozenset()


def test_the_ranges_of_a_record_are_read_back() -> None:
    spec = {"run_config": {"metric_ranges": {"score": None, "f1": [0, 1], "bleu": [0, 100]}}}
    assert recorded_beyond_unit(spec) == {"score", "bleu"}
