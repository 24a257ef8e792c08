"""Scoring steps: each operation against its arithmetic, over one value and over many at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.errors import DataError
from evals.exams.paper import (
    BandToScale,
    Clamp,
    Combine,
    CountWrong,
    Cut,
    Linear,
    Lookup,
    Origin,
    Raw,
    Round,
    ScoreStep,
    Table,
    Weighted,
)
from evals.exams.pipeline import run_steps

HERE = "exam.yaml:1"
TABLE = Table("t.csv", (0, 1, 2, 4), (200, 210, 250, 300), Origin("tests", "invented"), "t.csv")


def result(step: ScoreStep, *, are_draws: bool = False, **inputs: Any) -> list[float]:
    """What a step gives, with its inputs as raw values."""
    raws = [Raw(name, HERE, "A") for name in inputs]
    counted = {name: np.atleast_1d(np.asarray(value, dtype=np.float64)) for name, value in inputs.items()}
    return [float(value) for value in run_steps([*raws, step], counted, are_draws=are_draws)[step.set]]


@pytest.mark.parametrize(("op", "value"), [("sum", 9), ("mean", 3), ("min", 1), ("max", 5)])
def test_values_are_combined(op: Any, value: float) -> None:
    assert result(Combine("out", HERE, op, ("a", "b", "c")), a=1, b=3, c=5) == [value]


def test_values_are_weighted_and_moved_along_a_line() -> None:
    assert result(Weighted("out", HERE, {"a": 0.4, "b": 0.6}), a=80, b=50) == pytest.approx([62])
    assert result(Linear("out", HERE, "a", 40, 130), a=0.75) == [160]


@pytest.mark.parametrize(
    ("mode", "to", "value", "rounded"),
    [
        ("half_up", 1, 15.5, 16),
        ("half_up", 1, 16.5, 17),
        ("half_up", 1, -0.5, 0),
        ("half_even", 1, 16.5, 16),
        ("floor", 1, 16.9, 16),
        ("ceil", 1, 16.1, 17),
        ("half_up", 0.5, 6.25, 6.5),
        ("half_up", 0.5, 6.2, 6.0),
        ("half_up", 10, 645, 650),
        ("half_up", 1, 0.1 * 3 * 5, 2),  # 1.5 but for the last bit
        ("floor", 0.1, 0.1 * 3, 0.3),
    ],
)
def test_values_are_rounded_to_a_multiple(mode: Any, to: float, value: float, rounded: float) -> None:
    assert result(Round("out", HERE, "a", to, mode), a=value) == pytest.approx([rounded])


def test_a_value_is_clamped_cut_and_moved_between_scales() -> None:
    assert result(Clamp("out", HERE, "a", 0, 10), a=[-3, 4, 12]) == [0, 4, 10]
    cut = Cut("out", HERE, "a", (0, 40, 55), (1, 2, 3))
    assert result(cut, a=[0, 39.99, 40, 54.9999999999, 90]) == [1, 1, 2, 3, 3]
    bands = BandToScale("out", HERE, "a", mean=3.5, sd=0.5, to_mean=140, to_sd=16)
    assert result(bands, a=[3.5, 4.5, 3.0]) == [140, 172, 124]


def test_a_count_is_taken_as_it_is() -> None:
    steps: list[ScoreStep] = [CountWrong("n", HERE, tag="critical"), Linear("final", HERE, "n", -1, 0)]
    assert run_steps(steps, {"n": np.array([2.0])})["final"].tolist() == [-2]


@pytest.mark.parametrize(
    ("between", "values"),
    [("floor", [200, 210, 250, 250, 300]), ("interpolate", [200, 210, 250, 275, 300])],
)
def test_a_table_is_read_at_its_rows_and_between_them(between: Any, values: list[float]) -> None:
    assert result(Lookup("out", HERE, "a", TABLE, between), a=[0, 1, 2, 3, 4]) == values


def test_a_score_that_is_whole_but_for_rounding_finds_its_row() -> None:
    assert result(Lookup("out", HERE, "a", TABLE, "error"), a=4 * (1 - 1e-14)) == [300]


def test_a_score_without_a_row_is_an_error_where_the_paper_says_so_and_interpolated_in_draws() -> None:
    step = Lookup("out", HERE, "a", TABLE, "error")
    with pytest.raises(DataError, match=r"score step 'out': the table has no row for 1\.5"):
        result(step, a=1.5)
    assert result(step, a=1.5, are_draws=True) == [230]


MODES = st.sampled_from(["half_up", "half_even", "floor", "ceil"])


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20), st.sampled_from([0.1, 0.5, 1, 10]), MODES)
def test_many_values_round_as_each_alone_and_stay_within_one_step(values: list[float], to: float, mode: Any) -> None:
    step = Round("out", HERE, "a", to, mode)
    together = result(step, a=values)
    assert together == [result(step, a=value)[0] for value in values]
    assert all(abs(one - value) <= to * (1 + 1e-6) for one, value in zip(together, values, strict=True))
    assert all(math.isclose(one / to, round(one / to), abs_tol=1e-6) for one in together)
