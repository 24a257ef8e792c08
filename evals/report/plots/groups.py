"""The plot of groups: the score of several models in each category, subject or prompt set, as bars with intervals."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals.report.plots.figure import COLOURS, tidy
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.words import interval_text, number, one_line

if TYPE_CHECKING:
    from evals.comparison.scores import RunScores

TITLES = ("group", "model", "value", "low", "high", "n", "method")
NAME_WIDTH = 24


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this kind."""
    parser.add_argument("--by", default="category", metavar="KEY", help="label to group by (default category)")
    parser.add_argument("--metric", metavar="NAME", help="a number of the record's metrics (default: the score)")
    parser.add_argument("--wrong", action="store_true", help="show 1 - score, where lower is better")


def make(records: Sequence[str], options: argparse.Namespace) -> GroupsPlot:
    """The scores of these records' groups.

    Raises:
        DataError, UsageError: a record cannot be used, it is of another eval, or its samples have no such label.
    """
    from evals.comparison.scores import read_scores
    from evals.errors import DataError
    from evals.record.scores import report_name

    runs = [read_scores(path, options.metric) for path in records]
    evals = dict.fromkeys(run.facts.eval_name for run in runs)
    if len(evals) > 1:
        raise DataError(f"records of {len(evals)} evals: {', '.join(evals)}", fix="plot those of one eval together")
    bars = [bar for name, run in zip(_names(runs), runs, strict=True) for bar in _bars(name, run, options)]
    metric = report_name(runs[0].metric)
    return GroupsPlot(bars, next(iter(evals)), options.by, metric, is_wrong=options.wrong)


KIND = PlotKind(
    name="groups",
    help="scores by category, subject or prompt set, several models beside each other",
    description="The score of each group of samples, such as the categories of a factuality eval or the prompt sets of "
    "a safety eval, with a bar for each record and its 95 % interval.",
    needs=Needs("RECORD", "records of one eval, one for each model"),
    make=make,
    add_options=add_options,
    at_least_on_page=2,
)


@dataclass(frozen=True)
class Bar:
    """The score of one model in one group."""

    group: str
    model: str
    value: float
    low: float
    high: float
    n: int
    method: str


def _names(runs: Sequence[RunScores]) -> list[str]:
    """The models' names where they differ, else those that comparisons give to runs."""
    from evals.report.run_names import run_names

    models = [next(iter(run.facts.completion_fns), "") for run in runs]
    return models if len(set(models)) == len(models) and all(models) else run_names(runs)


def _bars(name: str, run: RunScores, options: argparse.Namespace) -> list[Bar]:
    from evals.errors import UsageError
    from evals.stats.means import estimate

    labels, clusters = run.labels.get(options.by), run.cluster_codes()
    if labels is None:
        known = ", ".join(run.labels) or "none"
        raise UsageError(
            f"no sample of {run.path} has the label {options.by!r}", fix=f"--by KEY; labels there: {known}"
        )
    scores = 1 - run.scores if options.wrong else run.scores
    bars = []
    for code, group in enumerate(labels.names):
        chosen = labels.codes == code
        if chosen.any():
            found = estimate(scores[chosen], None if clusters is None else clusters[chosen].tolist())
            bars.append(Bar(group, name, found.value, found.interval.low, found.interval.high, found.n, found.method))
    return bars


