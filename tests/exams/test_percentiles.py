"""Percentile ranges: from counts, shares and percentages, between rows and off the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.errors import DataError
from evals.exams.files import raw_table
from evals.exams.paper import Origin, Percentile, PercentileTable
from evals.exams.percentiles import percentile_ranges
from evals.exams.tables import numbers, ranges_of_parts

ORIGIN = Origin("tests", "invented")


def table(scores: list[float], low: list[float], high: list[float]) -> PercentileTable:
    return PercentileTable("t.csv", tuple(scores), tuple(low), tuple(high), ORIGIN, "t.csv")


def percentile(*tables: PercentileTable, between: Any = "floor") -> Percentile:
    return Percentile("final", tables, "takers", between=between, where="exam.yaml:1")


GRADES = table([1, 2, 3, 4, 5], [0, 12, 35, 65, 87], [12, 35, 65, 87, 100])


def ranges(one: Percentile, *scores: float, are_draws: bool = False) -> list[tuple[float, float]]:
    found = percentile_ranges(one, np.array(scores, dtype=np.float64), are_draws=are_draws)
    return list(zip(found.low.tolist(), found.high.tolist(), strict=True))


def test_a_score_has_the_range_of_its_row_or_of_the_row_below_it() -> None:
    assert ranges(percentile(GRADES), 1, 3, 3.5, 5) == [(0, 12), (35, 65), (35, 65), (87, 100)]


def test_a_line_is_drawn_between_rows_where_the_paper_says_so() -> None:
    assert ranges(percentile(GRADES, between="interpolate"), 3.5) == [(50, 76)]


def test_a_score_without_a_row_is_an_error_where_the_paper_says_so() -> None:
    with pytest.raises(DataError, match=r"no row for 3\.5"):
        ranges(percentile(GRADES, between="error"), 3.5)


def test_draws_between_rows_take_the_row_below_where_the_paper_itself_allows_none() -> None:
    assert ranges(percentile(GRADES, between="error"), 3.5, are_draws=True) == [(35, 65)]


def test_scores_off_the_table_are_clamped_and_said_to_be() -> None:
    found = percentile_ranges(percentile(GRADES), np.array([0.0, 1.0, 6.0]))
    assert found.off_table.tolist() == [-1, 0, 1]
    assert (found.low.tolist(), found.high.tolist()) == ([0, 0, 87], [12, 12, 100])


def test_two_distributions_give_the_lowest_low_and_the_highest_high() -> None:
    other = table([1, 2, 3, 4, 5], [0, 10, 40, 70, 90], [10, 40, 70, 90, 100])
    assert ranges(percentile(GRADES, other), 2, 3) == [(10, 40), (35, 70)]


COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=40).filter(any)


@given(COUNTS)
def test_counts_give_the_shares_below_and_at_or_below(counts: list[int]) -> None:
    low, high = ranges_of_parts(raw_table("score,count\n1,1\n", "t.csv"), [float(n) for n in counts], is_share=False)
    takers = [score for score, n in enumerate(counts) for _ in range(n)]
    for score in range(len(counts)):
        assert low[score] == pytest.approx(100 * sum(one < score for one in takers) / len(takers))
        assert high[score] == pytest.approx(100 * sum(one <= score for one in takers) / len(takers))


@given(COUNTS, st.lists(st.floats(-5, 50), min_size=2, max_size=30), st.sampled_from(["floor", "interpolate"]))
def test_percentiles_rise_with_the_score_and_stay_within_0_and_100(
    counts: list[int], scores: list[float], between: Any
) -> None:
    low, high = ranges_of_parts(raw_table("score,count\n1,1\n", "t.csv"), [float(n) for n in counts], is_share=False)
    one = percentile(table([float(n) for n in range(len(counts))], low, high), between=between)
    found = ranges(one, *sorted(scores))
    assert found == sorted(found)
    assert [pair[1] for pair in found] == sorted(pair[1] for pair in found)
    assert all(0 <= pair[0] <= pair[1] <= 100 for pair in found)


def test_shares_that_miss_100_are_an_error() -> None:
    with pytest.raises(DataError, match="the shares add up to 90, not 100"):
        ranges_of_parts(raw_table("score,share\n1,1\n", "t.csv"), [40, 50], is_share=True)


def test_a_table_may_have_semicolons_or_tabs_and_texts_at_its_ends() -> None:
    for separator in ";\t":
        raw = raw_table(f"# source: x\nscore{separator}low\n1{separator}<1\n5{separator}>99\n", "t.csv")
        assert [numbers(raw, name) for name in ("score", "low")] == [[1, 5], [0, 99]]
