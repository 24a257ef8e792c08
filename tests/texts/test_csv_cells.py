"""Cells of CSV files: one line, nothing that steers, no formulas."""

from __future__ import annotations

import pytest

from evals.texts.csv_cells import csv_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("gpt-6-luna", "gpt-6-luna"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'    =1"),
        ("a\n::add-mask::x", "a ::add-mask::x"),
        ("\x1b[31mred\u202e", "\\x1b[31mred\\u202e"),
        (-0.5, -0.5),
        (None, None),
        ("", ""),
    ],
)
def test_a_text_of_a_record_is_harmless_in_a_spreadsheet_and_in_a_terminal(value, cell):
    assert csv_cell(value) == cell
