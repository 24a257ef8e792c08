"""The mean of values with two kinds of dependence: closed forms, and coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.stats.two_way import two_way_mean


def test_a_full_table_has_the_error_of_its_margins() -> None:
    table = np.random.default_rng(0).normal(size=(7, 4))
    table += np.arange(7)[:, None] + 3 * np.arange(4)
    rows, columns = np.indices(table.shape)
    found = two_way_mean(table.ravel(), rows.ravel().tolist(), columns.ravel().tolist())
    by_row = table.mean(axis=1).var(ddof=1) / 7
    by_column = table.mean(axis=0).var(ddof=1) / 4
    by_cell = table.var(ddof=1) / 28
    assert found.value == pytest.approx(table.mean())
    assert found.stderr == pytest.approx(math.sqrt(by_row + by_column - by_cell))
    assert (found.n, found.n_clusters) == (28, 4)


def test_one_value_a_row_is_the_error_of_the_columns_at_least() -> None:
    values, columns = np.tile([1.0, 0.0, 1.0], 20), np.repeat(np.arange(20), 3)
    found = two_way_mean(values, list(range(60)), columns.tolist())
    assert found.stderr == pytest.approx(math.sqrt(values.var(ddof=1) / 60))


@pytest.mark.parametrize(("rows", "columns"), [([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [1, 1, 1])])
def test_one_row_or_one_column_says_nothing_of_others(rows: list[int], columns: list[int]) -> None:
    assert not two_way_mean([1.0, 0.0, 1.0], rows, columns).interval.defined


def test_no_value_and_nan_are_undefined() -> None:
    assert math.isnan(two_way_mean([], [], []).value)
    assert not two_way_mean([1.0, math.nan], [1, 2], [1, 2]).interval.defined


def test_the_interval_holds_the_truth_for_other_prompts_and_raters() -> None:
    rng, hits = np.random.default_rng(3), 0
    for _ in range(600):
        prompts, raters = rng.normal(0, 0.2, (60, 1)), rng.normal(0, 0.2, (1, 10))
        table = 0.5 + prompts + raters + rng.normal(0, 0.4, (60, 10))
        seen = rng.random(table.shape) < 0.5
        rows, columns = np.nonzero(seen)
        hits += 0.5 in two_way_mean(table[seen], rows.tolist(), columns.tolist()).interval
    assert 0.92 <= hits / 600 <= 0.98
