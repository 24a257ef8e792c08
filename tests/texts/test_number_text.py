"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from evals.texts.number_text import (
    counted,
    duration_text,
    interval_text,
    level_text,
    money,
    number,
    percent,
    points,
    seconds,
    signed,
    signed_interval_text,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.500"), (-0.0004, "-0.000"), (999.9994, "999.999"), (1000.0, "1,000.0"), (-12345.67, "-12,345.7"),
        (7, "7"), (1319, "1,319"), (None, "-"), (math.nan, "-"), (math.inf, "-"), (-math.inf, "-"),
    ],
)  # fmt: skip
def test_numbers_have_three_decimals_and_whole_ones_none(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0215, "+0.021"), (-0.031, "-0.031"), (0.0, "+0.000"), (-0.0, "+0.000"), (-0.0001, "-0.000"), (math.nan, "-")],
)
def test_differences_have_a_sign_and_nothing_is_never_negative(value, text):
    assert signed(value) == text


def test_intervals_have_both_ends():
    assert interval_text(0.3, 0.9541) == "0.300 to 0.954"
    assert signed_interval_text(-0.25, 0.5) == "-0.250 to +0.500"
    assert (level_text(0.95), level_text(1 - 0.01), level_text(0.993)) == ("95 %", "99 %", "99.3 %")


@pytest.mark.parametrize(
    ("fraction", "decimals", "text"),
    [(0.02, None, "2 points"), (0.01, None, "1 point"), (0.005, None, "0.5 points"), (0.07, None, "7 points"),
     (0.01, 1, "1.0 points"), (0.08049, 1, "8.0 points"), (0.0, None, "0 points")],
)  # fmt: skip
def test_points_are_hundredths(fraction, decimals, text):
    assert points(fraction, decimals) == text


def test_counts_money_and_durations():
    assert (counted(0, "call"), counted(1, "call"), counted(1319, "call")) == ("0 calls", "1 call", "1,319 calls")
    assert [money(usd) for usd in (1234.5, 0.01, 0.0099, 0.00001, 0)] == [
        *("$1,234.50", "$0.01", "$0.0099", "under $0.0001", "$0"),
    ]
    assert (percent(0.8), percent(0.0449)) == ("80%", "4%")
    assert [seconds(s) for s in (0.04, 12.34, 99.94, 3600.0)] == ["0.0 s", "12.3 s", "99.9 s", "3,600 s"]


@pytest.mark.parametrize(
    ("duration_s", "text"), [(None, "n/a"), (0.012, "12.000ms"), (3.5, "3.500s"), (125.9, "2min5s")]
)
def test_durations_as_openai_evals_writes_them(duration_s, text):
    assert duration_text(duration_s) == text
