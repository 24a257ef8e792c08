"""Cells of CSV files: texts from outside in one line, which no spreadsheet takes for a formula."""

from __future__ import annotations

from typing import Any

from evals.texts.safe_text import one_line


def csv_cell(value: Any) -> Any:
    """A text in one line, without characters that steer a terminal, and with an apostrophe where it would be a formula.

    Spreadsheets run cells that begin with one of `= + - @`. Other values are returned unchanged.
    """
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") else text
