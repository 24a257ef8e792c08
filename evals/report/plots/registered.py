"""The list of all plots. A new plot needs one line here (docs/adding-a-plot.md)."""

from __future__ import annotations

from evals.report.plots import calibration, exams, groups, inverse, scaling
from evals.report.plots.kinds import PlotKind

PLOTS: tuple[PlotKind, ...] = (calibration.KIND, exams.KIND, scaling.KIND, inverse.KIND, groups.KIND)
