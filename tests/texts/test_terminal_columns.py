"""Columns of a terminal: wide letters take two, combining marks none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cli.console import table
from evals.texts.terminal_columns import columns_of, distinct_in_columns, in_columns


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("", 0), ("中文", 4), ("e\u0301", 1), ("한국어", 6), ("日本 x", 6), ("ไทย", 3), ("é", 1)],
)
def test_a_text_takes_the_columns_of_its_letters(text: str, columns: int) -> None:
    assert columns_of(text) == columns


@pytest.mark.parametrize(
    "text", ["abc", "中文", "e\u0301te\u0301", "一二三四五六七八九十", "abcdefghijklmnop", "ab中cd文ef字gh"]
)
@pytest.mark.parametrize("width", [8, 9, 10])
def test_a_cell_has_exactly_its_width(text: str, width: int) -> None:
    for right in (False, True):
        cell = in_columns(text, width, right=right)
        assert columns_of(cell) == width
        assert cell.strip().startswith(text[0])


def test_a_text_that_is_too_long_keeps_both_its_ends() -> None:
    assert in_columns("abcdefghijklmnop", 9) == "abcd…mnop"
    assert in_columns("一二三四五六七八九十", 9) == "一二…九十"
    assert in_columns("一二三四五六七八九十", 8) == "一…九十 "


def test_the_columns_of_a_table_stand_under_each_other_whatever_the_script() -> None:
    lines = table([("name", "n"), ("物理", "12"), ("chemistry", "7")], right={1})
    assert lines == ["name        n", "物理       12", "chemistry   7"]
    assert {columns_of(line) for line in lines} == {13}


def test_names_that_one_cut_makes_equal_are_cut_where_they_differ() -> None:
    names = ["mmlu-abstract-algebra.test.v1", "mmlu-abstract-anatomy.test.v1", "short"]
    shown = distinct_in_columns(names, 16)
    assert len(set(shown.values())) == 3
    assert shown["short"] == "short"
    assert all(columns_of(text) <= 16 for text in shown.values())
    assert all("…" in shown[name] for name in names[:2])


def test_names_that_differ_in_one_letter_of_their_middle_get_numbers() -> None:
    names = [f"{'a' * 30}{letter}{'b' * 30}" for letter in "xyz"]
    shown = distinct_in_columns(names, 10)
    assert list(shown.values()) == ["aaaa…bbbbb", "aaaa…bbb~1", "aaaa…bbb~2"]


def test_a_short_name_that_looks_like_a_cut_one_stays_itself() -> None:
    shown = distinct_in_columns(["aaaa…bbbbb", f"{'a' * 9}x{'b' * 9}", f"{'a' * 9}y{'b' * 9}"], 10)
    assert shown["aaaa…bbbbb"] == "aaaa…bbbbb"
    assert len(set(shown.values())) == 3


@given(st.lists(st.text("ab中", min_size=1, max_size=24), max_size=12), st.integers(6, 20))
def test_different_names_are_never_shown_alike(names: list[str], width: int) -> None:
    shown = distinct_in_columns(names, width)
    assert len(set(shown.values())) == len(set(names))
    assert all(columns_of(text) <= width for text in shown.values())
    assert all(shown[name] == name for name in names if columns_of(name) <= width)


def test_long_names_in_a_table_stay_different() -> None:
    names = [f"a-benchmark-with-a-long-name-{part}-and-a-long-end.test.v1" for part in ("one", "two")]
    lines = table([(name, "0.5", "x" * 50) for name in names])
    assert lines[0].split()[0] != lines[1].split()[0]
    assert all(columns_of(line) <= 80 for line in lines)
