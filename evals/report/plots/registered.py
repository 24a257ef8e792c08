"""The list of all plots. A new plot needs one line here (docs/adding-a-plot.md)."""

from __future__ import annotations

from evals.report.plots import calibration, exams
from evals.report.plots.kinds import PlotKind

PLOTS: tuple[PlotKind, ...] = (calibration.KIND, exams.KIND)
from evals.report.plots import calibration, inverse, scaling

PLOTS: tuple[PlotKind, ...] = (calibration.KIND, scaling.KIND, inverse.KIND)
