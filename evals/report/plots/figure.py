"""Draws a plot into a file and writes its data beside it. Only this file imports matplotlib."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from evals.errors import MissingExtra, UsageError
from evals.report.plots.kinds import Plot, Table
from evals.texts.csv_cells import csv_cell
from evals.texts.safe_text import printable

FORMS = (".png", ".svg", ".pdf")
COLOURS = ("#0b62c4", "#d9730d", "#0f5c4a", "#a33b8f")
"Colours of the runs in a figure, in their order, for people who see no red or no green too. `MARKS` need no colour."
MARKS = ("o", "s", "^", "D")

_STYLE = {"font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "evals", "axes.linewidth": 0.7}
"The fixed salt, and the missing date in `save`, make equal plots equal files."


def check_form(path: str) -> None:
    """Check that a figure can be drawn into this file. Call it before anything is computed.

    Raises:
        UsageError: the name does not end in one of `FORMS`.
        MissingExtra: matplotlib is not installed.
    """
    if Path(path).suffix.lower() not in FORMS:
        raise UsageError(f"--out {path}: the name must end in {', '.join(FORMS)}")
    check_drawing()


def check_drawing() -> None:
    """Raise MissingExtra where matplotlib is not installed."""
    _matplotlib()


def save(path: str, plot: Plot) -> Path:
    """Draw the plot into `path`, write its data beside it, and return the data's path."""
    _draw(plot, path, Path(path).suffix.lower())
    return save_data(str(data_beside(path)), plot)


def data_beside(path: str) -> Path:
    """Where the data of a picture goes."""
    return Path(path).with_suffix(".csv")


def save_data(path: str, plot: Plot) -> Path:
    """Write the plot's data as CSV, and return the path."""
    Path(path).write_text(csv_text(plot.table()), encoding="utf-8")
    return Path(path)


def svg_text(plot: Plot) -> str:
    """The plot as SVG, with its letters as text.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    out = io.BytesIO()
    _draw(plot, out, ".svg")
    return out.getvalue().decode("utf-8")


def csv_text(table: Table) -> str:
    """A table as CSV, with a line of titles."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(csv_cell, table.titles))
    writer.writerows(map(csv_cell, row) for row in table.rows)
    return out.getvalue()


def _draw(plot: Plot, out: Any, form: str) -> None:
    matplotlib, figure_class = _matplotlib()
    with matplotlib.rc_context(_STYLE):
        figure = figure_class(figsize=plot.size_inches, layout="constrained")
        plot.draw(figure)
        title = " ".join(figure.get_suptitle().split())
        figure.savefig(out, dpi=150, format=form[1:], metadata=_said(form, title, plot.text()))


def _said(form: str, title: str, text: str) -> dict[str, Any]:
    """The title and the numbers as text, for readers who cannot see the figure, under the names of each format."""
    if form == ".pdf":
        return {"Title": title, "Subject": printable(text)}
    said: dict[str, Any] = {"Title": title, "Description": printable(text)}
    return {**said, "Date": None} if form == ".svg" else said


def tidy(axes: Any) -> None:
    """Remove the box around axes, and draw a light grid behind the marks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e5e5", linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)


def _matplotlib() -> tuple[Any, Any]:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("drawing plots", "report") from None
    return matplotlib, Figure
