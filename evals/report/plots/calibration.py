"""The calibration plot: stated against observed frequency, as numbers, bins and a reliability diagram."""

from __future__ import annotations

import argparse
import math
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.errors import UsageError
from evals.report.plots.figure import COLOURS, MARKS, tidy
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.words import UNDEFINED, counted, in_columns, interval, number, p_text, signed, signed_interval

if TYPE_CHECKING:
    from evals.comparison.confidences import Confidences
    from evals.stats.calibration import Bin, Calibration, Measure
    from evals.stats.paired import PairedDifference

NAMES = {
    "ece": "ECE",
    "top_label_ece": "top-label ECE",
    "equal_mass_ece": "equal-mass ECE",
    "l2_debiased": "L2, debiased",
    "max_bin_error": "largest bin error",
    "brier": "Brier score",
    "nll": "neg. log likelihood",
    "auroc": "AUROC",
    "accuracy": "accuracy",
}
BIN_TITLES = ("run", "bin_low", "bin_high", "n_points", "n_questions", "confidence", "accuracy", "ci_low", "ci_high")
FEW = 10
"A bin with fewer points is marked in the table, and drawn hollow."

_X_LABEL = {
    "choice": "probability that the model gives to an option",
    "verbal": "confidence that the model states (no probability of its own)",
    "agreement": "share of completions that agree (no probability of its own)",
}
_SURE = {"choice": "an option's probability", "verbal": "a stated confidence", "agreement": "agreement"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this kind."""
    parser.add_argument("--bins", type=int, default=10, metavar="N", help="bins of equal width (default 10)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of intervals and halves (default 0)")


def make(records: Sequence[str], options: argparse.Namespace) -> CalibrationPlot:
    """The calibration of each record, on the questions that all of them have.

    Raises:
        UsageError: --bins is out of range, or the records hold different quantities or no question in common.
        DataError: a record holds no confidence of the model.
    """
    from evals.comparison.confidences import calibrate, read_confidences, shared

    if not 1 <= options.bins <= 100:
        raise UsageError(f"--bins {options.bins}: give a number from 1 to 100")
    whole = [read_confidences(path) for path in records]
    runs = shared(whole)
    names = [run.model for run in runs]
    if len(set(names)) < len(names):
        names = [Path(run.path.removesuffix(".gz")).stem for run in runs]
    return CalibrationPlot(
        names=names,
        runs=runs,
        found=[calibrate(run, options.bins, options.seed) for run in runs],
        n_left_out=[len(all_.ids) - len(run.ids) for all_, run in zip(whole, runs, strict=True)],
        n_prompts_differ=sum(len(set(prompts)) > 1 for prompts in zip(*(run.prompts for run in runs), strict=True)),
    )


KIND = PlotKind(
    name="calibration",
    help="whether probabilities and confidences can be believed",
    description="How far the probabilities of a model's options, or the confidences that it states, come true: a "
    "table, and with --out a reliability diagram. Several records are drawn over each other, on the questions "
    "that all have: a model before and after training.",
    needs=Needs("RECORD", "records with `choice` or `confidence` events"),
    make=make,
    add_options=add_options,
)


@dataclass(frozen=True)
class CalibrationPlot:
    """The calibration of one run, or of several over the same questions. Lists have one item a run."""

    names: Sequence[str]
    runs: Sequence[Confidences]
    found: Sequence[Calibration]
    n_left_out: Sequence[int]
    "Questions that were left out because not all records have them."
    n_prompts_differ: int
    "Questions whose prompts differ between the records."
    size_inches: tuple[float, float] = (5.6, 7.9)

    def text(self) -> str:
        """Each run with its numbers and its bins, then what was left out."""
        lines = ["\n\n".join(map(_run_text, self.runs, self.found, self.names))]
        if len(self.runs) > 1:
            lines += ["", f"Brier score less that of {self.names[0]}, paired; below 0 is better"]
            lines += [_change_line(name, one) for name, one in self._changes()]
        for name, n in zip(self.names, self.n_left_out, strict=True):
            lines += [f"left out, {name}: {counted(n, 'sample')} that not all records have"] if n else []
        if self.n_prompts_differ:
            lines.append(
                f"warning: the prompts of {counted(self.n_prompts_differ, 'question')} differ between the records"
            )
        return "\n".join(lines)

    def _changes(self) -> list[tuple[str, PairedDifference]]:
        """Of each run but the first, its name and how its Brier score differs from that of the first."""
        from evals.comparison.confidences import change

        return [(name, change(self.runs[0], run)) for name, run in zip(self.names[1:], self.runs[1:], strict=True)]

    def as_json(self) -> dict[str, Any]:
        """Each run in plain values, and what the Brier scores of the others are above that of the first."""
        runs = list(map(_run_json, self.runs, self.found, self.names))
        changes = [
            {
                "name": name,
                "brier": one.value,
                "ci95": [one.interval.low, one.interval.high],
                "p": one.p_value,
                "n": one.n,
                "method": one.method,
            }
            for name, one in self._changes()
        ]
        return {"runs": runs, "changes": _defined(changes), "n_prompts_differ": self.n_prompts_differ}

    def table(self) -> Table:
        """The bins that are drawn."""
        rows = [
            [name, b.low, b.high, b.n, b.n_questions, b.confidence, b.accuracy, b.interval.low, b.interval.high]
            for name, one in zip(self.names, self.found, strict=True)
            for b in one.bins
        ]
        return Table(BIN_TITLES, rows)

    def draw(self, figure: Any) -> None:
        """The reliability diagram, with the number of points of each bin below."""
        grid = figure.add_gridspec(2, 1, height_ratios=[4, 1.1])
        upper = figure.add_subplot(grid[0])
        lower = figure.add_subplot(grid[1], sharex=upper)
        upper.plot([0, 1], [0, 1], linestyle=(0, (4, 4)), color="#777777", linewidth=1, zorder=1, label="calibrated")
        for i, (name, one) in enumerate(zip(self.names, self.found, strict=True)):
            ece = one.measures["ece"]
            _draw_bins(upper, one, i, f"{name}: ECE {number(ece.value)} ({interval(ece.interval)})")
            _draw_counts(lower, one, i, len(self.found))
        _label(upper, lower, self.runs[0])
        figure.suptitle(self._title(), fontsize=11.5, fontweight="bold", x=0.02, ha="left")
        figure.supxlabel(self._caption(), fontsize=8, color="#444444", x=0.02, ha="left")

    def _title(self) -> str:
        run, found = self.runs[0], self.found
        if len(found) > 1:
            text = f"How far {_SURE[run.kind]} can be believed, {len(found)} runs of {run.eval_name}"
        else:
            gap = sum(b.n * (b.confidence - b.accuracy) for b in found[0].top_bins)
            word = "too sure of its answers" if gap > 0 else "not sure enough of its answers"
            verdict = "no miscalibration detected" if found[0].p_calibrated > 0.05 else word
            text = f"{run.model} on {run.eval_name}: {verdict}"
        return "\n".join(textwrap.wrap(text, 58))

    def _caption(self) -> str:
        one = self.found[0]
        points = f" ({one.n_points:,} points, one an option)" if one.n_points != one.n_questions else ""
        alike = "the same questions in each run; " if len(self.runs) > 1 else ""
        text = (
            f"n = {counted(one.n_questions, 'question')}{points}; {alike}lines are 95 % intervals over questions; "
            f"hollow: fewer than {FEW} points. "
            f"A calibrated model would show an ECE of {number(one.ece_if_calibrated.value)} by chance."
        )
        return "\n".join(textwrap.wrap(text, 92))


def _run_text(run: Confidences, found: Calibration, name: str) -> str:
    """One run: its numbers, then its bins."""
    from evals.comparison.confidences import SAYS

    lines = [f"{name}   {run.eval_name} on {run.model}", f"  x is the {SAYS[run.kind]}; {_counts(found)}"]
    lines += [f"  {line}" for line in _warnings(run)]
    lines += ["", f"  {'':<22}{'value':>8}   95 % interval      n"]
    names = NAMES | ({"ece": "ECE, per choice"} if run.kind == "choice" else {"ece": "ECE, per question"})
    for key, measure in found.measures.items():
        lines.append(_measure_line(names[key], measure))
    lines.append(_measure_line("ECE if calibrated", found.ece_if_calibrated) + f"   p = {found.p_calibrated:.3f}")
    if found.temperature is not None:
        refit = found.temperature
        said = (
            f"  temperature {refit.temperature:.2f} fitted to {counted(refit.n_fitted, 'question')}; ECE of the others:"
        )
        lines += ["", said, _measure_line("  before", refit.before), _measure_line("  after", refit.after)]
    bins = "each option a point" if run.kind == "choice" else "each question a point"
    lines += ["", f"  bin ({bins})   points  questions  said   correct  95 % interval"]
    lines += [_bin_line(one) for one in found.bins]
    if any(one.n < FEW for one in found.bins):
        lines.append(f"  * fewer than {FEW} points")
    return "\n".join(lines)


def _counts(found: Calibration) -> str:
    questions = counted(found.n_questions, "question")
    return questions if found.n_points == found.n_questions else f"{questions}, {found.n_points:,} points"


def _warnings(run: Confidences) -> list[str]:
    from evals.comparison.confidences import MIN_MASS

    lines = []
    if run.n_low_mass:
        lines.append(
            f"warning: of {counted(run.n_low_mass, 'question')} letters hold less than {MIN_MASS} of the probability"
        )
    if run.n_floored:
        lines.append(f"warning: of {counted(run.n_floored, 'question')} a letter was not in the reply, and has a floor")
    if run.n_left_out:
        lines.append(f"left out: {counted(run.n_left_out, 'sample')} without a score or a confidence")
    return lines


def _measure_line(name: str, measure: Measure) -> str:
    bounds = interval(measure.interval, missing=UNDEFINED)
    return f"  {name:<22}{number(measure.value):>8}   {bounds:<16} {measure.n:,}".rstrip()


def _change_line(name: str, one: PairedDifference) -> str:
    bounds = f"{signed_interval(one.interval):<18} {p_text(one.p_value)}"
    return f"  {in_columns(name, 21)} {signed(one.value):>8}   {bounds}   n = {one.n:,}"


def _bin_line(one: Bin) -> str:
    mark = "*" if one.n < FEW else " "
    edges, bounds = f"{one.low:.2f} to {one.high:.2f}", interval(one.interval, missing=UNDEFINED)
    numbers = f"{one.n:>16,}{mark} {one.n_questions:>9,}  {one.confidence:.3f}  {one.accuracy:.3f}    {bounds}"
    return f"  {edges:<18}{numbers}"


def _run_json(run: Confidences, found: Calibration, name: str) -> dict[str, Any]:
    """One run in plain values; None for what is not defined."""
    values: dict[str, Any] = _defined(asdict(found))
    facts = {"name": name, "record": run.path, "eval": run.eval_name, "model": run.model, "quantity": run.kind}
    return {**facts, "n_left_out": run.n_left_out, "n_low_mass": run.n_low_mass, "n_floored": run.n_floored, **values}


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _draw_bins(axes: Any, found: Calibration, i: int, label: str) -> None:
    colour, mark = COLOURS[i % len(COLOURS)], MARKS[i % len(MARKS)]
    xs, ys = [b.confidence for b in found.bins], [b.accuracy for b in found.bins]
    axes.plot(xs, ys, color=colour, linewidth=1.2, alpha=0.55, zorder=2)
    axes.plot([], [], color=colour, marker=mark, linewidth=1.2, label=label)
    for b in found.bins:
        if b.interval.defined:
            axes.vlines(b.confidence, b.interval.low, b.interval.high, color=colour, linewidth=1.3, zorder=3)
        face = "white" if b.n < FEW else colour
        axes.plot(b.confidence, b.accuracy, marker=mark, color=colour, markerfacecolor=face, markersize=6.5, zorder=4)


def _draw_counts(axes: Any, found: Calibration, i: int, n_runs: int) -> None:
    for b in found.bins:
        width = (b.high - b.low) * 0.84 / n_runs
        left = b.low + (b.high - b.low) * 0.08 + width * i
        axes.bar(left, b.n, width=width, align="edge", color=COLOURS[i % len(COLOURS)], alpha=0.8)


def _label(upper: Any, lower: Any, run: Confidences) -> None:
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is correct")
    upper.set_box_aspect(1)
    lower.set_box_aspect(0.26)
    upper.tick_params(labelbottom=False)
    upper.legend(loc="upper left", frameon=False, fontsize=9)
    lower.set(xlabel=_X_LABEL[run.kind], ylabel="points", yscale="log")
    lower.set_ylim(bottom=0.7)
    for axes in (upper, lower):
        tidy(axes)
