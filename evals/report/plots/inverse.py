"""The plot of inverse scaling: a bar for each model, small to large, with chance and the label of the trend."""

from __future__ import annotations

import argparse
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals.report.plots.figure import COLOURS, tidy
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.words import counted, indented, interval_text, level_text, number, one_line, p_text, signed

if TYPE_CHECKING:
    from evals.comparison.trends import FamilyTrend, ModelScore
    from evals.scaling.trend import Slope

TITLES = ("eval", "family", "model", "compute_flops", "n", "accuracy", "low", "high", "loss", "loss_stderr", "chance")
MODEL_WIDTH = 22
WORTH_SAYING = 1.1
"Scatter of the models, as a multiple of what their samples explain, from which a note says so."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this kind."""
    parser.add_argument("--confidence", type=float, default=0.95, metavar="P", help="level of intervals (default 0.95)")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")


def make(records: Sequence[str], options: argparse.Namespace) -> InversePlot:
    """The trend of each eval and family of these records.

    Raises:
        UsageError: --confidence is no level.
        DataError: a record cannot be used, or nothing states the compute of its model.
    """
    from evals.comparison.trends import read_trends
    from evals.errors import UsageError
    from evals.registry.lookup import Registry

    if not 0 < options.confidence < 1:
        raise UsageError(f"--confidence {options.confidence:g}: a number between 0 and 1, such as 0.95")
    registry = Registry()
    registry.add_registry_paths(options.registry_path)
    return InversePlot(read_trends(records, registry, confidence=options.confidence))


KIND = PlotKind(
    name="inverse",
    help="whether accuracy falls, rises or turns with compute",
    description="Accuracy of the models of a family, small to large, with the label of the trend: inverse, positive, "
    "U, inverted-U or flat. Records of several evals make several panels; families are told apart.",
    needs=Needs("RECORD", "records of a ladder of models, on one eval or several"),
    make=make,
    add_options=add_options,
    at_least_on_page=2,
)


@dataclass(frozen=True)
class InversePlot:
    """Trends, one for each eval and family."""

    trends: Sequence[FamilyTrend]

    @property
    def size_inches(self) -> tuple[float, float]:
        """Room for up to three panels side by side."""
        n_columns = min(len(self.trends), 3)
        n_rows = -(-len(self.trends) // n_columns)
        return (6.4, 4.4) if n_columns == 1 else (3.9 * n_columns, 2.9 * n_rows + 0.8)

    def text(self) -> str:
        """Each trend: its label, the slopes with intervals, the models."""
        return "\n\n".join(_trend_text(one) for one in self.trends)

    def as_json(self) -> dict[str, Any]:
        """Each trend in plain values."""
        return {"trends": [_trend_json(one) for one in self.trends]}

    def table(self) -> Table:
        """A row for each bar."""
        return Table(TITLES, [_row(one, model) for one in self.trends for model in one.models])

    def draw(self, figure: Any) -> None:
        """A panel for each trend; bars of one family are never joined with another's."""
        n_columns = min(len(self.trends), 3)
        grid = figure.add_gridspec(-(-len(self.trends) // n_columns), n_columns)
        for i, one in enumerate(self.trends):
            _draw_trend(figure.add_subplot(grid[i // n_columns, i % n_columns]), one, small=n_columns > 1)
        wide = round(10 * self.size_inches[0])
        figure.suptitle(textwrap.fill(self._title(), wide), fontsize=11.5, fontweight="bold", x=0.02, ha="left")
        caption = textwrap.fill(self._caption(), round(15 * self.size_inches[0]))
        figure.supxlabel(caption, fontsize=8, color="#444444", x=0.02, ha="left")

    def _title(self) -> str:
        labels = [_label(one) for one in self.trends]
        if len(labels) == 1:
            family = f" of {self.trends[0].family}" if self.trends[0].family else ""
            return f"{self.trends[0].eval_name}: the trend{family} is {labels[0]}"
        counts = [f"{labels.count(label)} {label}" for label in dict.fromkeys(labels)]
        return f"Accuracy over compute, {len(labels)} trends: {', '.join(counts)}"

    def _caption(self) -> str:
        ns = [model.n for one in self.trends for model in one.models]
        n = f"{min(ns):,}" if min(ns) == max(ns) else f"{min(ns):,} to {max(ns):,}"
        level = level_text(self.trends[0].models[0].interval.confidence).replace(" ", "\u00a0")
        return (
            f"n = {n} samples a model; whiskers: {level} intervals; dashed: chance. Models from small to large compute."
        )


def _label(one: FamilyTrend) -> str:
    return "not told" if one.trend is None else one.trend.label


def _trend_text(one: FamilyTrend) -> str:
    family = f", family {one_line(one.family)}" if one.family else ""
    lines = [f"{one_line(one.eval_name)}{family}: {_label(one)}"]
    trend = one.trend
    if trend is None:
        lines.append("  a trend needs models of two amounts of compute or more")
    else:
        lines.append(
            f"  {counted(trend.n_models, 'model')} over {trend.decades:.1f} decades; log odds a decade of compute:"
        )
        lines.append(_slope_text("line", trend.line))
        if trend.low_end is not None and trend.high_end is not None:
            lines += [_slope_text("at the low end", trend.low_end), _slope_text("at the high end", trend.high_end)]
        else:
            lines.append("  a turn is not looked for with fewer than four models")
        lines += [line for said in _remarks(one) for line in indented(f"note: {said}")]
    lines += ["", f"  {'model':<{MODEL_WIDTH}}{'FLOPs':>9}  {'accuracy':>8}  {'interval':<15}{'loss':>8}{'n':>7}"]
    lines += [_model_text(model) for model in one.models]
    if not math.isnan(one.chance):
        guess = f"  {math.log(1 / one.chance):.3f}".rjust(25) if one.chance > 0 else ""
        lines.append(f"  {'chance':<{MODEL_WIDTH}}{'':>9}  {number(one.chance):>8}{guess}")
    return "\n".join(lines)


def _remarks(one: FamilyTrend) -> list[str]:
    trend, said = one.trend, []
    assert trend is not None
    if trend.scatter > WORTH_SAYING**2:
        said.append(
            f"the models scatter {math.sqrt(trend.scatter):.1f} times as much as their samples explain; "
            "intervals are widened by that"
        )
    if trend.turn_is_seen is False:
        said.append(
            "no model in between is clearly beyond both ends: the turn is the curve's, and may level off instead"
        )
    if trend.label == "flat":
        said.append("flat means that no trend is shown, and not that there is none")
    n_failed = sum(model.n_failed for model in one.models)
    if n_failed:
        said.append(f"{counted(n_failed, 'sample')} without a score are left out")
    return said


def _slope_text(name: str, slope: Slope) -> str:
    ends = f"{signed(slope.interval.low)} to {signed(slope.interval.high)}"
    level = level_text(slope.interval.confidence)
    return f"  {name:<16}{signed(slope.per_decade):>8}   {level} interval {ends}   {p_text(slope.p)}"


def _model_text(model: ModelScore) -> str:
    name = one_line(model.model)
    name = name if len(name) < MODEL_WIDTH else f"{name[: MODEL_WIDTH - 4]}..."
    ends = interval_text(model.interval.low, model.interval.high)
    numbers = f"{number(model.accuracy):>8}  {ends:<15}{number(model.loss):>8}{model.n:>7,}"
    return f"  {name:<{MODEL_WIDTH}}{model.compute_flops:>9.3g}  {numbers}"


def _trend_json(one: FamilyTrend) -> dict[str, Any]:
    trend = one.trend
    told: dict[str, Any] = {"eval": one.eval_name, "family": one.family, "label": None, "chance": _finite(one.chance)}
    if trend is not None:
        told |= {
            "label": trend.label,
            "line": _slope_json(trend.line),
            "low_end": None if trend.low_end is None else _slope_json(trend.low_end),
            "high_end": None if trend.high_end is None else _slope_json(trend.high_end),
            "n_models": trend.n_models,
            "decades": trend.decades,
            "scatter": _finite(trend.scatter),
            "turn_is_seen": trend.turn_is_seen,
        }
    names = TITLES[2:]
    models = [dict(zip(names, _row(one, model)[2:], strict=True)) for model in one.models]
    return {**told, "models": models}


def _slope_json(slope: Slope) -> dict[str, Any]:
    ends = [slope.interval.low, slope.interval.high]
    return {
        "per_decade": slope.per_decade,
        "stderr": slope.stderr,
        "interval": ends,
        "confidence": slope.interval.confidence,
        "p": slope.p,
    }


def _row(one: FamilyTrend, model: ModelScore) -> list[Any]:
    ends = [_finite(model.interval.low), _finite(model.interval.high)]
    losses = [_finite(model.loss), _finite(model.loss_stderr), _finite(model.chance)]
    return [one.eval_name, one.family, model.model, model.compute_flops, model.n, model.accuracy, *ends, *losses]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _draw_trend(axes: Any, one: FamilyTrend, *, small: bool) -> None:
    places = range(len(one.models))
    heights = [100 * model.accuracy for model in one.models]
    below = [100 * (model.accuracy - model.interval.low) for model in one.models]
    above = [100 * (model.interval.high - model.accuracy) for model in one.models]
    axes.bar(places, heights, width=0.72, color=COLOURS[0], alpha=0.85)
    spread = [[max(value, 0.0) for value in below], [max(value, 0.0) for value in above]]
    axes.errorbar(places, heights, spread, color="#222222", linestyle="none", linewidth=1.1, capsize=2)
    if not math.isnan(one.chance):
        axes.axhline(100 * one.chance, color=COLOURS[1], linestyle=(0, (4, 3)), linewidth=1.2)
    names = [model.model.rpartition("/")[2] for model in one.models]
    axes.set_xticks(list(places), names, rotation=45 if small or len(names) > 8 else 0, fontsize=8)
    axes.set(ylim=(0, 105), ylabel="right, %")
    if small:
        axes.set_title(textwrap.fill(f"{one.eval_name}: {_label(one)}", 42), fontsize=9)
    if one.family:
        axes.set_xlabel(f"{one.family}, small to large", fontsize=9)
    tidy(axes)
    axes.grid(visible=False, axis="x")
