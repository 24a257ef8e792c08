"""The reliability diagram: what was said against what came true, with intervals and counts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.comparison.confidences import Confidences
from evals.errors import MissingExtra, UsageError
from evals.report.plots.calibration_text import FEW
from evals.stats.calibration import Calibration

FORMS = (".png", ".svg", ".pdf")
COLOURS = ("#0b62c4", "#c2410c", "#4d7c0f", "#6b21a8")
MARKS = ("o", "s", "^", "D")


def check_form(path: str) -> None:
    """Refuse what cannot be drawn, before anything is computed."""
    if Path(path).suffix.lower() not in FORMS:
        raise UsageError(f"--out {path}: the name must end in {', '.join(FORMS)}")
    _pyplot()


def draw_calibration(
    path: str, names: Sequence[str], runs: Sequence[Confidences], found: Sequence[Calibration]
) -> None:
    """Write the diagram of one run, or of several over each other."""
    matplotlib, figure_class = _pyplot()
    with matplotlib.rc_context(
        {"font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "evals", "axes.linewidth": 0.7}
    ):
        figure = figure_class(figsize=(5.6, 7.9), layout="constrained")
        grid = figure.add_gridspec(2, 1, height_ratios=[4, 1.1])
        upper = figure.add_subplot(grid[0])
        lower = figure.add_subplot(grid[1], sharex=upper)
        upper.plot([0, 1], [0, 1], linestyle=(0, (4, 4)), color="#777777", linewidth=1, zorder=1, label="calibrated")
        for number, (name, one) in enumerate(zip(names, found, strict=True)):
            _draw_bins(upper, one, number, f"{name}: ECE {_with_interval(one)}")
            _draw_counts(lower, one, number, len(found))
        _label(upper, lower, runs[0])
        figure.suptitle(_title(runs[0], found), fontsize=11.5, fontweight="bold", x=0.02, ha="left")
        figure.supxlabel(_caption(runs, found), fontsize=8, color="#444444", x=0.02, ha="left")
        metadata = {"Date": None} if path.lower().endswith(".svg") else {}
        figure.savefig(path, dpi=150, metadata=metadata)


def _draw_bins(axes: Any, found: Calibration, number: int, label: str) -> None:
    colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
    xs, ys = [b.confidence for b in found.bins], [b.accuracy for b in found.bins]
    axes.plot(xs, ys, color=colour, linewidth=1.2, alpha=0.55, zorder=2)
    axes.plot([], [], color=colour, marker=mark, linewidth=1.2, label=label)
    for b in found.bins:
        if b.interval.defined:
            axes.vlines(b.confidence, b.interval.low, b.interval.high, color=colour, linewidth=1.3, zorder=3)
        face = "white" if b.n < FEW else colour
        axes.plot(b.confidence, b.accuracy, marker=mark, color=colour, markerfacecolor=face, markersize=6.5, zorder=4)


def _draw_counts(axes: Any, found: Calibration, number: int, n_runs: int) -> None:
    for b in found.bins:
        width = (b.high - b.low) * 0.84 / n_runs
        left = b.low + (b.high - b.low) * 0.08 + width * number
        axes.bar(left, b.n, width=width, align="edge", color=COLOURS[number % len(COLOURS)], alpha=0.8)


def _label(upper: Any, lower: Any, run: Confidences) -> None:
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is correct")
    upper.set_box_aspect(1)
    lower.set_box_aspect(0.26)
    upper.tick_params(labelbottom=False)
    upper.legend(loc="upper left", frameon=False, fontsize=9)
    lower.set(xlabel=_X_LABEL[run.kind], ylabel="points", yscale="log")
    lower.set_ylim(bottom=0.7)
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e5e5e5", linewidth=0.6, zorder=0)
        axes.set_axisbelow(True)


_X_LABEL = {
    "choice": "probability that the model gives to an option",
    "verbal": "confidence that the model states (no probability of its own)",
    "agreement": "share of completions that agree (no probability of its own)",
}


def _with_interval(found: Calibration) -> str:
    ece = found.measures["ece"]
    return f"{ece.value:.3f} ({ece.interval.low:.3f} to {ece.interval.high:.3f})"


def _title(run: Confidences, found: Sequence[Calibration]) -> str:
    sure = {"choice": "an option's probability", "verbal": "a stated confidence", "agreement": "agreement"}[run.kind]
    if len(found) > 1:
        text = f"How far {sure} can be believed, {len(found)} runs of {run.eval_name}"
    else:
        gap = sum(b.n * (b.confidence - b.accuracy) for b in found[0].top_bins)
        word = "too sure of its answers" if gap > 0 else "not sure enough of its answers"
        verdict = "calibrated as far as can be seen" if found[0].p_calibrated > 0.05 else word
        text = f"{run.model} on {run.eval_name}: {verdict}"
    return "\n".join(textwrap.wrap(text, 58))


def _caption(runs: Sequence[Confidences], found: Sequence[Calibration]) -> str:
    one = found[0]
    points = f" ({one.n_points:,} points, one an option)" if one.n_points != one.n_questions else ""
    alike = "the same questions in each run; " if len(runs) > 1 else ""
    text = (
        f"n = {one.n_questions:,} questions{points}; {alike}lines are 95 % intervals over questions; hollow: fewer "
        f"than {FEW} points. A calibrated model would show an ECE of {one.ece_if_calibrated.value:.3f} by chance."
    )
    return "\n".join(textwrap.wrap(text, 92))


def _pyplot() -> tuple[Any, Any]:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("drawing plots", "report") from None
    return matplotlib, Figure
