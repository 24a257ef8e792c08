"""The words that all reports share: p-values, intervals, lines of 80 columns, harmless characters."""

from __future__ import annotations

import math

import pytest

from evals.report.words import indented, interval, one_line, p_text, p_value, signed_interval, wrapped
from evals.stats.estimate import Interval


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.00001, "< 0.0001"), (0.0005, "0.0005"), (0.0123, "0.012"), (0.9994, "0.999"), (0.9996, "1"), (math.nan, "-")],
)
def test_p_values_are_never_rounded_to_nothing(p, text):
    assert p_value(p) == text


def test_a_p_value_below_the_last_digit_has_no_equals_sign():
    assert (p_text(0.04), p_text(0.0)) == ("p = 0.040", "p < 0.0001")


def test_an_interval_without_ends_has_a_word():
    nothing = Interval(math.nan, math.nan)
    assert (interval(nothing), signed_interval(nothing, missing="")) == ("not defined", "")
    assert signed_interval(Interval(-0.1, 0.25)) == "-0.100 to +0.250"


def test_lines_are_broken_at_80_columns_and_go_on_further_in():
    lines = indented("word " * 40)
    assert max(map(len, lines)) <= 80
    assert [len(line) - len(line.lstrip()) for line in lines] == [2, 4, 4]
    assert wrapped("a b", rest="", width=1) == ["a", "b"]


def test_no_line_ends_within_an_id_or_an_option():
    ids = [f"sat-math-{n}" for n in range(40)]
    assert " ".join(line.strip() for line in wrapped(", ".join(ids))) == ", ".join(ids)
    assert all(len(line) <= 80 for line in wrapped(", ".join(ids)))


def test_nothing_in_a_line_can_steer_a_terminal():
    assert wrapped("\x1b[2J\u202ex") == ["\\x1b[2J\\u202ex"]
    assert one_line("a\nb\r\nc\td") == "a b c   d"
