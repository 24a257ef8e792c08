"""The scaling plot: a law through the small models, its band, and the large model that it forecasts."""

from __future__ import annotations

import argparse
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals.forecasts.arguments import INPUTS_HELP, add_law_arguments, add_target_arguments, fit_of, read_split
from evals.report.plots.figure import COLOURS, tidy
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.words import counted, level_text, number
from evals.stats.intervals import Z95, t975

if TYPE_CHECKING:
    from evals.comparison.ladder import Rung
    from evals.forecasts.fitting import Fit, Prediction
    from evals.forecasts.targets import Split

TITLES = ("panel", "mark", "model", "compute_flops", "value", "low", "high", "n")
N_LINE = 60
"Points of the line and its band."
MARGIN = 1.5
"Factor of compute by which the line goes on beyond the models."
FITTED, OTHER, TARGET, BAND = COLOURS[0], "#777777", COLOURS[1], COLOURS[0]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this kind: those of `evals fit`, and buckets."""
    add_law_arguments(parser)
    add_target_arguments(parser)
    parser.add_argument("--buckets", type=int, metavar="N", help="pass rates: a panel for each of N difficulties")


def make(inputs: Sequence[str], options: argparse.Namespace) -> ScalingPlot:
    """The law of these tables or records, or one for each bucket of difficulty.

    Raises:
        EvalsError: they cannot be read or fitted, or --buckets does not fit.
    """
    from evals.errors import UsageError
    from evals.forecasts.fitting import with_values

    found = read_split(inputs, options)
    parts, names = [found], [""]
    if options.buckets is not None:
        from evals.forecasts.buckets import split_into_buckets

        if options.law != "pass-rate":
            raise UsageError("--buckets belongs to pass rates", fix="--law pass-rate")
        parts = split_into_buckets(found, options.buckets, options.seed)
        names = [f"bucket {i} of {len(parts)}" for i in range(1, len(parts) + 1)]
    panels = []
    for name, part in zip(names, parts, strict=True):
        fit = fit_of(part, options)
        shown = with_values(part, fit)
        flops = shown.target_compute_flops
        panels.append(Panel(name, fit, shown, None if flops is None else fit.predict(flops)))
    return ScalingPlot(panels)


KIND = PlotKind(
    name="scaling",
    help="a law through small models, and the large one that it forecasts",
    description="A scaling law as a picture: the fitted models, the law as a dotted line with its band, and the target "
    "in another colour. The options are those of `evals fit`.",
    needs=Needs("TABLE|RECORD", INPUTS_HELP),
    make=make,
    add_options=add_options,
)


@dataclass(frozen=True)
class Panel:
    """One law, and what it says of the target."""

    name: str
    fit: Fit
    split: Split
    prediction: Prediction | None

    @property
    def others(self) -> list[Rung]:
        """Rungs that are shown and not fitted, without the target."""
        shown = (*self.fit.dropped, *self.split.shown)
        return [one for one in shown if one is not self.split.target and math.isfinite(one.value)]

    @property
    def line(self) -> tuple[Any, Any, Any, Any]:
        """Compute, law, and both ends of the band, from the smallest model to beyond the largest or the target."""
        import numpy as np

        ends = [*self.fit.ladder.compute, *(one.compute_flops for one in self.others)]
        ends += [self.split.target_compute_flops] if self.split.target_compute_flops else []
        compute = np.geomspace(min(ends) / MARGIN, max(ends) * MARGIN, N_LINE)
        return (compute, self.fit.law.predict(compute), *self.fit.band(compute))


@dataclass(frozen=True)
class ScalingPlot:
    """A panel for each law."""

    panels: Sequence[Panel]

    @property
    def size_inches(self) -> tuple[float, float]:
        """Room for up to three panels side by side."""
        n_columns, n_rows = _grid(len(self.panels))
        return (6.4, 4.8) if n_columns == 1 else (3.7 * n_columns, 3.4 * n_rows + 0.8)

    def text(self) -> str:
        """Each law in words and numbers."""
        from evals.report.terminal.law import law_text

        parts = []
        for panel in self.panels:
            head = f"{panel.name}, {_n_problems(panel)}\n" if panel.name else ""
            parts.append(head + law_text(panel.fit, panel.split, panel.prediction))
        return "\n\n".join(parts)

    def as_json(self) -> dict[str, Any]:
        """Each law in plain values."""
        from evals.report.terminal.law import law_json

        return {"panels": [{"name": one.name, **law_json(one.fit, one.split, one.prediction)} for one in self.panels]}

    def table(self) -> Table:
        """A row for each mark, and the points of the line with its band."""
        return Table(TITLES, [row for panel in self.panels for row in _rows(panel)])

    def draw(self, figure: Any) -> None:
        """The panels, compute and values on logarithmic axes."""
        n_columns, n_rows = _grid(len(self.panels))
        grid = figure.add_gridspec(n_rows, n_columns)
        for i, panel in enumerate(self.panels):
            axes = figure.add_subplot(grid[i // n_columns, i % n_columns])
            _draw_panel(axes, panel, small=n_columns > 1)
        handles, labels = axes.get_legend_handles_labels()
        if n_columns > 1:
            figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=8)
        figure.suptitle(self._title(), fontsize=11.5, fontweight="bold", x=0.02, ha="left")
        width = round(15.5 * self.size_inches[0])
        figure.supxlabel(textwrap.fill(self._caption(), width), fontsize=8, color="#444444", x=0.02, ha="left")

    def _title(self) -> str:
        panel = self.panels[0]
        from evals.forecasts.fitting import verdict

        said = [verdict(one.prediction, one.split) for one in self.panels if one.prediction is not None]
        known = [one for one in said if one is not None]
        target, wide = panel.split.target_model, round(9 * self.size_inches[0])
        level = level_text(panel.fit.options.confidence)
        if panel.prediction is None:
            text = f"{panel.fit.ladder.quantity} of {counted(len(panel.fit.ladder.rungs), 'model')}"
        elif not known:
            text = f"What the smaller models forecast for {target}"
        elif len(known) == 1:
            words = {"inside": "lies inside", "OUTSIDE": "misses", "not told": "may lie inside"}
            text = f"{target} {words[known[0]]} the forecast's {level} interval"
        else:
            text = f"{target} lies inside the interval in {known.count('inside')} of {len(known)} buckets"
        return textwrap.fill(text, wide)

    def _caption(self) -> str:
        panel = self.panels[0]
        n, level = len(panel.fit.ladder.rungs), level_text(panel.fit.options.confidence).replace(" ", "\u00a0")
        parts = [f"{panel.fit.formula}, fitted to n = {counted(n, 'model')} (filled)"]
        parts.append(f"dotted: the law; band and whiskers: {level} intervals for one more model")
        if panel.prediction is not None:
            parts.append(f"the target lies {panel.prediction.decades:.2f} decades beyond the fit")
        return "; ".join(parts) + "."


def _grid(n: int) -> tuple[int, int]:
    n_columns = min(n, 3)
    return n_columns, -(-n // n_columns)


def _has_outcome(panel: Panel) -> bool:
    return panel.prediction is not None and panel.split.target is not None and math.isfinite(panel.split.target.value)


def _n_problems(panel: Panel) -> str:
    return counted(int(getattr(panel.fit.law, "n_problems", 0)), "problem")


def _rows(panel: Panel) -> list[list[Any]]:
    fitted = zip(panel.fit.fitted_rungs, panel.fit.values, strict=True)
    rows: list[list[Any]] = [_row(panel, "fitted", one, float(value)) for one, value in fitted]
    rows += [_row(panel, "not fitted", one, one.value) for one in panel.others]
    if _has_outcome(panel) and panel.split.target is not None:
        rows.append(_row(panel, "target", panel.split.target, panel.split.target.value))
    if panel.prediction is not None:
        said = panel.prediction
        ends = (said.interval.low, said.interval.high)
        rows.append([panel.name, "forecast", panel.split.target_model, said.compute_flops, said.value, *ends, None])
    compute, values, low, high = panel.line
    line = zip(compute.tolist(), values.tolist(), low.tolist(), high.tolist(), strict=True)
    return rows + [[panel.name, "law", None, *point, None] for point in line]


def _row(panel: Panel, mark: str, rung: Rung, value: float) -> list[Any]:
    ends: tuple[float | None, float | None] = (None, None)
    if rung.stderr is not None:
        # A table may give an error without the number of samples that it comes from.
        half = rung.stderr * (Z95 if rung.n is None else t975(rung.n - 1))
        ends = (value - half, value + half) if math.isfinite(half) else ends
    return [panel.name, mark, rung.model, rung.compute_flops, value, *ends, rung.n]


def _draw_panel(axes: Any, panel: Panel, *, small: bool) -> None:
    target = panel.split.target_compute_flops
    unit = target or 1.0
    compute, values, low, high = panel.line
    level = level_text(panel.fit.options.confidence)
    axes.fill_between(compute / unit, low, high, color=BAND, alpha=0.13, linewidth=0, label=f"{level} band")
    axes.plot(compute / unit, values, linestyle=(0, (1, 1.6)), color=FITTED, linewidth=1.8, label="law of the fitted")
    axes.plot(panel.fit.ladder.compute / unit, panel.fit.values, "o", color=FITTED, markersize=6, label="fitted")
    others = panel.others
    if others:
        xs, ys = [one.compute_flops / unit for one in others], [one.value for one in others]
        axes.plot(xs, ys, "o", color=OTHER, markerfacecolor="white", markersize=5.5, label="not fitted")
    _draw_target(axes, panel, unit)
    axes.set(xscale="log", yscale="log")
    _label(axes, panel, small=small)


def _draw_target(axes: Any, panel: Panel, unit: float) -> None:
    said, target = panel.prediction, panel.split.target
    if said is not None and said.interval.defined:
        ends = [[said.value - said.interval.low], [said.interval.high - said.value]]
        axes.errorbar(
            said.compute_flops / unit, said.value, ends, color=FITTED, marker="_", markersize=9, capsize=4,
            linestyle="none", label="forecast",
        )  # fmt: skip
    if _has_outcome(panel) and target is not None:
        axes.plot(
            target.compute_flops / unit, target.value, "D", color=TARGET, markersize=7, zorder=5, label=target.model
        )


def _label(axes: Any, panel: Panel, *, small: bool) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    ladder, law = panel.fit.ladder, panel.fit.law
    unit = f" ({ladder.unit})" if ladder.unit else ""
    x = "training compute, FLOPs" if panel.split.target_compute_flops is None else "compute / target's compute"
    axes.set_xlabel(x)
    axes.set_ylabel(textwrap.fill(f"{ladder.quantity}{unit}", 30 if small else 48))
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 8 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.minorticks_off()
    numbers = ", ".join(f"{name} = {number(value)}" for name, value in law.parameters.items())
    if small:
        axes.set_title(f"{panel.name}, {_n_problems(panel)}\n{numbers}", fontsize=9)
    else:
        axes.annotate(numbers, (0.98, 0.97), xycoords="axes fraction", ha="right", va="top", fontsize=9)
        axes.legend(loc="lower left", frameon=False, fontsize=9)
    if hasattr(law, "pass_rate"):
        _second_axis(axes)
    tidy(axes)


def _second_axis(axes: Any) -> None:
    """The geometric mean of the pass rates, exp(-y), on the right."""
    import numpy as np
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    right = axes.secondary_yaxis("right", functions=(lambda y: np.exp(-y), lambda p: -np.log(np.clip(p, 1e-300, None))))
    low, high = axes.get_ylim()
    wanted = [0.999, 0.99, 0.95, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5, 1e-6]
    right.yaxis.set_major_locator(FixedLocator([p for p in wanted if math.exp(-high) <= p <= math.exp(-low)]))
    right.yaxis.set_minor_locator(NullLocator())
    right.yaxis.set_major_formatter(FuncFormatter(lambda p, _: f"{p:g}"))
    right.set_ylabel("pass rate, geometric mean", fontsize=8)
    right.tick_params(labelsize=8)
