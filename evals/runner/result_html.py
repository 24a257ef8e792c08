"""A result as a small HTML table for notebooks: no colours of its own, so that it suits light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

Row = tuple[str, float, float | None, tuple[float, float] | None, int | None]
"(name, value, standard error, 95 % interval, n) of one metric."

_RIGHT = ' style="text-align: right; font-variant-numeric: tabular-nums"'
_LEFT = ' style="text-align: left"'


def result_html(title: str, rows: Sequence[Row], notes: Iterable[str] = ()) -> str:
    """The table, with `title` above it and `notes` below; all texts are escaped."""
    head = _cells("th", ["", "value", "stderr", "95 % interval", "n"])
    body = "".join(f"<tr>{_cells('td', _shown(row))}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else "<p>no metrics</p>"
    below = "".join(f'<div style="opacity: 0.75">{escape(note)}</div>' for note in notes)
    return f"<div><div><strong>{escape(title)}</strong></div>{table}{below}</div>"


def _cells(tag: str, texts: Sequence[str]) -> str:
    """A row's cells: the first to the left, numbers to the right."""
    styles = [_LEFT, *[_RIGHT] * (len(texts) - 1)]
    return "".join(f"<{tag}{style}>{escape(text)}</{tag}>" for style, text in zip(styles, texts, strict=True))


def _shown(row: Row) -> list[str]:
    name, value, stderr, interval, n = row
    between = "" if interval is None else f"{_number(interval[0])} to {_number(interval[1])}"
    return [name, _number(value), "" if stderr is None else _number(stderr), between, "" if n is None else f"{n:,}"]


def _number(value: float) -> str:
    return "-" if not math.isfinite(value) else f"{value:,.3f}"