@dataclass(frozen=True)
class GroupsPlot:
    """Bars by group and model; a model without samples in a group has none there."""

    bars: Sequence[Bar]
    eval_name: str
    by: str
    metric: str
    is_wrong: bool = False
    "The bars show 1 - score."

    @property
    def groups(self) -> list[str]:
        """The groups, sorted."""
        return sorted({bar.group for bar in self.bars})

    @property
    def models(self) -> list[str]:
        """The models in the order of their records."""
        return list(dict.fromkeys(bar.model for bar in self.bars))

    @property
    def shown(self) -> str:
        """What a bar is the height of."""
        return f"1 - {self.metric}" if self.is_wrong else self.metric

    @property
    def size_inches(self) -> tuple[float, float]:
        """Wider for more bars."""
        return (max(5.6, 1.4 + 0.22 * len(self.bars) + 0.35 * len(self.groups)), 4.2)

    def text(self) -> str:
        """Each group with a line for each model."""
        better = "; lower is better" if self.is_wrong else ""
        lines = [f"{one_line(self.eval_name)}: {self.shown} by {self.by}{better}"]
        width = min(NAME_WIDTH, max(len(one_line(name)) for name in self.models))
        for group in self.groups:
            lines += ["", f"  {one_line(group)}"]
            lines += [_line(bar, width) for bar in self.bars if bar.group == group]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The bars in plain values; None for an interval that is not defined."""
        rows = [dict(zip(TITLES, row, strict=True)) for row in self.table().rows]
        return {"eval": self.eval_name, "by": self.by, "shown": self.shown, "bars": rows}

    def table(self) -> Table:
        """A row for each bar."""
        rows = [
            [bar.group, bar.model, bar.value, _finite(bar.low), _finite(bar.high), bar.n, bar.method]
            for group in self.groups
            for bar in self.bars
            if bar.group == group
        ]
        return Table(TITLES, rows)

    def draw(self, figure: Any) -> None:
        """Groups side by side, with a bar for each model in each."""
        axes = figure.add_subplot()
        width = 0.8 / len(self.models)
        for place, model in enumerate(self.models):
            _draw_model(axes, self, model, COLOURS[place % len(COLOURS)], (place + 0.5) * width - 0.4, width)
        long = max(map(len, self.groups)) > 11 or len(self.groups) > 6
        turned = {"rotation": 35, "ha": "right"} if long else {}
        axes.set_xticks(range(len(self.groups)), [_drawn(group) for group in self.groups], **turned)
        axes.set_ylabel(f"{self.shown}{' (lower is better)' if self.is_wrong else ''}")
        if all(0 <= bar.value <= 1 for bar in self.bars):
            axes.set_ylim(0, 1)
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        wide = round(10 * self.size_inches[0])
        title = textwrap.fill(_drawn(f"{self.eval_name}: {self.shown} by {self.by}"), wide)
        figure.suptitle(title, fontsize=11.5, fontweight="bold", x=0.02, ha="left")
        figure.supxlabel(self._caption(), fontsize=8, color="#444444", x=0.02, ha="left")
        tidy(axes)
        axes.grid(visible=False, axis="x")

    def _caption(self) -> str:
        ns = [bar.n for bar in self.bars]
        n = f"{min(ns):,}" if min(ns) == max(ns) else f"{min(ns):,} to {max(ns):,}"
        return f"n = {n} samples a bar; whiskers: 95\u00a0% intervals"


def _line(bar: Bar, width: int) -> str:
    ends = "" if bar.low != bar.low else f"95 % interval {interval_text(bar.low, bar.high)}   "
    return f"    {one_line(bar.model)[:width]:<{width}}  {number(bar.value):<7} {ends}n = {bar.n:,}"


def _drawn(text: str) -> str:
    """A text for a figure: harmless, in one line, and not too long; a dollar is no mathematics."""
    return textwrap.shorten(one_line(text), 60, placeholder=" ...").replace("$", r"\$")


def _finite(value: float) -> float | None:
    return value if value == value else None


def _draw_model(axes: Any, plot: GroupsPlot, model: str, colour: str, shift: float, width: float) -> None:
    bars = [bar for bar in plot.bars if bar.model == model]
    places = [plot.groups.index(bar.group) + shift for bar in bars]
    heights = [bar.value for bar in bars]
    axes.bar(places, heights, width=0.92 * width, color=colour, alpha=0.85, label=_drawn(model))
    known = [(place, bar) for place, bar in zip(places, bars, strict=True) if bar.low == bar.low]
    spread = [[max(0.0, bar.value - bar.low) for _, bar in known], [max(0.0, bar.high - bar.value) for _, bar in known]]
    centres, tops = [place for place, _ in known], [bar.value for _, bar in known]
    axes.errorbar(centres, tops, spread, color="#222222", linestyle="none", linewidth=1.0, capsize=2)
