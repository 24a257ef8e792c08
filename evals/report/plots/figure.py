"""Draws a plot into a file and writes its data beside it. Only this file imports matplotlib."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from evals.errors import MissingExtra, UsageError
from evals.report.plots.kinds import Plot, Table

FORMS = (".png", ".svg", ".pdf")
COLOURS = ("#0b62c4", "#c2410c", "#4d7c0f", "#6b21a8")
"Colours of the runs in a figure, in their order. `MARKS` tell the runs apart without colour."
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
    _draw(plot, path, metadata={"Date": None} if path.lower().endswith(".svg") else {})
    data = Path(path).with_suffix(".csv")
    data.write_text(csv_text(plot.table()), encoding="utf-8")
    return data


def svg_text(plot: Plot) -> str:
    """The plot as SVG, with its letters as text.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    out = io.BytesIO()
    _draw(plot, out, format="svg", metadata={"Date": None})
    return out.getvalue().decode("utf-8")


def csv_text(table: Table) -> str:
    """A table as CSV, with a line of titles."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.titles)
    writer.writerows(table.rows)
    return out.getvalue()


def _draw(plot: Plot, out: Any, **how: Any) -> None:
    matplotlib, figure_class = _matplotlib()
    with matplotlib.rc_context(_STYLE):
        figure = figure_class(figsize=plot.size_inches, layout="constrained")
        plot.draw(figure)
        figure.savefig(out, dpi=150, **how)


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
