"""Outputs are compared word by word, and texts of programs are safe to show."""

from __future__ import annotations

import pytest

from evals.sandbox.output import MAX_DETAIL, escaped, same_output


def test_blank_ends_of_output_do_not_matter():
    assert same_output("1  2 \n3\n\n", "1 2\n3")


@pytest.mark.parametrize("printed", ["1\n2", "1 2\n\n3", "1 2 3", "12\n3", "1 2", "", "1 2\n3\x00"])
def test_other_words_or_other_lines_are_another_output(printed):
    assert not same_output(printed, "1 2\n3")


@pytest.mark.parametrize(
    ("printed", "expected", "equal_under"),
    [
        ("8", "8.0", {"decimals", "values", "close"}),
        ("8.00", "8.0", {"decimals", "values", "close"}),
        ("1e3 x", "1000.0 x", {"decimals", "values", "close"}),
        ("+8", "8", {"values", "close"}),
        ("010", "10", {"values", "close"}),
        ("8.0000001", "8.0", {"close"}),
        ("8.1", "8.0", set()),
        ("100000.1", "100000.2", {"close"}),
        ("9007199254740993", "9007199254740992.0", {"close"}),
        ("nan", "NaN", set()),
        ("0x10", "16.0", set()),
        ("8 .0", "8.0", set()),
        ("8", "8.0 1", set()),
    ],
)
@pytest.mark.parametrize("rule", ["decimals", "values", "close"])
def test_words_are_equal_as_numbers_by_the_rule_of_their_benchmark(printed, expected, equal_under, rule):
    assert same_output(printed, expected, rule) is (rule in equal_under)


@pytest.mark.parametrize("text", ["\x1b[31mred", "\x9b31m", "\u202eleft", "a\rb", "\x00", "\ud800"])
def test_details_cannot_steer_a_terminal(text):
    shown = escaped(text)
    assert all(char.isprintable() for char in shown)
    assert shown.encode("utf-8")


def test_lines_stay_lines_and_plain_text_stays_as_it_is():
    assert escaped("größer\n  2 ≠ 3\n") == "größer\n  2 ≠ 3\n"


def test_a_text_is_capped_after_it_was_escaped():
    assert len(escaped("\x1b" * 5000)) == MAX_DETAIL
    assert escaped("x" * 5000) == "x" * MAX_DETAIL
