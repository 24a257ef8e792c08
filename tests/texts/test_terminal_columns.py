"""Columns of a terminal: wide letters take two, combining marks none."""

from __future__ import annotations

import pytest

from evals.cli.console import table
from evals.texts.terminal_columns import columns_of, in_columns


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
