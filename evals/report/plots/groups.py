"""The plot of groups: a metric by language, category or eval, a bar for each model, with intervals and chance."""

from __future__ import annotations

import argparse
import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.comparison.completed_report import completed_report
from evals.comparison.run_list import conditioned, images_of, model_of, prompt_of
from evals.errors import DataError, UsageError, did_you_mean
from evals.record.folders import summaries
from evals.record.summary import RecordSummary
from evals.report.plots.figure import COLOURS, tidy
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.words import counted, distinct_in_columns, in_columns, interval_text, number, one_line
from evals.report_keys import Metric, headline, metrics_of

BY_EVAL = "eval"
TITLES = ("group", "model", "metric", "value", "low", "high", "n", "method")
NAME_WIDTH, MODEL_WIDTH = 26, 18


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this kind."""
    parser.add_argument(
        "--by", metavar="KEY", help="a label such as language or category, or eval (default: what there is)"
    )
    parser.add_argument("--metric", metavar="NAME", help="this metric (default: the one that stands for each run)")
    parser.add_argument(
        "--baseline", action="append", default=[], metavar="GROUP", help="stands at the top; may be given again"
    )
    parser.add_argument("--chance", type=float, metavar="P", help="draw a line at this score of guessing, 0 to 1")
    parser.add_argument("--wrong", action="store_true", help="show 1 - metric, of which less is better")
    parser.add_argument("--lower-is-better", action="store_true", help="say so, and sort from low to high")


@dataclass(frozen=True)
class GroupBar:
    """One model on one group."""

    group: str
    model: str
    name: str
    "Of the metric."
    metric: Metric


def make(records: Sequence[str], options: argparse.Namespace) -> GroupsPlot:
    """The bars of all groups of these runs.

    Raises:
        DataError: a file is no record of a run that has ended, or none has such groups.
        UsageError: no run has the label, or two runs of one model would share a bar, or --chance is no rate.
    """
    if options.chance is not None and not 0 <= options.chance <= 1:
        raise UsageError(f"--chance {options.chance:g}: a number from 0 to 1")
    runs = [_ended(path) for path in records]
    by = options.by or _usual_key(runs)
    of_run = [list(_bars(run, by, options.metric, wrong=options.wrong)) for run in runs]
    places = Counter(_place(bar) for bars in of_run for bar in bars)
    bars = [
        # A model with two runs, before and after a change, is named by its files too.
        replace(bar, model=f"{bar.model} ({one_line(Path(path).stem)})")
        if any(places[_place(other)] > 1 for other in bars)
        else bar
        for path, bars in zip(records, of_run, strict=True)
        for bar in bars
    ]
    if not bars:
        raise _no_groups(runs, options)
    twice = [bar for i, bar in enumerate(bars) if any(_place(bar) == _place(other) for other in bars[:i])]
    if twice:
        raise UsageError(
            f"two records are of {twice[0].model} on {twice[0].group}",
            fix="name it once, or give the files names of their own",
        )
    return GroupsPlot(tuple(_in_order(bars, options)), by, options.chance, options.lower_is_better or options.wrong)


KIND = PlotKind(
    name="groups",
    help="scores by language, category, subject or eval, a bar for each model",
    description="A metric of each group of samples, from the reports of runs, high to low: languages, categories, "
    "sections. Of records of several evals it is a bar for each eval. Whiskers are the 95 % intervals of the reports.",
    needs=Needs("RECORD", "records of runs that have ended"),
    make=make,
    add_options=add_options,
    at_least_on_page=2,
)


def _ended(path: str) -> RecordSummary:
    try:
        found = list(summaries([Path(path)]))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", where=path) from error
    if len(found) != 1 or found[0].report is None:
        raise DataError("no record of a run that has ended", where=path, fix="name records of finished runs")
    return found[0]


def _usual_key(runs: Sequence[RecordSummary]) -> str:
    """`eval` for runs of several evals, else the first label by which a report has two groups or more."""
    if len({_eval_of(run) for run in runs}) > 1:
        return BY_EVAL
    keys = [key for run in runs for key, table in _groups_of(run).items() if len(table) > 1]
    return keys[0] if keys else BY_EVAL


def _groups_of(run: RecordSummary) -> dict[str, Mapping[str, Any]]:
    groups = (run.report or {}).get("groups")
    found = groups.items() if isinstance(groups, Mapping) else ()
    return {str(key): table for key, table in found if isinstance(table, Mapping)}


def _eval_of(run: RecordSummary) -> str:
    config = run.spec.get("run_config")
    return conditioned(str(run.spec.get("eval_name") or "?"), prompt_of(config), images_of(config))


def _bars(run: RecordSummary, by: str, wanted: str | None, *, wrong: bool) -> Iterator[GroupBar]:
    whole = completed_report(run.report or {}, run.path).report if by == BY_EVAL else {}
    reports = {_eval_of(run): whole} if by == BY_EVAL else _groups_of(run).get(by, {})
    for group, report in reports.items():
        metrics = metrics_of(report) if isinstance(report, Mapping) else {}
        name = wanted or headline(report) if metrics else None
        if name in metrics and not math.isnan(metrics[name].value):
            metric, shown = (_missing_to_1(metrics[name]), f"1 - {name}") if wrong else (metrics[name], name)
            yield GroupBar(one_line(str(group)), one_line(model_of(run.spec)), one_line(shown), metric)


def _missing_to_1(metric: Metric) -> Metric:
    ends = None if metric.ci95 is None else (1 - metric.ci95[1], 1 - metric.ci95[0])
    return replace(metric, value=1 - metric.value, ci95=ends)


def _no_groups(runs: Sequence[RecordSummary], options: argparse.Namespace) -> DataError | UsageError:
    known = sorted({key for run in runs for key in _groups_of(run)})
    if options.by is not None and options.by != BY_EVAL and options.by not in known:
        note = did_you_mean(options.by, known) or f"labels: {', '.join(known) or 'none'}"
        return UsageError(f"no report has groups by {options.by!r}", notes=[note])
    return DataError(f"no group has the metric {options.metric!r}" if options.metric else "no run has a metric")


def _place(bar: GroupBar) -> tuple[str, str]:
    return bar.group, bar.model


def _in_order(bars: Sequence[GroupBar], options: argparse.Namespace) -> list[GroupBar]:
    """Baselines first, then groups by their mean over models; in a group the models as they were named."""
    groups = dict.fromkeys(bar.group for bar in bars)
    models = list(dict.fromkeys(bar.model for bar in bars))
    unknown = [name for name in options.baseline if name not in groups]
    if unknown:
        raise UsageError(f"no group is called {unknown[0]!r}", notes=[did_you_mean(unknown[0], list(groups))])
    sign = 1 if options.lower_is_better or options.wrong else -1

    def key(bar: GroupBar) -> tuple[float, ...]:
        values = [other.metric.value for other in bars if other.group == bar.group]
        first = options.baseline.index(bar.group) if bar.group in options.baseline else len(options.baseline)
        return (first, sign * sum(values) / len(values), list(groups).index(bar.group), models.index(bar.model))

    return sorted(bars, key=key)


@dataclass(frozen=True)
class GroupsPlot:
    """Bars in the order in which they are drawn, from the top."""

    bars: Sequence[GroupBar]
    by: str
    chance: float | None
    lower_is_better: bool = False

    @property
    def models(self) -> list[str]:
        """In the order in which they were named."""
        return list(dict.fromkeys(bar.model for bar in self.bars))

    @property
    def groups(self) -> list[str]:
        """From the top."""
        return list(dict.fromkeys(bar.group for bar in self.bars))

    @property
    def size_inches(self) -> tuple[float, float]:
        """As high as the bars need."""
        return 6.4, min(40.0, 1.7 + 0.17 * len(self.groups) + 0.2 * len(self.bars))

    def table(self) -> Table:
        """A row for each bar."""
        return Table(TITLES, [_row(bar) for bar in self.bars])

    def text(self) -> str:
        """Each group with its models, values, intervals and n."""
        lines = [f"{self._what()}{'; lower is better' if self.lower_is_better else ''}"]
        head = f"  {self.by[:NAME_WIDTH]:<{NAME_WIDTH}} {'model':<{MODEL_WIDTH}} {'value':>7}"
        lines.append(f"{head}  {'95 % interval':<15}{'n':>7}")
        groups = distinct_in_columns((bar.group for bar in self.bars), NAME_WIDTH)
        models = distinct_in_columns((bar.model for bar in self.bars), MODEL_WIDTH)
        for bar in self.bars:
            ends = interval_text(*bar.metric.ci95) if bar.metric.ci95 else ""
            n = "" if bar.metric.n is None else f"{bar.metric.n:,}"
            start = f"  {in_columns(groups[bar.group], NAME_WIDTH)} {in_columns(models[bar.model], MODEL_WIDTH)}"
            lines.append(f"{start} {number(bar.metric.value):>7}  {ends:<15}{n:>7}".rstrip())
        return "\n".join([*lines, *([f"  chance {number(self.chance)}"] if self.chance is not None else [])])

    def as_json(self) -> dict[str, Any]:
        """Each bar in plain values."""
        bars = [dict(zip(TITLES, _row(bar), strict=True)) for bar in self.bars]
        return {"by": self.by, "chance": self.chance, "lower_is_better": self.lower_is_better, "bars": bars}

    def draw(self, figure: Any) -> None:
        """Horizontal bars, the first at the top, each with its interval and its value."""
        axes = figure.add_subplot()
        places = self._places()
        for bar, place in zip(self.bars, places, strict=True):
            _draw_bar(axes, bar, place, COLOURS[self.models.index(bar.model) % len(COLOURS)])
        if self.chance is not None:
            axes.axvline(self.chance, color="#777777", linestyle=(0, (4, 3)), linewidth=1.1, label="chance", zorder=3)
        middles = [self._middle(group, places) for group in self.groups]
        axes.set_yticks(middles, [textwrap.shorten(group, 34) for group in self.groups], fontsize=9)
        axes.invert_yaxis()
        better = ", lower is better" if self.lower_is_better else ""
        axes.set_xlabel(" and ".join(dict.fromkeys(bar.name for bar in self.bars)) + better)
        if all(0 <= end <= 1 for bar in self.bars for end in (bar.metric.value, *(bar.metric.ci95 or ()))):
            axes.set_xlim(0, 1.08)
        tidy(axes)
        axes.grid(visible=False, axis="y")
        if len(self.models) > 1 or self.chance is not None:
            axes.legend(loc="upper right" if self.lower_is_better else "lower right", frameon=False, fontsize=9)
        figure.suptitle(textwrap.fill(self._title(), 62), fontsize=11.5, fontweight="bold", x=0.02, ha="left")
        figure.supxlabel(textwrap.fill(self._caption(), 98), fontsize=8, color="#444444", x=0.02, ha="left")

    def _places(self) -> list[float]:
        """Where each bar stands: one apart, and groups of several models with a gap between them."""
        gap = 0.6 if len(self.models) > 1 else 0.25
        return [i + gap * self.groups.index(bar.group) for i, bar in enumerate(self.bars)]

    def _middle(self, group: str, places: Sequence[float]) -> float:
        mine = [place for bar, place in zip(self.bars, places, strict=True) if bar.group == group]
        return sum(mine) / len(mine)

    def _what(self) -> str:
        return f"{', '.join(dict.fromkeys(bar.name for bar in self.bars))} by {self.by}"

    def _title(self) -> str:
        first = [bar for bar in self.bars if bar.model == self.models[0]]
        if len(first) < 2:
            return f"{self._what()}: {counted(len(self.models), 'model')}"
        best, worst = (max(first, key=_value), min(first, key=_value))
        return (
            f"{self.models[0]}: from {number(_value(worst))} on {worst.group} to {number(_value(best))} on {best.group}"
        )

    def _caption(self) -> str:
        ns = [bar.metric.n for bar in self.bars if bar.metric.n is not None]
        n = "not recorded" if not ns else f"{min(ns):,}" if min(ns) == max(ns) else f"{min(ns):,} to {max(ns):,}"
        methods = ", ".join(dict.fromkeys(bar.metric.method for bar in self.bars if bar.metric.method))
        return f"n = {n} samples a bar; whiskers: 95 % intervals{f' ({methods})' if methods else ''}."


def _value(bar: GroupBar) -> float:
    return bar.metric.value


def _row(bar: GroupBar) -> list[Any]:
    low, high = bar.metric.ci95 or (None, None)
    return [bar.group, bar.model, bar.name, bar.metric.value, low, high, bar.metric.n, bar.metric.method]


def _draw_bar(axes: Any, bar: GroupBar, place: float, colour: str) -> None:
    axes.barh(place, bar.metric.value, height=0.82, color=colour, zorder=2)
    if not any(one.get_label() == bar.model for one in axes.collections):
        axes.scatter([], [], marker="s", color=colour, label=bar.model)
    end = bar.metric.value
    if bar.metric.ci95 is not None:
        low, high = bar.metric.ci95
        axes.hlines(place, low, high, color="#111111", linewidth=1.1, zorder=4)
        end = max(end, high)
    axes.annotate(
        number(bar.metric.value), (end, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8
    )
